using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacking;

/// <summary>Where a stacked tensor goes.</summary>
internal static class StackUses
{
    private const int MaximumDepth = 8;

    /// <summary>Whether it is for display, a mask, a grid, an index or labels only: then no network sees it.</summary>
    public static bool AreAside(IOperation stacked, ValueContext context) => AreAside(stacked, context, MaximumDepth);

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
                case IInvocationOperation invocation when invocation.Instance == use && TensorMethods.KeepShape.Contains(invocation.TargetMethod.Name) && context.Symbols.IsTensor(invocation.Type):
                    use = invocation;
                    continue;
                case IArgumentOperation { Parameter: { } parameter, Parent: IInvocationOperation call }:
                    return IsAside(call, parameter, context);
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
        return history.Escapes.Count == 0
            && history.Reads.Count > 0
            && history.Reads.Where(static read => !IsDisposal(read)).All(read => context.Operation(read) is { } operation && AreAside(operation, context, depth - 1));
    }

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

        if (TorchSymbols.Is(method.ContainingType, symbols.VisionUtils)
            || (TorchSymbols.Is(method.ContainingType, symbols.ImageIO) && (method.Name.StartsWith("write_", StringComparison.Ordinal) || method.Name.StartsWith("encode_", StringComparison.Ordinal))))
        {
            return true;
        }

        if (parameter.Name is "mask" or "condition" or "index" or "indices" or "grid" or "target" or "targets")
        {
            return true;
        }

        // loss.forward(prediction, target)
        return parameter.Ordinal > 0 && method.Name is "forward" or "call" && IsLoss(call.Instance?.Type);
    }

    private static bool IsLoss(ITypeSymbol? type)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current is { Name: "Loss" } && current.ContainingNamespace?.Name is "Modules" or "TorchSharp")
            {
                return true;
            }
        }

        return false;
    }
}
