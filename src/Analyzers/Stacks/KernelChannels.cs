using System.Globalization;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>A kernel of one channel that is made of the three channels of another: their sum, each with its factor.</summary>
/// <param name="Weight">The kernel of three channels.</param>
/// <param name="Factors">How much of each channel is in it.</param>
/// <param name="HasChannel">Whether it still has a dimension of channels, of size one.</param>
internal sealed record KernelChannels(IOperation Weight, double[] Factors, bool HasChannel)
{
    private const int MaximumDepth = 12;

    /// <summary>What torchvision's rgb_to_grayscale takes of each channel.</summary>
    private static readonly double[] Luma = [0.2989, 0.587, 0.114];

    /// <summary>The methods of which such a kernel can be made.</summary>
    public static bool IsStep(string method) =>
        method
            is "mean"
                or "sum"
                or "narrow"
                or "slice"
                or "select"
                or "unsqueeze"
                or "rgb_to_grayscale"
                or "add"
                or "mul"
                or "multiply"
                or "div"
                or "divide"
                or "true_divide";

    /// <summary>Null if an expression is no such kernel, or not known to be one.</summary>
    public static KernelChannels? Of(IOperation operation, ValueContext context) => Of(operation, context, MaximumDepth);

    private static KernelChannels? Of(IOperation operation, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return null;
        }

