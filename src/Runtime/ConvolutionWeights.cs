using ChannelGen.Convolutions;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen;

/// <summary>
/// The mathematics of the conversions, on weight tensors alone. Sums run in float64 and are rounded once to the dtype of the
/// weight; the device is kept; the result is a new tensor that requires no gradient, and the argument is left as it is.
/// </summary>
/// <remarks>
/// Layouts: a convolution's weight is [out_channels, in_channels / groups, k...], a transposed one's
/// [in_channels, out_channels / groups, k...], with one, two or three kernel dimensions. Source: N. Audebert, "Voluntary
/// achromatopsy and its cure in deep networks" (2022).
/// </remarks>
public static class ConvolutionWeights
{
    /// <summary>
    /// The kernel for one channel that gives what <paramref name="weight"/> gives when all its input channels are equal:
    /// w* = sum_i w_i. Exact for every stride, dilation and padding; the bias stays as it is, and groups become 1.
    /// </summary>
    /// <param name="weight">[out, in / groups, k...], or [in, out / groups, k...] if transposed; float16, bfloat16, float32 or
    /// float64.</param>
    /// <param name="groups">The groups of the convolution.</param>
    /// <param name="transposed">Whether the weight is that of a transposed convolution.</param>
    /// <returns>[out, 1, k...], or [1, out, k...] if transposed.</returns>
    /// <exception cref="ArgumentException">The shape, the dtype or the number of groups is not that of a convolution.</exception>
    public static Tensor SumInputChannels(Tensor weight, long groups = 1, bool transposed = false)
    {
        KernelLayout layout = KernelLayout.Of(weight, groups, transposed);
        return KernelTransform.Apply(weight, layout, ChannelMap.ToGray(checked((int)layout.InChannels)));
    }

    /// <summary>
    /// The kernel for three channels that gives for a color image what <paramref name="weight"/> gives for its luma:
    /// w_i = luma_i * w*. Exact for every padding that commutes with the weighted sum: zeros, reflect, replicate, circular.
    /// </summary>
    /// <param name="weight">[out, 1, k...], or [1, out, k...] if transposed; float16, bfloat16, float32 or float64.</param>
    /// <param name="luma">The weight of each channel, in the order of the channels.</param>
    /// <param name="transposed">Whether the weight is that of a transposed convolution.</param>
    /// <returns>[out, 3, k...], or [3, out, k...] if transposed.</returns>
    /// <exception cref="ArgumentException">The weight has more than one input channel or an unsuitable dtype, or luma is all zero or not
    /// finite.</exception>
    public static Tensor SpreadInputChannels(Tensor weight, LumaCoefficients luma, bool transposed = false)
    {
        KernelLayout layout = OneChannel(weight, transposed);
        return KernelTransform.Apply(weight, layout, ChannelMap.ToColor(luma.Checked(nameof(luma))));
    }

    /// <summary>
    /// A heuristic, not an equivalence: the kernels repeated over <paramref name="channels"/> input channels and scaled by
    /// in_channels / channels, so that activations keep their size on average (as timm does it for multispectral input).
    /// </summary>
    /// <param name="weight">[out, in, k...], or [in, out, k...] if transposed, with one group.</param>
    /// <param name="channels">The number of input channels wanted, 1 or more.</param>
    /// <param name="transposed">Whether the weight is that of a transposed convolution.</param>
    /// <returns>[out, channels, k...], or [channels, out, k...] if transposed.</returns>
    /// <exception cref="ArgumentException">The shape or dtype is not that of a convolution, or the number of channels is less than
    /// 1.</exception>
    public static Tensor TileInputChannels(Tensor weight, long channels, bool transposed = false)
    {
        if (channels < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "Wanted 1 input channel or more.");
        }

        KernelLayout layout = KernelLayout.Of(weight, 1, transposed);
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int dimension = layout.ChannelDimension;
        Tensor indices = arange(channels, device: weight.device).remainder(layout.InChannels);
        Tensor tiled = weight.to(ScalarType.Float64).index_select(dimension, indices) * ((double)layout.InChannels / channels);
        return tiled.to(weight.dtype).MoveToOuterDisposeScope();
    }

    private static KernelLayout OneChannel(Tensor weight, bool transposed)
    {
        KernelLayout layout = KernelLayout.Of(weight, 1, transposed);
        return layout.InChannels == 1
            ? layout
            : throw new ArgumentException(
                $"Found a weight of shape [{string.Join(", ", weight.shape)}] with {layout.InChannels} input channels; "
                    + $"wanted 1 in dimension {layout.ChannelDimension}. Sum them first with {nameof(SumInputChannels)}.",
                nameof(weight)
            );
    }
}
