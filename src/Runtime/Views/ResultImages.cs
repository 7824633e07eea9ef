using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>Whether a network's answer of several parts, such as a tuple, a list or a record, holds the image itself.</summary>
internal static class ResultImages
{
    public static bool AreIn(object? result, IEnumerable<Tensor> images)
    {
        // An answer that is one tensor is seen to at each run.
        return result is not Tensor && Parts(result, depth: 0).Any(part => images.Any(image => ReferenceEquals(part, image)));
    }

    private static IEnumerable<object?> Parts(object? value, int depth) => value switch
    {
        null or string => [],
        Tensor => [value],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => Parts(tuple[index], depth)),
        IDictionary table => table.Values.Cast<object?>().SelectMany(part => Parts(part, depth)),
        IList list => list.Cast<object?>().SelectMany(part => Parts(part, depth)),
        _ when depth < 2 && !value.GetType().IsPrimitive => Fields(value).SelectMany(field => Parts(field.GetValue(value), depth + 1)),
        _ => [],
    };

    private static IEnumerable<FieldInfo> Fields(object value) => value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
}
