using System.Text.RegularExpressions;

namespace ChannelGen.Pages.Tests;

/// <summary>What a page says that a program or a command prints. Three dots stand for what differs from run to run.</summary>
internal static class ExpectedOutput
{
    /// <summary>Line for line, and nothing else.</summary>
    public static void AssertIs(string expected, string found, string where)
    {
        string[] wanted = Lines(expected);
        string[] lines = Lines(found);
        Assert.True(
            wanted.Length == lines.Length && wanted.Zip(lines).All(pair => Matches(pair.First, pair.Second)),
            $"{where}: the page shows\n{expected}\nand this was printed:\n{found}"
        );
    }

    /// <summary>Each of the lines, in this order, among others.</summary>
    public static void AssertIn(string expected, string found, string where)
    {
        var rest = new Queue<string>(Lines(found));
        foreach (string wanted in Lines(expected))
        {
            while (rest.TryDequeue(out string? line) && !Matches(wanted, line))
            {
                Assert.True(rest.Count > 0, $"{where}: the page shows\n{wanted}\nwhich is not in what was printed:\n{found}");
            }
        }
    }

    private static string[] Lines(string text) =>
        [.. text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    private static bool Matches(string wanted, string line) =>
        Regex.IsMatch(line, $"^{Regex.Escape(wanted).Replace(@"\.\.\.", ".*", StringComparison.Ordinal)}$");
}
