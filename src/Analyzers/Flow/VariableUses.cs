using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// Where a member names one of its locals or parameters. Read from the operations, which the compiler has at hand when a
/// rule is asked.
/// </summary>
internal static class VariableUses
{
    /// <summary>The names, in source order.</summary>
    public static List<IdentifierNameSyntax> Of(ISymbol variable, SyntaxNode member, SemanticModel model, CancellationToken cancellation)
    {
        var uses = new List<IdentifierNameSyntax>();
        if (model.GetOperation(member, cancellation) is { } body)
        {
            AddFrom(body, variable, uses, model, cancellation);
        }
        else
        {
            AddFrom(member, variable, uses, model, cancellation);
        }

        uses.Sort(static (left, right) => left.SpanStart.CompareTo(right.SpanStart));
        return uses;
    }

    private static void AddFrom(
        IOperation body,
        ISymbol variable,
        List<IdentifierNameSyntax> uses,
        SemanticModel model,
        CancellationToken cancellation
    )
    {
        foreach (IOperation operation in body.DescendantsAndSelf())
        {
            ISymbol? named = operation.Kind switch
            {
                OperationKind.LocalReference => ((ILocalReferenceOperation)operation).Local,
                OperationKind.ParameterReference => ((IParameterReferenceOperation)operation).Parameter,
                _ => null,
            };
            if (named is not null)
            {
                if (
                    operation.Syntax is IdentifierNameSyntax name
                    && SymbolEqualityComparer.Default.Equals(named, variable)
                    && !uses.Contains(name)
                )
                {
                    uses.Add(name);
                }
            }
            else if (operation.Kind == OperationKind.None)
            {
                // What has no operation of its own, such as a collection expression to the oldest compiler, may hide what is
                // inside.
                AddFrom(operation.Syntax, variable, uses, model, cancellation);
            }
        }
    }

    private static void AddFrom(
        SyntaxNode node,
        ISymbol variable,
        List<IdentifierNameSyntax> uses,
        SemanticModel model,
        CancellationToken cancellation
    )
    {
        foreach (SyntaxNode descendant in node.DescendantNodes())
        {
            if (
                descendant is IdentifierNameSyntax name
                && name.Identifier.ValueText == variable.Name
                && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(name, cancellation).Symbol, variable)
                && !uses.Contains(name)
            )
            {
                uses.Add(name);
            }
        }
    }
}