        return operation.Unwrap() switch
        {
            ILocalReferenceOperation { Local: var local } reference
                when local.IsMadeBy(IsStep, context.Cancellation)
                    && context.History(local, reference.Syntax).Mutations.Count == 0
                    && context.Definition(local, reference.Syntax).Value is { } value
                    && context.Operation(value) is { } written => Of(written, context, depth - 1),
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Add } sum => Sum(sum.LeftOperand, sum.RightOperand, context, depth),
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Multiply } product => Scaled(
                product.LeftOperand,
                product.RightOperand,
                isDivided: false,
                context,
                depth
            ) ?? Scaled(product.RightOperand, product.LeftOperand, isDivided: false, context, depth),
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Divide } quotient => Scaled(
                quotient.LeftOperand,
                quotient.RightOperand,
                isDivided: true,
                context,
                depth
            ),
            IPropertyReferenceOperation { Property.IsIndexer: true, Instance: { } whole } part when IsColor(whole, context) =>
                Indexed(whole, [.. Indices(part)]),
            IInvocationOperation call when context.Symbols.IsOfTorch(call.TargetMethod) => OfCall(call, context, depth),
            _ => null,
        };
    }

    private static KernelChannels? OfCall(IInvocationOperation call, ValueContext context, int depth)
    {
        if (call.Subject() is not { } subject)
        {
            return null;
        }

        switch (call.TargetMethod.Name)
        {
            case "sum" or "mean" when Integers.Constants(Integers.Arguments(call, context), context) is [1 or -3]:
                double share = call.TargetMethod.Name == "sum" ? 1 : 1 / 3.0;
                return Weighted(subject, context) is var (weight, factors)
                    ? new KernelChannels(weight, [.. factors.Select(factor => factor * share)], call.Flag("keepdim"))
                    : null;
            case "rgb_to_grayscale"
                when call.Argument("num_output_channels").Constant() is 1 or null && IsColor(subject, context):
                return new KernelChannels(subject, Luma, HasChannel: true);
            case "narrow" or "slice" or "select" when IsColor(subject, context):
                return Picked(call, subject);
            case "unsqueeze" when call.Argument("dim").Constant() == 1:
                return Of(subject, context, depth - 1) is { HasChannel: false } without ? without with { HasChannel = true } : null;
            case "add" when call.Arguments is [var other, ..]:
                return Sum(subject, other.Value, context, depth);
            case "mul" or "multiply" when call.Arguments is [.., var factor]:
                return Scaled(subject, factor.Value, isDivided: false, context, depth);
            case "div" or "divide" or "true_divide" when call.Arguments is [var divisor, ..]:
                return Scaled(subject, divisor.Value, isDivided: true, context, depth);
            default:
                return context.Symbols.Does(call.TargetMethod, Effect.Moves) ? Of(subject, context, depth - 1) : null;
        }
    }

    /// <summary>The kernel of color itself, or with a factor for each channel that is written out.</summary>
    private static (IOperation Weight, double[] Factors)? Weighted(IOperation operation, ValueContext context)
    {
        operation = operation.Unwrap();
        (IOperation? left, IOperation? right) = operation switch
        {
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Multiply } product => (product.LeftOperand, product.RightOperand),
            IInvocationOperation { TargetMethod.Name: "mul" or "multiply", Instance: { } instance, Arguments: [var factor] } => (
                instance,
                factor.Value
            ),
            _ => ((IOperation?)null, (IOperation?)null),
        };
        return left is null || right is null
                ? IsColor(operation, context)
                    ? (operation, [1, 1, 1])
                    : null
            : IsColor(left, context) && FactorsOf(right, context) is { } after ? (left, after)
            : IsColor(right, context) && FactorsOf(left, context) is { } before ? (right, before)
            : null;
    }

    private static double[]? FactorsOf(IOperation tensor, ValueContext context) =>
        context.Elements(ChannelNumbers.ListOf(tensor, context)) is { Count: 3 } numbers
        && numbers.Select(Number).ToArray() is var factors
        && factors.All(static factor => factor is not null)
            ? [.. factors.Select(static factor => factor!.Value)]
            : null;

    /// <summary>A kernel, and not of a layer that is made for another number of channels, as far as that is in sight.</summary>
    private static bool IsColor(IOperation weight, ValueContext context) =>
        Kernels.IsKernel(weight, context) && Kernels.ChannelsOf(weight, context) is (null or 3);

    private static KernelChannels? Sum(IOperation left, IOperation right, ValueContext context, int depth) =>
        Of(left, context, depth - 1) is { } one
        && Of(right, context, depth - 1) is { } other
        && one.HasChannel == other.HasChannel
        && SyntaxFactory.AreEquivalent(one.Weight.Syntax, other.Weight.Syntax)
            ? one with
            {
                Factors = [.. one.Factors.Zip(other.Factors, static (first, second) => first + second)],
            }
            : null;

    private static KernelChannels? Scaled(IOperation kernel, IOperation factor, bool isDivided, ValueContext context, int depth)
    {
        if (Of(kernel, context, depth - 1) is not { } made)
        {
            return null;
        }

        double? number = Number(factor) ?? (IsNumberOfChannels(factor) ? 3 : null);
        return number is { } known
            ? made with
            {
                Factors = [.. made.Factors.Select(one => isDivided ? one / known : one * known)],
            }
            : null;
    }

    /// <summary>weight.shape[1], weight.size(1), conv.in_channels.</summary>
    private static bool IsNumberOfChannels(IOperation factor) =>
        Inner(factor) switch
        {
            IArrayElementReferenceOperation
            {
                ArrayReference: IPropertyReferenceOperation { Property.Name: "shape" },
                Indices: [var index]
            } => index.Constant() == 1,
            IInvocationOperation { TargetMethod.Name: "size", Arguments: [var dimension] } => dimension.Value.Constant() == 1,
            IPropertyReferenceOperation { Property.Name: "in_channels" } => true,
            _ => false,
        };

    private static KernelChannels? Picked(IInvocationOperation call, IOperation weight)
    {
        if (call.Argument("dim").Constant() != 1)
        {
            return null;
        }

        long? channel = call.TargetMethod.Name switch
        {
            "narrow" when call.Argument("length").Constant() == 1 => call.Argument("start").Constant(),
            "slice" when call.Argument("finish").Constant() == call.Argument("start").Constant() + 1 => call.Argument("start").Constant(),
            "select" => call.Argument("index").Constant(),
            _ => null,
        };
        return One(weight, channel, call.TargetMethod.Name != "select");
    }

    /// <summary>weight[.., 0..1], which keeps the dimension, and weight[.., 0], which does not.</summary>
    private static KernelChannels? Indexed(IOperation weight, IOperation[] indices)
    {
        if (indices.Length < 2 || indices.Where((_, place) => place != 1).Any(static index => !IsWhole(index)))
        {
            return null;
        }

        (IOperation? start, IOperation? end) = indices[1] switch
        {
            IRangeOperation range => (range.LeftOperand, range.RightOperand),
            IInvocationOperation { TargetMethod.Name: "Slice" } slice => (slice.Argument("start"), slice.Argument("stop")),
            _ => ((IOperation?)null, (IOperation?)null),
        };
        if (end is not null)
        {
            long? first = start is null || Inner(start) is { ConstantValue: { HasValue: true, Value: null } } ? 0 : Whole(start);
            return Whole(end) == first + 1 ? One(weight, first, hasChannel: true) : null;
        }

        IOperation? single = indices[1] is IInvocationOperation { TargetMethod.Name: "Single", Arguments: [var picked] }
            ? picked.Value
            : indices[1];
        return One(weight, Whole(single), hasChannel: false);
    }

    private static KernelChannels? One(IOperation weight, long? channel, bool hasChannel) =>
        channel is >= 0 and < 3
            ? new KernelChannels(weight, [.. Enumerable.Range(0, 3).Select(index => index == channel ? 1.0 : 0)], hasChannel)
            : null;

    private static bool IsWhole(IOperation index) =>
        index
            is IRangeOperation { LeftOperand: null, RightOperand: null }
                or IFieldReferenceOperation { Field.Name: "Colon" or "Ellipsis" }
                or IPropertyReferenceOperation { Property.Name: "Colon" or "Ellipsis" };

    /// <summary>What stands between the brackets, before it is made an index of a tensor.</summary>
    private static IEnumerable<IOperation> Indices(IPropertyReferenceOperation indexer) =>
        from argument in indexer.Arguments
        from value in argument.Value is IArrayCreationOperation { IsImplicit: true, Initializer: { } initializer }
            ? initializer.ElementValues.AsEnumerable()
            : [argument.Value]
        select Inner(value);

    private static long? Whole(IOperation operation) => Inner(operation).Constant();

    private static double? Number(IOperation operation) =>
        Inner(operation).ConstantValue is { HasValue: true, Value: int or long or float or double } constant
            ? Convert.ToDouble(constant.Value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>A number as it is written, before it is made a Scalar, an Index or an index of a tensor.</summary>
    private static IOperation Inner(IOperation operation)
    {
        operation = operation.Unwrap();
        while (operation is IConversionOperation conversion)
        {
            operation = conversion.Operand.Unwrap();
        }

        return operation;
    }
}
