using System.Globalization;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// A stacked image that is normalized with numbers that are written in the source: by normalize, by Normalize, or by
/// (image - mean) / std with tensors of shape (1, 3, 1, 1).
/// </summary>
internal sealed class NormalizedImage
{
    private readonly Numbers means;
    private readonly Numbers deviations;

    private NormalizedImage(
        ExpressionSyntax whole,
        IOperation stacked,
        Numbers means,
        Numbers deviations,
        IReadOnlyCollection<ILocalSymbol> locals
    )
    {
        Whole = whole;
        Stacked = stacked;
        Locals = locals;
        this.means = means;
        this.deviations = deviations;
    }

    /// <summary>The whole expression, from the stack to its last change.</summary>
    public ExpressionSyntax Whole { get; }

    /// <summary>What stacks.</summary>
    public IOperation Stacked { get; }

    /// <summary>The variables that hold the stack, the mean and the deviation on the way.</summary>
    public IReadOnlyCollection<ILocalSymbol> Locals { get; }

    /// <summary>The expression that makes the same normalization for the conversion.</summary>
    public string Normalization(bool withCollectionExpressions)
    {
        return means.Is(0.485, 0.456, 0.406) && deviations.Is(0.229, 0.224, 0.225)
            ? "ChannelNormalization.ImageNet"
            : $"new ChannelNormalization({List(means)}, {List(deviations)})";

        string List(Numbers numbers) => withCollectionExpressions ? $"[{numbers.Text}]" : $"new double[] {{ {numbers.Text} }}";
    }

    /// <summary>Null where the numbers are not written in the source, or more is done to the image than a normalization.</summary>
    public static NormalizedImage? Of(ExpressionSyntax first, ValueContext context)
    {
        var locals = new List<ILocalSymbol>();
        if (
            context.Operation(first) is not { } operation
            || (ByTransform(operation, context) ?? ByArithmetic(operation, locals, context)) is not { } step
        )
        {
            return null;
        }

        return Stack(step.Input, locals, context) is { } stacked
            ? new NormalizedImage((ExpressionSyntax)step.Whole.Syntax, stacked, step.Means, step.Deviations, locals)
            : null;
    }

    private static Step? ByTransform(IOperation operation, ValueContext context)
    {
        if (operation is not IInvocationOperation call)
        {
            return null;
        }

        bool isFunction = call.TargetMethod.Name == "normalize";
        IInvocationOperation? numbers =
            isFunction ? call
            : call.TargetMethod.Name is "call" or "forward" ? Layers.Creation(call.Instance!, context)
            : null;
        IOperation? input = isFunction ? call.Argument("input") : call.Arguments.FirstOrDefault()?.Value;
        return
            input is not null
            && numbers is { TargetMethod.Name: "normalize" or "Normalize" }
            && Numbers.Of(numbers.Argument("means"), context) is { } means
            && Numbers.Of(numbers.Argument("stdevs"), context) is { } deviations
            ? new Step(call, input, means, deviations)
            : null;
    }

    /// <summary>image - mean, image / std, (image - mean) / std.</summary>
    private static Step? ByArithmetic(IOperation operation, List<ILocalSymbol> locals, ValueContext context)
    {
        if (Arithmetic(operation) is not var (kind, input, constant) || PerChannel(constant, locals, context) is not { } numbers)
        {
            return null;
        }

        IOperation? outer = Outer(operation);
        if (kind == BinaryOperatorKind.Divide)
        {
            // image / std - mean is another normalization.
            return outer is not null && Arithmetic(outer) is not null ? null : new Step(operation, input, Numbers.All("0", 0), numbers);
        }

        if (outer is null || Arithmetic(outer) is not var (outerKind, _, deviation))
        {
            return new Step(operation, input, numbers, Numbers.All("1", 1));
        }

        return outerKind == BinaryOperatorKind.Divide && PerChannel(deviation, locals, context) is { } deviations
            ? new Step(outer, input, numbers, deviations)
            : null;
    }

    private static IOperation? Outer(IOperation operation)
    {
        IOperation use = operation;
        while (use.Parent is IConversionOperation or IParenthesizedOperation)
        {
            use = use.Parent;
        }

        return use.Parent is IBinaryOperation binary && binary.LeftOperand == use ? binary
            : use.Parent is IInvocationOperation invocation && invocation.Instance == use ? invocation
            : null;
    }

    /// <summary>A difference or a quotient, as an operator or a method.</summary>
    private static (BinaryOperatorKind Kind, IOperation Input, IOperation Constant)? Arithmetic(IOperation operation) =>
        operation switch
        {
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Subtract or BinaryOperatorKind.Divide } binary => (
                binary.OperatorKind,
                binary.LeftOperand,
                binary.RightOperand
            ),
            IInvocationOperation { TargetMethod.Name: "sub" or "subtract", Instance: { } instance, Arguments: [var argument] } => (
                BinaryOperatorKind.Subtract,
                instance,
                argument.Value
            ),
            IInvocationOperation { TargetMethod.Name: "div" or "divide", Instance: { } instance, Arguments: [var argument, ..] } => (
                BinaryOperatorKind.Divide,
                instance,
                argument.Value
            ),
            _ => null,
        };

    /// <summary>The numbers of a tensor of one for each channel, whose locals go with it.</summary>
    private static Numbers? PerChannel(IOperation constant, List<ILocalSymbol> locals, ValueContext context) =>
        Numbers.Of(ChannelNumbers.ListOf(constant, context, locals), context);

    private static IOperation? Stack(IOperation input, List<ILocalSymbol> locals, ValueContext context)
    {
        input = input.Unwrap();
        if (input is ILocalReferenceOperation { Local: var local })
        {
            // Used for nothing else.
            if (
                context.History(local, input.Syntax) is not { Reads.Count: 1, Writes.Count: 1, Mutations.Count: 0, Escapes.Count: 0 }
                || context.Definition(local, input.Syntax).Value is not { } value
                || context.Operation(value) is not { } written
            )
            {
                return null;
            }

            locals.Add(local);
            input = written.Unwrap();
        }

        return input is IInvocationOperation or IBinaryOperation && StackDetector.IsStack(input, context) ? input : null;
    }

    private readonly record struct Step(IOperation Whole, IOperation Input, Numbers Means, Numbers Deviations);

    /// <summary>Three numbers, as they are written.</summary>
    private sealed class Numbers
    {
        private readonly double[] values;

        private Numbers(string text, double[] values)
        {
            Text = text;
            this.values = values;
        }

        public string Text { get; }

        public static Numbers All(string text, double value) => new($"{text}, {text}, {text}", [value, value, value]);

        public bool Is(params double[] wanted) => values.SequenceEqual(wanted);

        public static Numbers? Of(IOperation? list, ValueContext context)
        {
            if (Sequences.Elements(list, context) is not { Count: 3 } elements)
            {
                return null;
            }

            var texts = new List<string>();
            var values = new List<double>();
            foreach (IOperation element in elements)
            {
                if (element.Unwrap() is not { ConstantValue: { HasValue: true, Value: float or double or int or long } constant } number)
                {
                    return null;
                }

                double value = Convert.ToDouble(constant.Value, CultureInfo.InvariantCulture);
                values.Add(value);

                // A literal as it is written; the name of a constant need not be known where the network is called.
                texts.Add(
                    number.Syntax is LiteralExpressionSyntax or PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax }
                        ? number.Syntax.WithoutTrivia().ToString()
                        : value.ToString("R", CultureInfo.InvariantCulture)
                );
            }

            return new Numbers(string.Join(", ", texts), [.. values]);
        }
    }
}
