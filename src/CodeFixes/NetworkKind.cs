using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Whether a module can be a network that convolves its image. A loss, an activation or a network of linear layers cannot; what
/// is only known as Module&lt;Tensor, Tensor&gt; can, and one of several tensors may as well be a loss.
/// </summary>
internal static class NetworkKind
{
    private const int MaximumDepth = 6;

    public static bool MayConvolve(ExpressionSyntax? receiver, ITypeSymbol type, ValueContext context)
    {
        IInvocationOperation? creation =
            receiver is not null && context.Operation(receiver) is { } operation ? Layers.Creation(operation, context) : null;
        if (creation is not null && creation.Type is { } made)
        {
            return !IsKnownWithout(creation, made, context, MaximumDepth);
        }

        if (receiver is not null && context.Operation(receiver.Bare()) is { } held && Layers.Class(held, context) is { } created)
        {
            type = created;
        }

        if (context.Symbols.TypedModule(type) is { } typed && SymbolEqualityComparer.Default.Equals(typed, type))
        {
            return typed.TypeArguments.Length == 2;
        }

        return !Convolutions(context).AreAbsent(type);
    }

    private static bool IsKnownWithout(IInvocationOperation creation, ITypeSymbol made, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return false;
        }

        if (creation.TargetMethod.Name != "Sequential")
        {
            return context.Symbols.IsModule(made) && Convolutions(context).AreAbsent(made);
        }

        if (creation.Arguments.Length == 0 || Sequences.Elements(creation.Arguments[0].Value, context) is not { Count: > 0 } parts)
        {
            return false;
        }

        return parts.All(part =>
        {
            IOperation layer = part.Unwrap() is ITupleOperation { Elements: [_, var named] } ? named.Unwrap() : part.Unwrap();
            return Layers.Creation(layer, context) is { Type: { } type } inner
                ? IsKnownWithout(inner, type, context, depth - 1)
                : layer is IObjectCreationOperation { Type: { } created } && Convolutions(context).AreAbsent(created);
        });
    }

    private static ConvolutionSearch Convolutions(ValueContext context) =>
        new(context.Model.Compilation, context.Symbols, context.Cancellation);
}
