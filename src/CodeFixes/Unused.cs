using ChannelGen.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Local declarations that only what is taken out refers to: the array of the parts, the number of channels.</summary>
internal static class Unused
{
    public static void Remove(SyntaxNode gone, SourceChange change, ValueContext context)
    {
        var open = new Queue<SyntaxNode>([gone]);
        var all = new List<SyntaxNode> { gone };
        while (open.Count > 0)
        {
            foreach (IdentifierNameSyntax identifier in open.Dequeue().DescendantNodesAndSelf().OfType<IdentifierNameSyntax>())
            {
                if (
                    context.Model.GetSymbolInfo(identifier, context.Cancellation).Symbol is not ILocalSymbol local
                    || local.DeclaringSyntaxReferences.Length != 1
                    || local.DeclaringSyntaxReferences[0].GetSyntax(context.Cancellation)
                        is not VariableDeclaratorSyntax
                        {
                            Initializer.Value: { } value,
                            Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax declaration },
                        }
                    || change.IsRemoved(declaration)
                    || !declaration.UsingKeyword.IsKind(SyntaxKind.None)
                    || !OnlyNames(value, context)
                )
                {
                    continue;
                }

                VariableHistory history = context.History(local, identifier);
                bool isUnused =
                    history.Writes.Count == 1
                    && history.Mutations.Count == 0
                    && history.Escapes.Count == 0
                    && history.Reads.All(read => all.Any(node => node.Span.Contains(read.Span)));

                // The gray tensor itself is still used.
                if (isUnused && !context.Symbols.IsTensor(local.Type))
                {
                    change.Remove(declaration);
                    all.Add(declaration);
                    open.Enqueue(value);
                }
            }
        }
    }

    /// <summary>Whether an expression does nothing but name values.</summary>
    private static bool OnlyNames(ExpressionSyntax value, ValueContext context) =>
        PureCondition.Is(value, context)
        || !value
            .DescendantNodesAndSelf()
            .Any(static node =>
                node is InvocationExpressionSyntax
                {
                    Expression: not MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Repeat" or "ToArray" or "ToList" }
                }
                        or AssignmentExpressionSyntax
                        or AwaitExpressionSyntax
            );
}
