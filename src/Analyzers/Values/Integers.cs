using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Values;

/// <summary>Lists of sizes and dimensions, in all the ways in which TorchSharp takes them.</summary>
internal static class Integers
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "size", "sizes", "shape", "reps", "dims", "dim", "dimensions", "permutation", "rows", "columns", "dim0", "dim1", "dim2", "dim3",
    };

    /// <summary>The sizes that a call is given, an operation for each; null if their number is not known.</summary>
    public static IReadOnlyList<IOperation>? Arguments(IInvocationOperation invocation, ValueContext context)
    {
        var found = new SortedDictionary<int, IOperation>();
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            if (argument.Parameter is { } parameter && Names.Contains(parameter.Name) && argument.ArgumentKind != ArgumentKind.DefaultValue)
            {
                found[parameter.Ordinal] = argument.Value;
            }
        }

        if (found.Count == 0)
        {
            return null;
        }

        var list = new List<IOperation>();
        foreach (IOperation value in found.Values)
        {
            if (value.Unwrap().Type is { SpecialType: SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Int16 or SpecialType.System_Byte })
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

    public static IReadOnlyList<long?>? Constants(IReadOnlyList<IOperation>? operations) =>
        operations is null ? null : [.. operations.Select(static operation => operation.Constant())];
}
