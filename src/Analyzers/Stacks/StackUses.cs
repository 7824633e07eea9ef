using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>Where a stacked tensor goes.</summary>
internal static class StackUses
{
    private const int MaximumDepth = 8;

    /// <summary>
    /// Whether it is for display, a mask, a grid, an index, labels or the weight of a layer only, or its channels are changed
    /// one by one: then no network sees three equal channels.
    /// </summary>
    public static bool AreAside(IOperation stacked, ValueContext context) =>
        AreAside(stacked, context, MaximumDepth) || Kernels.GoIntoLayerScaled(stacked, context);

    private static bool AreAside(IOperation stacked, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return false;
        }

        IOperation use = stacked;
        while (true)
        {
            switch (use.Parent)
            {
                case IConversionOperation or IParenthesizedOperation:
                    use = use.Parent;
                    continue;
                case IInvocationOperation invocation
                    when invocation.Instance == use
                        && context.Symbols.Does(invocation.TargetMethod, Effect.KeepsShape)
                        && context.Symbols.IsTensor(invocation.Type):
                    use = invocation;
                    continue;
                case IArgumentOperation { Parameter: { } parameter, Parent: IInvocationOperation call }:
                    return IsAside(call, parameter, context);
                case IArrayInitializerOperation { Parent: IArrayCreationOperation { IsImplicit: true } indices }:
                    use = indices;
                    continue;
                case IArgumentOperation { Parent: IPropertyReferenceOperation { Property.IsIndexer: true } indexer }:
                    return context.Symbols.IsTensor(indexer.Instance?.Type);
                case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                    return AreAllAside(declarator.Symbol, use.Syntax, context, depth);
                default:
                    return false;
            }
        }
    }

    private static bool AreAllAside(ILocalSymbol local, SyntaxNode from, ValueContext context, int depth)
    {
        VariableHistory history = context.History(local, from);
        IdentifierNameSyntax[] uses = [.. history.Reads.Where(static read => !IsDisposal(read))];
        return history.Mutations.Any(ChangesPart)
            || (
                history.Escapes.Count == 0
                && uses.Length > 0
                && uses.All(read => context.Operation(read) is { } operation && AreAside(operation, context, depth - 1))
            );
    }

    /// <summary>rgb[.., 0] = x; rgb[0].add_(x); rgb.select(1, 0).mul_(2); rgb.index_put_(...)</summary>
    private static bool ChangesPart(SyntaxNode mutation) =>
        mutation switch
        {
            ElementAccessExpressionSyntax => true,
            InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } => TorchApi.MayBe(
                member.Name.Identifier.ValueText,
                Effect.ChangesPart | Effect.IsPart
            ),
            _ => false,
        };

    private static bool IsDisposal(IdentifierNameSyntax read) =>
        read.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Dispose" or "shape" or "dtype" or "device" };

    private static bool IsAside(IInvocationOperation call, IParameterSymbol parameter, ValueContext context)
    {
        TorchSymbols symbols = context.Symbols;
        IMethodSymbol method = call.TargetMethod;
        if (!symbols.IsOfTorch(method))
        {
            return false;
        }

        if (
            TorchSymbols.Is(method.ContainingType, symbols.VisionUtils)
            || symbols.Does(method, Effect.WritesImage)
        )
        {
            return true;
        }

        if (
            parameter.Name
            is "mask"
                or "condition"
                or "index"
                or "indices"
                or "grid"
                or "target"
                or "targets"
                or "weight"
                or "bias"
                or "running_mean"
                or "running_var"
        )
        {
            return true;
        }

        // loss.forward(prediction, target)
        return parameter.Ordinal > 0 && method.Name is "forward" or "call" && IsLoss(call.Instance?.Type, symbols);
    }

    private static bool IsLoss(ITypeSymbol? type, TorchSymbols symbols)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current.Name == "Loss" && symbols.IsOwn(current))
            {
                return true;
            }
        }

        return false;
    }
}
