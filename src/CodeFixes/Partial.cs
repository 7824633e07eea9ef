using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>The modifier partial, which comes last.</summary>
internal static class Partial
{
    public static bool Is(TypeDeclarationSyntax declaration) => declaration.Modifiers.Any(SyntaxKind.PartialKeyword);

    public static TypeDeclarationSyntax Make(TypeDeclarationSyntax declaration)
    {
        if (Is(declaration))
        {
            return declaration;
        }

        SyntaxToken partial = SyntaxFactory.Token(SyntaxKind.PartialKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        if (declaration.Modifiers.Count > 0)
        {
            return declaration.WithModifiers(declaration.Modifiers.Add(partial));
        }

        SyntaxToken keyword = declaration.Keyword;
        return ((TypeDeclarationSyntax)declaration.ReplaceToken(keyword, keyword.WithLeadingTrivia())).WithModifiers(
            SyntaxFactory.TokenList(partial.WithLeadingTrivia(keyword.LeadingTrivia))
        );
    }
}
