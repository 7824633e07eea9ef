using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// The scale that was folded into a layer's kernel, as a buffer beside it, so that it is saved and loaded with the weight
/// that it belongs to; none where it is 1. Kept as the bits of a double in a whole number, which no change of dtype rounds.
/// </summary>
internal static class InputScaleMark
{
    public const string BufferName = "input_scale";

    public static double Of(Convolution layer) => Read(layer.get_buffer(BufferName));

    public static double Read(Tensor? mark) =>
        mark is null ? 1 : BitConverter.Int64BitsToDouble(mark.cpu().to(ScalarType.Int64).item<long>());

    public static Tensor Make(double scale) => tensor(BitConverter.DoubleToInt64Bits(scale), ScalarType.Int64).DetachFromDisposeScope();

    public static void Set(Convolution layer, double scale)
    {
        if (layer.get_buffer(BufferName) is { } old)
        {
            ConvolutionAccess.Buffers(layer).Remove(BufferName);
            old.Dispose();
        }

        if (scale != 1)
        {
            layer.register_buffer(BufferName, Make(scale));
        }
    }
}
