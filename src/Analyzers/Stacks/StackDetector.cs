using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>Whether an expression is a stack at all, for those who ask about expressions other than the one reported.</summary>
internal static class StackDetector
{
    private const int MaximumDepth = 8;

    public static bool IsStack(IOperation operation, ValueContext context) =>
        Find(operation, StackForms.ThreeCopies, context, MaximumDepth) is not null;

    /// <summary>The stack that a tensor is, back through variables and what changes every number alike; null if it is none.</summary>
    public static StackForm? Find(IOperation operation, ImmutableArray<long> copies, ValueContext context) =>
        Find(operation, copies, context, MaximumDepth);

    private static StackForm? Find(IOperation operation, ImmutableArray<long> copies, ValueContext context, int depth) =>
        depth == 0
            ? null
            : operation.Unwrap() switch
            {
                IInvocationOperation invocation when StackForms.IsName(invocation.TargetMethod.Name) => Sure(
                    StackForms.Recognize(invocation, copies, context),
                    context
                ),
                IInvocationOperation { Instance: { } instance } invocation
                    when context.Symbols.Does(invocation.TargetMethod, Effect.KeepsShape)
                        || (
                            context.Symbols.Does(invocation.TargetMethod, Effect.Broadcasts)
                            && !context.Symbols.IsTensor(invocation.Arguments.FirstOrDefault()?.Value.Unwrap().Type)
                        ) => Find(instance, copies, context, depth - 1),
                IBinaryOperation binary => OfBinary(binary, copies, context, depth),
                ILocalReferenceOperation local => context.Definition(local.Local, local.Syntax).Value is { } value
                && context.Operation(value) is { } written
                    ? Find(written, copies, context, depth - 1)
                    : null,
                _ => null,
            };

    private static StackForm? OfBinary(IBinaryOperation binary, ImmutableArray<long> copies, ValueContext context, int depth)
    {
        bool leftIsTensor = context.Symbols.IsTensor(binary.LeftOperand.Unwrap().Type);
        bool rightIsTensor = context.Symbols.IsTensor(binary.RightOperand.Unwrap().Type);
        return leftIsTensor && rightIsTensor ? Sure(StackForms.Recognize(binary, copies, context), context)
            : leftIsTensor ? Find(binary.LeftOperand, copies, context, depth - 1)
            : rightIsTensor ? Find(binary.RightOperand, copies, context, depth - 1)
            : null;
    }

    private static StackForm? Sure(StackForm? form, ValueContext context) =>
        form is not null && StackJudge.Judge(form, TensorInference.Facts(form.Source, context)).Certainty == Certainty.Sure ? form : null;
}
