using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EquivalenceTable;

/// <summary>A row for each kind of layer, padding mode and dtype.</summary>
internal static class LayerTable
{
    private static readonly ScalarType[] Dtypes = [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];
    private static readonly PaddingModes[] Modes =
    [
        PaddingModes.Zeros,
        PaddingModes.Reflect,
        PaddingModes.Replicate,
        PaddingModes.Circular,
    ];

    public static IEnumerable<(string Row, bool Within)> Rows()
    {
        foreach (PaddingModes mode in Modes)
        {
            foreach (ScalarType dtype in Dtypes)
            {
                yield return Row("Conv2d", mode, dtype, channels => Conv2d(channels, 8, 5, 2, 2, padding_mode: mode, dtype: dtype), 2);
            }
        }

        foreach (PaddingModes mode in Modes)
        {
            yield return Row("Conv1d", mode, ScalarType.Float32, channels => Conv1d(channels, 8, 5, 2, 2, padding_mode: mode), 1);
            yield return Row("Conv3d", mode, ScalarType.Float32, channels => Conv3d(channels, 8, 3, 2, 1, padding_mode: mode), 3);
        }

        yield return Row(
            "Conv2d, depthwise",
            PaddingModes.Zeros,
            ScalarType.Float32,
            channels => Conv2d(channels, channels * 2, 5, 2, 2, groups: channels),
            2
        );
        yield return Row("ConvTranspose1d", PaddingModes.Zeros, ScalarType.Float32, channels => ConvTranspose1d(channels, 8, 5, 2, 2), 1);
        yield return Row("ConvTranspose2d", PaddingModes.Zeros, ScalarType.Float32, channels => ConvTranspose2d(channels, 8, 5, 2, 2), 2);
        yield return Row("ConvTranspose3d", PaddingModes.Zeros, ScalarType.Float32, channels => ConvTranspose3d(channels, 8, 3, 2, 1), 3);
    }

    private static (string Row, bool Within) Row(string name, PaddingModes mode, ScalarType dtype, Func<long, Convolution> make, int space)
    {
        manual_seed(1);
        long[] sides = [.. Enumerable.Repeat(space == 3 ? 12L : 33L, space)];
        using Tensor image = rand([2, 1, .. sides]).to(dtype);
        using Tensor bytes = (rand([2, 1, .. sides]) * 255).round().to(dtype);
        using Convolution plain = make(3);
        EquivalenceReport first = plain.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }).Verify([image]);
        using Convolution normalized = make(3);
        EquivalenceReport second = normalized
            .ToGrayscale(
                new GrayscaleOptions
                {
                    KeepColorWeights = true,
                    Normalization = ChannelNormalization.ImageNet,
                    InputScale = 1 / 255.0,
                }
            )
            .Verify([bytes]);
        using Convolution gray = make(1);
        using Tensor color = rand([2, 3, .. sides]).to(dtype);
        (double difference, double bound, bool within) = Comparison.ToColor(
            gray,
            (layer, input) => layer.forward(input),
            color,
            LumaCoefficients.Bt709
        );
        LayerDifference one = first.Layers[0];
        LayerDifference other = second.Layers[0];
        return (
            $"| {name} | {mode} | {dtype} | {one.Difference:0.0e+00} | {one.Bound:0.0e+00} | {other.Difference:0.0e+00} | "
                + $"{other.Bound:0.0e+00} | {difference:0.0e+00} | {bound:0.0e+00} |\n",
            first.Holds && second.Holds && within
        );
    }
}
