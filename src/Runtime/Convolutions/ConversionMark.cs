using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// What was folded into a layer's kernel and cannot be seen from its shape, as buffers beside it, so that it is saved and
/// loaded with the weight that it belongs to; none of a plain conversion. Kept as the bits of doubles in whole numbers, which
/// no change of dtype rounds.
/// </summary>
/// <param name="InputScale">What the pixel values are multiplied by.</param>
/// <param name="Map">The map of a conversion that has no name of its own.</param>
internal sealed record ConversionMark(double InputScale = 1, ChannelMap? Map = null)
{
    private const string ScaleName = "input_scale";
    private const string MapName = "channel_map";

    public static ConversionMark None { get; } = new();

    /// <summary>Takes the mark of a layer out of a state dictionary.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="prefix">The layer's path and a point; empty if it is the network itself.</param>
    public static ConversionMark TakeFrom(Dictionary<string, Tensor> entries, string prefix)
    {
        double[]? scale = entries.Remove(prefix + ScaleName, out Tensor? ofScale) ? Doubles(ofScale) : null;
        ChannelMap? map = null;
        if (entries.Remove(prefix + MapName, out Tensor? ofMap))
        {
            double[] numbers = Doubles(ofMap);
            (int old, int fresh) = ((int)ofMap.shape[0], (int)ofMap.shape[1] - 1);
            var factors = new double[old, fresh];
            Buffer.BlockCopy(numbers, old * sizeof(double), factors, 0, factors.Length * sizeof(double));
            map = new ChannelMap(factors, numbers[..old]);
        }

        return new ConversionMark(scale?[0] ?? 1, map);
    }

    /// <summary>The buffers, which belong to no dispose scope: a scalar, and the offsets followed by the factors, [old, 1 + new].</summary>
    public IEnumerable<(string Name, Tensor Value)> Buffers()
    {
        if (InputScale != 1)
        {
            yield return (ScaleName, Bits([InputScale], []));
        }

        if (Map is not null)
        {
            double[] factors = [.. Enumerable.Range(0, Map.OldChannels).SelectMany(Map.Row)];
            yield return (MapName, Bits([.. Map.Offsets, .. factors], [Map.OldChannels, 1 + Map.NewChannels]));
        }
    }

    /// <summary>Hangs the buffers on a layer in the place of those that it had.</summary>
    public void PutOn(Convolution layer)
    {
        foreach (string name in new[] { ScaleName, MapName })
        {
            if (layer.get_buffer(name) is { } old)
            {
                ConvolutionAccess.Buffers(layer).Remove(name);
                old.Dispose();
            }
        }

        foreach ((string name, Tensor value) in Buffers())
        {
            layer.register_buffer(name, value);
        }
    }

    private static double[] Doubles(Tensor bits)
    {
        using Tensor whole = bits.cpu().to(ScalarType.Int64, copy: true);
        return Array.ConvertAll(whole.data<long>().ToArray(), BitConverter.Int64BitsToDouble);
    }

    private static Tensor Bits(double[] numbers, long[] shape)
    {
        using Tensor flat = tensor(Array.ConvertAll(numbers, BitConverter.DoubleToInt64Bits), ScalarType.Int64);
        return flat.reshape(shape).clone().DetachFromDisposeScope();
    }
}
