using static TorchSharp.torch;

namespace ChannelGen;

/// <summary>How messages write what they found.</summary>
internal static class Text
{
    public static string Shape(Tensor tensor) => Sizes(tensor.shape);

    // Not an overload of Shape: an array of long converts to a Tensor.
    public static string Sizes(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

    public static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
