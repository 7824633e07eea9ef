using ChannelGen.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Where variables may be named, and what runs more than once.</summary>
internal static class Scopes
{
    /// <summary>Whether a use lies where a variable is still declared, and not disposed by a using that has ended.</summary>
    public static bool IsInScope(ISymbol variable, SyntaxNode use, ValueContext context)
    {
        if (variable is IParameterSymbol)
        {
            return true;
        }

        SyntaxNode? scope = variable
            .DeclaringSyntaxReferences.FirstOrDefault()
            ?.GetSyntax(context.Cancellation)
            .Ancestors()
            .FirstOrDefault(static ancestor =>
                ancestor
                    is BlockSyntax
                        or SwitchSectionSyntax
                        or CommonForEachStatementSyntax
                        or ForStatementSyntax
                        or UsingStatementSyntax
                        or CompilationUnitSyntax
                        or MemberDeclarationSyntax
                        and not GlobalStatementSyntax
            );
        return scope is not null && scope.Span.Contains(use.Span);
    }

    /// <summary>
    /// Whether the value that a variable got at one place comes round to the other: the variable is older than a loop around
    /// both.
    /// </summary>
    public static bool ShareLoop(SyntaxNode one, SyntaxNode other, ISymbol variable, ValueContext context)
    {
        SyntaxNode? declaration = variable.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(context.Cancellation);
        return one.Ancestors()
            .Any(ancestor =>
                IsLoop(ancestor) && ancestor.Span.Contains(other.Span) && (declaration is null || !ancestor.Span.Contains(declaration.Span))
            );
    }

    public static bool ShareLoop(SyntaxNode one, SyntaxNode other) =>
        one.Ancestors().Any(ancestor => IsLoop(ancestor) && ancestor.Span.Contains(other.Span));

    private static bool IsLoop(SyntaxNode node) =>
        node is ForStatementSyntax or CommonForEachStatementSyntax or WhileStatementSyntax or DoStatementSyntax;
}
