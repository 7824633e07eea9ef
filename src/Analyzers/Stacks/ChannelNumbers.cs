using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>
/// The numbers of a tensor that has one for each channel and is written out: tensor(new[] { 0.5f, 0.4f, 0.3f }).view(1, 3, 1, 1),
/// also by way of locals and fields that nothing changes.
/// </summary>
internal static class ChannelNumbers
{
    private const int MaximumDepth = 6;

    /// <summary>The list of numbers; null if they are not in sight, or their shape is another.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="context">Where it is.</param>
    /// <param name="locals">
    /// Is given the locals on the way, for a fix that removes them. Fields are not followed then: other methods may change them.
    /// </param>
    public static IOperation? ListOf(IOperation tensor, ValueContext context, ICollection<ILocalSymbol>? locals = null)
    {
        for (int depth = 0; depth < MaximumDepth; depth++)
        {
            switch (tensor.Unwrap())
            {
                case ILocalReferenceOperation { Local: var local } reference
                    when context.Definition(local, reference.Syntax).Value is { } value
                        && context.History(local, reference.Syntax) is { Mutations.Count: 0, Escapes.Count: 0 }
                        && context.Operation(value) is { } written:
                    locals?.Add(local);
                    tensor = written;
                    continue;
                case IFieldReferenceOperation field when locals is null && context.FieldValue(field.Field) is { } held:
                    tensor = held;
                    continue;
                case IInvocationOperation { Instance: { } moved } move when context.Symbols.Does(move.TargetMethod, Effect.Moves):
                    tensor = moved;
                    continue;
                case IInvocationOperation { TargetMethod.Name: "view" or "reshape", Instance: { } made } shaped
                    when Integers.Constants(Integers.Arguments(shaped, context), context) is [1, > 1, 1, 1] or [> 1, 1, 1]:
                    return OfNumbers(made, context);
                default:
                    return null;
            }
        }

        return null;
    }

    private static IOperation? OfNumbers(IOperation made, ValueContext context) =>
        made.Unwrap() is IInvocationOperation { Instance: null, Arguments: [var list, ..] } factory
        && TorchSymbols.Is(factory.TargetMethod.ContainingType, context.Symbols.Torch)
        && factory.TargetMethod.Name is "tensor" or "as_tensor" or "from_array"
            ? list.Value
            : null;
}
