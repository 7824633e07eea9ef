using ChannelGen.Package.Tests;

namespace ChannelGen.Pages.Tests;

/// <summary>Follows a page from top to bottom, to the letter: writes its files, runs its commands, and compares what they print.</summary>
internal static class Walk
{
    /// <param name="page">The page.</param>
    /// <param name="folder">Where its reader stands.</param>
    /// <param name="run">Runs a command in that folder.</param>
    public static void Of(Page page, string folder, Func<string, Result> run)
    {
        Result? last = null;
        foreach (Block block in page.Blocks)
        {
            string where = $"{page.Name}:{block.Line}";
            if (block.Language == "csharp")
            {
                last = null; // an output that follows is the example's
            }

            switch (block.Directive.Split(": "))
            {
                case ["file", string name]:
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
                    File.WriteAllText(Path.Combine(folder, name), block.Text);
                    break;
                case ["add to", string name]:
                    File.AppendAllText(Path.Combine(folder, name), block.Text);
                    break;
                case ["now in", string name]:
                    string written = File.ReadAllText(Path.Combine(folder, name));
                    Assert.Contains(block.Text, written.Replace("\r\n", "\n", StringComparison.Ordinal));
                    break;
                case ["output"] when last is not null:
                    ExpectedOutput.AssertIn(block.Text, last.Output, where);
                    break;
                case [""] when block.Language == "sh":
                    foreach (string command in Commands(block))
                    {
                        last = run(command);
                    }

                    break;
            }
        }
    }

    /// <summary>The commands of a block, without comments.</summary>
    public static IEnumerable<string> Commands(Block block) =>
        block.Text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#');
}
