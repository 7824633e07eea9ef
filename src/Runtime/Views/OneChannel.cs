using ChannelGen.Convolutions;
using ChannelGen.Layouts;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>
/// A convolution of equal channels, computed from one of them: its kernels are summed over the input channels as part of
/// the autograd graph, so that the gradient of the sum reaches each of them, as it does when the image is stacked.
/// </summary>
internal static class OneChannel
{
    /// <summary>What the layer gives for <paramref name="gray"/> repeated over all its input channels.</summary>
    /// <param name="layer">The convolution.</param>
    /// <param name="gray">[N, 1, spatial...] or [1, spatial...].</param>
    /// <param name="channelsLast">Whether [N, 1, H, W] is to be taken in that order, which the output then has as well.</param>
    public static Tensor Run(Convolution layer, Tensor gray, bool channelsLast = false)
    {
        // The gradient of a sum is one kernel seen three times over, that of a product has memory for each: what autograd.grad
        // gives can then be written to, as after a stacked run.
        using Tensor? product = layer.weight.requires_grad && is_grad_enabled() ? layer.weight.mul(1) : null;
        using Tensor weight = Summed(layer, product ?? layer.weight);
        using Tensor? laid = channelsLast ? ChannelsLast.Of(gray) : null;
        return layer.Run(laid ?? gray, weight, layer.bias);
    }

    /// <summary>
    /// An input on which the layer's own forward costs next to nothing: no image at all, of a size that no kernel and no
    /// padding refuses.
    /// </summary>
    public static Tensor NoImages(Convolution layer)
    {
        // One that was made in inference mode could not be given to a layer that is trained afterwards.
        using IDisposable mode = inference_mode(false);
        long[] sizes = [.. Enumerable.Range(0, layer.SpatialDimensions()).Select(index => Size(layer, index))];
        return zeros([0, layer.in_channels, .. sizes], layer.weight.dtype, layer.weight.device).DetachFromDisposeScope();
    }

    /// <summary>
    /// [out, 1, k...], or [1, out, k...] if transposed. An output channel sees the input channels of its group alone, so
    /// that the sum is taken in each group, and one group is left.
    /// </summary>
    private static Tensor Summed(Convolution layer, Tensor weight)
    {
        if (!layer.transposed)
        {
            return weight.sum(1, keepdim: true);
        }

        if (layer.groups == 1)
        {
            return weight.sum(0, keepdim: true);
        }

        using Tensor grouped = weight.unflatten(0, layer.groups, weight.size(0) / layer.groups);
        using Tensor summed = grouped.sum(1);
        using Tensor flat = summed.flatten(0, 1);
        return flat.unsqueeze(0);
    }

    private static long Size(Convolution layer, int index)
    {
        long padding = layer.padding?[index] ?? 0;
        return Math.Max((2 * padding) + 1, (layer.dilation[index] * (layer.kernel_size[index] - 1)) + 1);
    }
}
