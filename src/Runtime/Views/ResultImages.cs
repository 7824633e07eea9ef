using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>Whether a network's answer of several parts, such as a tuple, a list or a record, holds the image itself.</summary>
internal static class ResultImages
{
    // An answer is a tree of a few levels; what lies deeper is somebody else's.
    private const int Depth = 3;

    private const BindingFlags AllFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static bool AreIn(object? result, IEnumerable<Tensor> images)
    {
        // An answer that is one tensor is seen to at each run.
        return result is not Tensor && Parts(result, depth: 0).Any(part => images.Any(image => ReferenceEquals(part, image)));
    }

    private static IEnumerable<object?> Parts(object? value, int depth) =>
        value switch
        {
            Tensor => [value],
            null or string => [],
            _ when depth > Depth || value.GetType().IsPrimitive || value.GetType().GetElementType() is { IsPrimitive: true } => [],
            ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => Parts(tuple[index], depth + 1)),
            IDictionary table => table.Values.Cast<object?>().SelectMany(part => Parts(part, depth + 1)),
            IList list => list.Cast<object?>().SelectMany(part => Parts(part, depth + 1)),
            _ => value.GetType().GetFields(AllFields).SelectMany(field => Parts(field.GetValue(value), depth + 1)),
        };
}
