using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacking;

/// <summary>Finds where a stacked tensor is normalized with other numbers for each channel.</summary>
internal static class NormalizedStack
{
    private const int MaximumDepth = 8;

    /// <summary>The first such operation; null if there is none in sight.</summary>
    public static IOperation? Find(StackForm form, ValueContext context) => Find(form.Operation, form.Copies, context, MaximumDepth);

    private static IOperation? Find(IOperation stacked, long channels, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return null;
        }

        IOperation use = stacked;
        while (true)
        {
            switch (use.Parent)
            {
                case IConversionOperation or IParenthesizedOperation:
                    use = use.Parent;
                    continue;
                case IInvocationOperation invocation when invocation.Instance == use && context.Symbols.IsTensor(invocation.Type):
                    if (IsPerChannel(invocation, use, channels, context))
                    {
                        return invocation;
                    }

                    if (!TensorMethods.KeepShape.Contains(invocation.TargetMethod.Name) && !TensorMethods.Broadcasting.Contains(invocation.TargetMethod.Name))
                    {
                        return null;
                    }

                    use = invocation;
                    continue;
                case IBinaryOperation { OperatorKind: BinaryOperatorKind.Subtract or BinaryOperatorKind.Add or BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide } binary:
                    if (DiffersPerChannel(binary.LeftOperand == use ? binary.RightOperand : binary.LeftOperand, channels, context))
                    {
                        return binary;
                    }

                    use = binary;
                    continue;
                case IArgumentOperation { Parent: IInvocationOperation call }:
                    return IsPerChannel(call, use, channels, context) ? call : null;
                case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                    VariableHistory history = context.History(declarator.Symbol, use.Syntax);
                    return InPlace(history, channels, context) ?? history.Reads
                        .Where(read => context.Definition(declarator.Symbol, read).Value == use.Syntax || Contains(context.Definition(declarator.Symbol, read).Value, stacked.Syntax))
                        .Select(read => context.Operation(read) is { } operation ? Find(operation, channels, context, depth - 1) : null)
                        .FirstOrDefault(static found => found is not null);
                default:
                    return null;
            }
        }
    }

    /// <summary>rgb.sub_(mean), rgb -= mean</summary>
    private static IOperation? InPlace(VariableHistory history, long channels, ValueContext context)
    {
        foreach (SyntaxNode change in history.Mutations.Concat(history.Writes.Select(static write => write.Site)))
        {
            switch (context.Operation(change))
            {
                case IInvocationOperation { Instance: { } instance } invocation when instance.Variable() is not null && IsPerChannel(invocation, instance, channels, context):
                    return invocation;
                case ICompoundAssignmentOperation { OperatorKind: BinaryOperatorKind.Subtract or BinaryOperatorKind.Add or BinaryOperatorKind.Multiply or BinaryOperatorKind.Divide } assignment
                    when DiffersPerChannel(assignment.Value, channels, context):
                    return assignment;
            }
        }

        return null;
    }

    private static bool Contains(ExpressionSyntax? value, SyntaxNode stacked) => value is not null && value.Span.Contains(stacked.Span);

    private static bool IsPerChannel(IInvocationOperation call, IOperation stacked, long channels, ValueContext context)
    {
        IMethodSymbol method = call.TargetMethod;
        TorchSymbols symbols = context.Symbols;
        if (TorchSymbols.Is(method.ContainingType, symbols.TransformsFunctional) && method.Name == "normalize")
        {
            return Differ(call.Argument("means"), call.Argument("stdevs"), channels, context);
        }

        if (method.Name is "call" or "forward" && call.Instance is { } transform && Layers.Creation(transform, context) is { } creation
            && TorchSymbols.Is(creation.TargetMethod.ContainingType, symbols.Transforms))
        {
            return IsNormalize(creation, channels, context)
                || (creation.TargetMethod.Name == "Compose" && creation.Arguments.Length > 0 && Sequences.Elements(creation.Arguments[0].Value, context) is { } steps
                    && steps.Any(step => Layers.Creation(step, context) is { } made && IsNormalize(made, channels, context)));
        }

        return symbols.IsOfTorch(method)
            && method.Name is "sub" or "sub_" or "subtract" or "add" or "add_" or "div" or "div_" or "divide" or "mul" or "mul_" or "multiply"
            && call.Arguments.Any(argument => argument.Value != stacked && DiffersPerChannel(argument.Value, channels, context));
    }

    private static bool IsNormalize(IInvocationOperation transform, long channels, ValueContext context) =>
        transform.TargetMethod.Name == "Normalize" && Differ(transform.Argument("means"), transform.Argument("stdevs"), channels, context);

    /// <summary>As many numbers as channels, and not all the same where they are in sight.</summary>
    private static bool Differ(IOperation? means, IOperation? stdevs, long channels, ValueContext context) =>
        NumbersDiffer(means, channels, context) || NumbersDiffer(stdevs, channels, context);

    private static bool NumbersDiffer(IOperation? list, long channels, ValueContext context) =>
        Sequences.Elements(list, context) is { } numbers
        && numbers.Count == channels
        && numbers.Any(number => number.Unwrap().ConstantValue is not { HasValue: true } value || !Equals(value.Value, numbers[0].Unwrap().ConstantValue.Value));

    /// <summary>A tensor of shape [1, C, 1, 1] or [C, 1, 1] that is made of numbers.</summary>
    private static bool DiffersPerChannel(IOperation operand, long channels, ValueContext context)
    {
        IOperation value = operand.Unwrap();
        if (!context.Symbols.IsTensor(value.Type))
        {
            return false;
        }

        TensorFacts facts = TensorInference.Facts(value, context);
        return facts.Rank is 3 or 4 && facts.Size(-3) == channels && facts.Size(-2) == 1 && facts.Size(-1) == 1 && facts.Size(0) is 1 or null or 3
            && (facts.Rank == 3 || facts.Size(0) == 1)
            && !IsMadeOfOneNumber(value, context);
    }

    private static bool IsMadeOfOneNumber(IOperation value, ValueContext context) =>
        Layers.Creation(value, context) is { TargetMethod.Name: "ones" or "zeros" or "full" };
}
