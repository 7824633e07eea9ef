using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Values;

/// <summary>
/// Where a member names each of its locals and parameters, in source order. Read once for all of them, from the operations,
/// which the compiler has at hand when a rule is asked.
/// </summary>
internal sealed class VariableUses
{
    private readonly Dictionary<ISymbol, List<IdentifierNameSyntax>> uses = new(SymbolEqualityComparer.Default);

    private VariableUses()
    {
    }

    public IReadOnlyList<IdentifierNameSyntax> Of(ISymbol variable) => uses.TryGetValue(variable, out List<IdentifierNameSyntax>? found) ? found : [];

    public static VariableUses In(SyntaxNode member, SemanticModel model, CancellationToken cancellation)
    {
        var found = new VariableUses();
        if (model.GetOperation(member, cancellation) is { } body)
        {
            found.Add(body, model, cancellation);
        }
        else
        {
            found.Add(member, model, cancellation);
        }

        foreach (List<IdentifierNameSyntax> list in found.uses.Values)
        {
            list.Sort(static (left, right) => left.SpanStart.CompareTo(right.SpanStart));
        }

        return found;
    }

    private void Add(IOperation body, SemanticModel model, CancellationToken cancellation)
    {
        foreach (IOperation operation in body.DescendantsAndSelf())
        {
            switch (operation)
            {
                case ILocalReferenceOperation { Syntax: IdentifierNameSyntax name } local:
                    Add(local.Local, name);
                    break;
                case IParameterReferenceOperation { Syntax: IdentifierNameSyntax name } parameter:
                    Add(parameter.Parameter, name);
                    break;
                case { Kind: OperationKind.None, Syntax: not IdentifierNameSyntax }:
                    // What has no operation of its own, such as a collection expression to the oldest compiler, may hide what
                    // is inside.
                    Add(operation.Syntax, model, cancellation);
                    break;
            }
        }
    }

    private void Add(SyntaxNode node, SemanticModel model, CancellationToken cancellation)
    {
        foreach (SyntaxNode descendant in node.DescendantNodes())
        {
            if (descendant is IdentifierNameSyntax name && model.GetSymbolInfo(name, cancellation).Symbol is ILocalSymbol or IParameterSymbol)
            {
                Add(model.GetSymbolInfo(name, cancellation).Symbol!, name);
            }
        }
    }

    private void Add(ISymbol variable, IdentifierNameSyntax name)
    {
        if (!uses.TryGetValue(variable, out List<IdentifierNameSyntax>? list))
        {
            uses.Add(variable, list = []);
        }

        if (!list.Contains(name))
        {
            list.Add(name);
        }
    }
}
