using System.Reflection;

namespace ChannelGen.Pages.Tests;

/// <summary>
/// A part of a page that a test reads: a fenced block, or a comment that says what stands before the examples that follow it.
/// </summary>
/// <param name="Language">What stands behind the fence, or <see cref="Page.Setup"/>.</param>
/// <param name="Text">The lines between the fences, or of the comment.</param>
/// <param name="Line">The number of the first of these lines, from 1.</param>
/// <param name="Directive">The comment on the line before the fence, without its marks; empty if there is none.</param>
public sealed record Block(string Language, string Text, int Line, string Directive);

/// <summary>
/// A page of the documentation. Comments, which a reader does not see, tell the tests about a block: <c>goes on</c> (it
/// continues the example before), <c>output</c> (what the example or the command before prints), <c>file: NAME</c> and
/// <c>add to: NAME</c> (a file of the walk), <c>now in: NAME</c> (what the file holds by then), <c>message</c> (an error's text).
/// </summary>
public sealed class Page
{
    /// <summary>The language of a comment that begins with this word: code before each example that follows it.</summary>
    public const string Setup = "setup";

    private Page(string name, IReadOnlyList<Block> blocks, string text)
    {
        Name = name;
        Blocks = blocks;
        Text = text;
    }

    /// <summary>Its path in the repository.</summary>
    public string Name { get; }

    public string Text { get; }

    public IReadOnlyList<Block> Blocks { get; }

    public static string Root { get; } =
        typeof(Page)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;

    /// <summary>The README and all that is in docs, but the generated pages of the API.</summary>
    public static IEnumerable<Page> All() =>
        Directory
            .GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Root, "README.md"))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(name => !name.StartsWith("docs/api/ChannelGen", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Read);

    public static Page Read(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root, name));
        var blocks = new List<Block>();
        for (int line = 0; line < lines.Length; line++)
        {
            string directive = "";
            if (lines[line].StartsWith("<!-- " + Setup, StringComparison.Ordinal))
            {
                int end = Array.FindIndex(lines, line, text => text == "-->");
                blocks.Add(new Block(Setup, Lines(line + 1, end), line + 2, ""));
                line = end;
                continue;
            }

            if (!lines[line].StartsWith("```", StringComparison.Ordinal))
            {
                continue;
            }

            if (line > 0 && lines[line - 1] is ['<', '!', '-', '-', ' ', .. string comment, ' ', '-', '-', '>'])
            {
                directive = comment;
            }

            int last = Array.FindIndex(lines, line + 1, text => text == "```");
            Assert.True(last > 0, $"{name}({line + 1}): the fence is not closed.");
            blocks.Add(new Block(lines[line][3..], Lines(line + 1, last), line + 2, directive));
            line = last;
        }

        return new Page(name, blocks, string.Join('\n', lines));

        string Lines(int from, int to) => string.Concat(lines[from..to].Select(text => text + "\n"));
    }
}
