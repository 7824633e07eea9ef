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

    /// <summary>
    /// The stack that a tensor is, back through variables, guards, and what treats all channels alike; null if it is none.
    /// </summary>
    public static StackForm? Find(IOperation operation, ImmutableArray<long> copies, ValueContext context) =>
        Find(operation, copies, context, MaximumDepth);

    private static StackForm? Find(IOperation operation, ImmutableArray<long> copies, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return null;
        }

        operation = operation.Unwrap();
        return operation switch
        {
            IInvocationOperation call => Recognized(call, copies, context)
                ?? (ChannelsAlike(call, context) is { } image ? Find(image, copies, context, depth - 1) : null),
            IBinaryOperation binary => OfBinary(binary, copies, context, depth),
            IConditionalOperation { WhenFalse: { } other } choice => Guarded([choice.WhenTrue, other], null, copies, context, depth),
            ISwitchExpressionOperation choice => Guarded([.. choice.Arms.Select(static arm => arm.Value)], null, copies, context, depth),
            ILocalReferenceOperation or IParameterReferenceOperation => OfVariable(operation, copies, context, depth),
            _ => null,
        };
    }

    private static StackForm? Recognized(IInvocationOperation call, ImmutableArray<long> copies, ValueContext context) =>
        StackForms.IsName(call.TargetMethod.Name) ? Sure(StackForms.Recognize(call, copies, context), context) : null;

    /// <summary>The tensor of which a call makes one whose channels are equal if the tensor's are; null if it makes another.</summary>
    private static IOperation? ChannelsAlike(IInvocationOperation call, ValueContext context)
    {
        TorchSymbols symbols = context.Symbols;
        if (call.TargetMethod.Name is "call" or "forward")
        {
            return call is { Instance: { } layer, Arguments: [var given] } && TreatsAlike(layer, context) ? given.Value : null;
        }

        IOperation? subject = call.Subject();
        return subject is not null
            && (
                symbols.Does(call.TargetMethod, Effect.Moves)
                || (
                    symbols.Does(call.TargetMethod, Effect.KeepsShape | Effect.KeepsChannels | Effect.Broadcasts)
                    && !MayTellApart(call.TargetMethod.Name)
                    && call.Arguments.All(argument => argument.Value == subject || !symbols.IsTensor(argument.Value.Unwrap().Type))
                )
            )
            ? subject
            : null;
    }

    /// <summary>Whether a layer or a transform, or all that Compose puts together, treats all channels alike.</summary>
    private static bool TreatsAlike(IOperation layer, ValueContext context) =>
        Layers.Creation(layer, context) is { TargetMethod: var made } creation
        && (
            made.Name == "Compose"
                ? context.Elements(creation.Arguments.FirstOrDefault()?.Value) is { } steps
                    && steps.All(step => TreatsAlike(step, context))
                : context.Symbols.Does(made, Effect.KeepsShape | Effect.KeepsChannels) && !MayTellApart(made.Name)
        );

    /// <summary>What makes channels differ that were equal, or makes new numbers altogether.</summary>
    private static bool MayTellApart(string method) =>
        method
            is "normalize"
                or "batch_norm"
                or "instance_norm"
                or "group_norm"
                or "layer_norm"
                or "local_response_norm"
                or "dropout"
                or "cumsum"
                or "normal_"
                or "uniform_"
                or "bernoulli"
                or "fill_"
                or "zero_"
                or "BatchNorm2d"
                or "InstanceNorm2d"
                or "GroupNorm"
                or "LocalResponseNorm"
                or "Dropout"
                or "Dropout2d"
        || method.EndsWith("_like", StringComparison.Ordinal);

    private static StackForm? OfVariable(IOperation reference, ImmutableArray<long> copies, ValueContext context, int depth)
    {
        ISymbol variable = reference.Variable()!;
        Definition definition = context.Definition(variable, reference.Syntax);
        if (definition.IsKnown)
        {
            return definition.Value is { } value && context.Operation(value) is { } written
                ? Find(written, copies, context, depth - 1)
                : null;
        }

        Write[] writes =
        [
            .. context.History(variable, reference.Syntax).Writes.Where(write => write.End <= reference.Syntax.SpanStart),
        ];
        IOperation?[] values = [.. writes.Select(write => write.Value is null ? null : context.Operation(write.Value))];

        // What a parameter comes in with has no value in sight: it is the other way of a guard where the parameter itself is stacked.
        bool isSeen = values.Zip(writes, static (value, write) => value is not null || write.IsDeclaration).All(static seen => seen);
        IOperation[] seen = [.. values.Where(static value => value is not null).Select(static value => value!)];
        return
            isSeen
            && Guarded(seen, variable, copies, context, depth) is { } found
            && (seen.Length == values.Length || SymbolEqualityComparer.Default.Equals(variable, found.Source.Variable()))
            ? found
            : null;
    }

    /// <summary>
    /// Of several values, a stack where every other is the same stack, or the tensor that is stacked: the other way of a guard.
    /// </summary>
    private static StackForm? Guarded(
        IReadOnlyList<IOperation> values,
        ISymbol? variable,
        ImmutableArray<long> copies,
        ValueContext context,
        int depth
    )
    {
        StackForm?[] forms = [.. values.Select(value => Find(value, copies, context, depth - 1))];
        return forms.FirstOrDefault(static form => form is not null) is { } found
            && found.Source.Variable() is var source
            && (
                (variable is not null && SymbolEqualityComparer.Default.Equals(variable, source))
                || values
                    .Zip(forms, static (value, form) => (value, form))
                    .All(way =>
                        way.form is not null
                        || (source is not null && SymbolEqualityComparer.Default.Equals(way.value.Variable(), source))
                    )
            )
            ? found
            : null;
    }

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
        form is not null && StackJudge.Judge(form, context.Facts(form.Source)).Certainty == Certainty.Sure ? form : null;
}
