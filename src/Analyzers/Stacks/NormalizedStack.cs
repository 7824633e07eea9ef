using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>
/// Recognizes an operation that normalizes a stack with other numbers for each channel. Asked of the operation itself, not
/// from the stack on: an editor offers a fix only for what is reported where it is asked.
/// </summary>
internal static class NormalizedStack
{
    /// <summary>Whether a call could normalize at all; asked first, of every call, because it costs next to nothing.</summary>
    public static bool MayBe(IInvocationOperation call, TorchSymbols symbols) =>
        call.TargetMethod.Name switch
        {
            "normalize" => true,
            "call" or "forward" => TorchSymbols.Is(call.Instance?.Type, symbols.Transform),
            var name => IsArithmetic(name)
                && call.Instance is not null
                && call.TargetMethod.Parameters is [var other, ..]
                && symbols.IsTensor(other.Type),
        };

    /// <summary>Whether an operator can.</summary>
    public static bool IsKind(BinaryOperatorKind kind) =>
        kind is BinaryOperatorKind.Subtract or BinaryOperatorKind.Add or BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide;

    /// <summary>The stack that a call normalizes; null if it does nothing of the kind.</summary>
    public static StackForm? Recognize(IInvocationOperation call, ImmutableArray<long> copies, ValueContext context)
    {
        TorchSymbols symbols = context.Symbols;
        IMethodSymbol method = call.TargetMethod;
        switch (method.Name)
        {
            case "normalize":
                return TorchSymbols.Is(method.ContainingType, symbols.TransformsFunctional) && call.Argument("input") is { } image
                    ? ByNumbers(image, [call], copies, context)
                    : null;
            case "call" or "forward":
                return call.Arguments.Length == 1
                    ? ByNumbers(call.Arguments[0].Value, Normalizations(call.Instance!, context), copies, context)
                    : null;
            default:
                return
                    TorchSymbols.Is(method.ContainingType, symbols.Tensor) && call is { Instance: { } tensor, Arguments: [var other, ..] }
                    ? ByConstant(tensor, other.Value, copies, context)
                    : null;
        }
    }

    /// <summary>The stack that an operator normalizes.</summary>
    public static StackForm? Recognize(IBinaryOperation binary, ImmutableArray<long> copies, ValueContext context) =>
        ByConstant(binary.LeftOperand, binary.RightOperand, copies, context)
        ?? ByConstant(binary.RightOperand, binary.LeftOperand, copies, context);

    /// <summary>rgb -= mean</summary>
    public static StackForm? Recognize(ICompoundAssignmentOperation assignment, ImmutableArray<long> copies, ValueContext context) =>
        ByConstant(assignment.Target, assignment.Value, copies, context);

    private static bool IsArithmetic(string method) =>
        method
            is "sub"
                or "sub_"
                or "subtract"
                or "subtract_"
                or "add"
                or "add_"
                or "div"
                or "div_"
                or "divide"
                or "divide_"
                or "mul"
                or "mul_"
                or "multiply"
                or "multiply_";

    /// <summary>The makings of Normalize that a transform is, or that Compose puts together.</summary>
    private static IReadOnlyList<IInvocationOperation> Normalizations(IOperation transform, ValueContext context)
    {
        if (
            Layers.Creation(transform, context) is not { } creation
            || !TorchSymbols.Is(creation.TargetMethod.ContainingType, context.Symbols.Transforms)
        )
        {
            return [];
        }

        return creation.TargetMethod.Name switch
        {
            "Normalize" => [creation],
            "Compose" when creation.Arguments.Length > 0 && Sequences.Elements(creation.Arguments[0].Value, context) is { } steps =>
            [
                .. steps
                    .Select(step => Layers.Creation(step, context))
                    .Where(static made => made is { TargetMethod.Name: "Normalize" })
                    .Select(static made => made!),
            ],
            _ => [],
        };
    }

    private static StackForm? ByNumbers(
        IOperation image,
        IReadOnlyList<IInvocationOperation> normalizations,
        ImmutableArray<long> copies,
        ValueContext context
    ) =>
        normalizations.Count > 0
        && StackDetector.Find(image, copies, context) is { } form
        && normalizations.Any(normalization =>
            NumbersDiffer(normalization.Argument("means"), form.Copies, context)
            || NumbersDiffer(normalization.Argument("stdevs"), form.Copies, context)
        )
            ? form
            : null;

    private static StackForm? ByConstant(IOperation image, IOperation constant, ImmutableArray<long> copies, ValueContext context) =>
        context.Symbols.IsTensor(image.Unwrap().Type)
        && MayBeConstant(constant.Unwrap(), context)
        && StackDetector.Find(image, copies, context) is { } form
        && DiffersPerChannel(constant.Unwrap(), form.Copies, context)
            ? form
            : null;

    /// <summary>As many numbers as channels, and not all the same where the source shows them.</summary>
    private static bool NumbersDiffer(IOperation? list, long channels, ValueContext context) =>
        Sequences.Elements(list, context) is { } numbers
        && numbers.Count == channels
        && numbers.Any(number =>
            number.Unwrap().ConstantValue is not { HasValue: true } value || !Equals(value.Value, numbers[0].Unwrap().ConstantValue.Value)
        );

    /// <summary>Whether an operand could have been given the shape of a constant: seen before any variable is followed.</summary>
    private static bool MayBeConstant(IOperation operand, ValueContext context) =>
        context.Symbols.IsTensor(operand.Type)
        && operand switch
        {
            IInvocationOperation invocation => GivesShape(invocation.TargetMethod.Name),
            IFieldReferenceOperation or IPropertyReferenceOperation { Property.IsIndexer: false } => true,
            ILocalReferenceOperation local => local.Local.IsMadeBy(GivesShape, context.Cancellation),
            _ => false,
        };

    private static bool GivesShape(string method) =>
        method is "view" or "reshape" or "unsqueeze" or "permute"
        || TorchApi.MayBe(method, Effect.Makes | Effect.Moves);

    /// <summary>A tensor of shape [1, C, 1, 1] or [C, 1, 1] that is made of numbers.</summary>
    private static bool DiffersPerChannel(IOperation value, long channels, ValueContext context)
    {
        TensorFacts facts = TensorInference.Facts(value, context);
        return facts.Rank is 3 or 4
            && facts.Size(-3) == channels
            && facts.Size(-2) == 1
            && facts.Size(-1) == 1
            && (facts.Rank == 3 || facts.Size(0) == 1)
            && Layers.Creation(value, context) is not { TargetMethod.Name: "ones" or "zeros" or "full" }
            && !(
                context.Elements(ChannelNumbers.ListOf(value, context)) is { Count: > 0 } numbers
                && numbers.All(number =>
                    number.Unwrap().ConstantValue is { HasValue: true } one && Equals(one.Value, numbers[0].Unwrap().ConstantValue.Value)
                )
            );
    }
}
