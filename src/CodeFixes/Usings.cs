using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Puts "using ChannelGen;" where it sorts among the others.</summary>
internal static class Usings
{
    public static CompilationUnitSyntax AddChannelGen(CompilationUnitSyntax root)
    {
        if (root.Usings.Any(static directive => directive.Name?.ToString() == "ChannelGen" && directive.Alias is null))
        {
            return root;
        }

        string newline = root.DescendantTrivia().FirstOrDefault(static trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)).ToString()
            is { Length: > 0 } found
            ? found
            : "\n";
        UsingDirectiveSyntax directive = SyntaxFactory
            .UsingDirective(SyntaxFactory.ParseName("ChannelGen").WithLeadingTrivia(SyntaxFactory.Space))
            .WithTrailingTrivia(SyntaxFactory.EndOfLine(newline));

        if (root.Usings.Count == 0)
        {
            // What stands above the first member, such as the file's header, stays above it.
            return root.WithUsings(SyntaxFactory.SingletonList(directive));
        }

        int position = 0;
        while (position < root.Usings.Count && SortsBefore(root.Usings[position]))
        {
            position++;
        }

        if (position == 0)
        {
            // The file's header belongs to what comes first.
            directive = directive.WithLeadingTrivia(root.Usings[0].GetLeadingTrivia());
            root = root.ReplaceNode(root.Usings[0], root.Usings[0].WithLeadingTrivia());
        }

        return root.WithUsings(root.Usings.Insert(position, directive));
    }

    private static bool SortsBefore(UsingDirectiveSyntax directive)
    {
        if (directive.Alias is not null || !directive.StaticKeyword.IsKind(SyntaxKind.None))
        {
            return false;
        }

        string name = directive.Name?.ToString() ?? "";
        return !directive.GlobalKeyword.IsKind(SyntaxKind.None)
            || name == "System"
            || name.StartsWith("System.", StringComparison.Ordinal)
            || string.CompareOrdinal(name, "ChannelGen") < 0;
    }
}
