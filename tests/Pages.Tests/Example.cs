using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Pages.Tests;

/// <summary>A program of a page: one block of C#, or several that go on with it, after the page's setup.</summary>
/// <param name="Page">The page's path in the repository.</param>
/// <param name="Parts">The setup, if any, and the blocks.</param>
/// <param name="Output">What the page says that it prints; null if it says nothing.</param>
public sealed record Example(string Page, IReadOnlyList<Block> Parts, string? Output)
{
    public int Line => Parts.First(part => part.Language != Pages.Tests.Page.Setup).Line;

    /// <summary>The examples of a page, but those that belong to the files of a walk.</summary>
    public static IEnumerable<Example> Of(Page page)
    {
        var examples = new List<Example>();
        Block? setup = null;
        Block? last = null;
        foreach (Block block in page.Blocks)
        {
            switch (block)
            {
                case { Language: Pages.Tests.Page.Setup }:
                    setup = block;
                    break;
                case { Language: "csharp", Directive: "goes on" }:
                    examples[^1] = examples[^1] with { Parts = [.. examples[^1].Parts, block] };
                    break;
                case { Language: "csharp", Directive: "" }:
                    examples.Add(new Example(page.Name, setup is null ? [block] : [setup, block], null));
                    break;
                case { Language: "text", Directive: "output" } when last is { Language: "csharp" }:
                    examples[^1] = examples[^1] with { Output = examples[^1].Output + block.Text };
                    break;
            }

            last = block;
        }

        return examples;
    }

    /// <summary>The lines of the page on which a comment names a rule that warns there.</summary>
    public IEnumerable<string> MarkedWarnings() =>
        from part in Parts
        from line in part.Text.Split('\n').Select((text, index) => (Text: text, Number: part.Line + index))
        from System.Text.RegularExpressions.Match mark in System.Text.RegularExpressions.Regex.Matches(line.Text, "//.*(CG[0-9]{4})")
        select $"{mark.Groups[1].Value} in line {line.Number}";

    /// <summary>
    /// One source file: the usings of all parts, then their statements, then their types. A type that a later part declares
    /// again replaces the earlier one. Lines are mapped to those of the page.
    /// </summary>
    public string Source()
    {
        var usings = new StringBuilder();
        var attributes = new StringBuilder();
        var statements = new StringBuilder();
        var types = new Dictionary<string, string>();
        foreach (Block part in Parts)
        {
            CompilationUnitSyntax unit = SyntaxFactory.ParseCompilationUnit(part.Text, options: Compiler.Options);
            foreach (UsingDirectiveSyntax directive in unit.Usings)
            {
                usings.Append(At(part, directive));
            }

            foreach (AttributeListSyntax attribute in unit.AttributeLists)
            {
                attributes.Append(At(part, attribute));
            }

            foreach (MemberDeclarationSyntax member in unit.Members)
            {
                if (member is GlobalStatementSyntax)
                {
                    statements.Append(At(part, member));
                }
                else
                {
                    string name = member is BaseTypeDeclarationSyntax type ? type.Identifier.Text : member.ToString();
                    types[name] = At(part, member);
                }
            }

            // What the parser did not understand is left for the compiler to report.
            if (unit.EndOfFileToken.LeadingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.SkippedTokensTrivia)))
            {
                statements.Append(unit.EndOfFileToken.ToFullString());
            }
        }

        return $"{usings}{attributes}{statements}{string.Concat(types.Values)}";
    }

    private string At(Block part, SyntaxNode node)
    {
        int line = part.Line + part.Text.AsSpan(0, node.FullSpan.Start).Count('\n');
        return $"#line {line} \"{Page}\"\n{node.ToFullString()}\n";
    }

    public override string ToString() => $"{Page}:{Line}";
}
