using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>Lists of sizes and dimensions, in all the ways in which TorchSharp takes them.</summary>
internal static class Integers
{
    private const int MaximumAliases = 4;

    /// <summary>The sizes that a call is given, an operation for each; null if their number is not known.</summary>
    public static IReadOnlyList<IOperation>? Arguments(IInvocationOperation invocation, ValueContext context)
    {
        // Named arguments keep the order in which they are written, so parameters are gone through instead.
        List<IOperation>? list = null;
        foreach (IParameterSymbol parameter in invocation.TargetMethod.Parameters)
        {
            if (!IsName(parameter.Name) || invocation.Written(parameter) is not { } value)
            {
                continue;
            }

            list ??= [];
            if (
                value.Unwrap().Type is
                { SpecialType: SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Int16 or SpecialType.System_Byte }
            )
            {
                list.Add(value);
            }
            else if (Sequences.Elements(value, context) is { } elements)
            {
                list.AddRange(elements);
            }
            else
            {
                return null;
            }
        }

        return list;
    }

    private static bool IsName(string parameter) =>
        parameter
            is "size"
                or "sizes"
                or "shape"
                or "reps"
                or "dims"
                or "dim"
                or "dimension"
                or "dimensions"
                or "permutation"
                or "rows"
                or "columns"
                or "dim0"
                or "dim1"
                or "dim2"
                or "dim3";

    private static IOperation? Written(this IInvocationOperation invocation, IParameterSymbol parameter)
    {
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            if (argument.ArgumentKind != ArgumentKind.DefaultValue && SymbolEqualityComparer.Default.Equals(argument.Parameter, parameter))
            {
                return argument.Value;
            }
        }

        return null;
    }

    public static IReadOnlyList<long?>? Constants(IReadOnlyList<IOperation>? operations, ValueContext context) =>
        operations is null ? null : [.. operations.Select(operation => operation.Constant(context))];

    /// <summary>The whole number that an operation is known to be, also through variables and fields that are assigned once.</summary>
    public static long? Constant(this IOperation? operation, ValueContext context) => Constant(operation, context, MaximumAliases);

    private static long? Constant(IOperation? operation, ValueContext context, int depth)
    {
        if (operation.Constant() is { } number)
        {
            return number;
        }

        IOperation? value =
            depth == 0
                ? null
                : operation?.Unwrap() switch
                {
                    ILocalReferenceOperation local => context.Definition(local.Local, local.Syntax).Value is { } written
                        ? context.Operation(written)
                        : null,
                    IFieldReferenceOperation field => context.FieldValue(field.Field),
                    _ => null,
                };
        return value is null ? null : Constant(value, context, depth - 1);
    }
}
