using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>
/// A network that normalizes its image itself, with buffers or a BatchNorm in evaluation, gives its first layer channels that
/// follow from each other by a scale and an offset each: x_i = a_i * g + b_i. One of them for each new channel is enough
/// then. The network goes on being given all channels; a hook hands the layer the few, and the rest is folded into its
/// kernels. That holds for whatever else the network does with all channels alike before the layer: resizing, padding, a blur.
/// </summary>
internal sealed class InnerNormalization
{
    /// <summary>How many pixels are looked at in each call, to see that the channels still follow from each other.</summary>
    private const long Looks = 1 << 12;

    private readonly string name;
    private readonly Convolution layer;
    private readonly Tensor indices;
    private readonly Tensor factors;
    private readonly Tensor offsets;
    private Action? remove;

    private InnerNormalization(string name, Convolution layer, long[] chosen, ChannelMap map)
    {
        this.name = name;
        this.layer = layer;
        Map = map;

        // Small, and left to the finalizer: threads may share them.
        indices = tensor(chosen).DetachFromDisposeScope();
        double[] rows = [.. Enumerable.Range(0, map.OldChannels).SelectMany(map.Row)];
        factors = tensor(rows, [map.OldChannels, map.NewChannels]).t().DetachFromDisposeScope();
        offsets = tensor(map.Offsets.ToArray()).DetachFromDisposeScope();
    }

    /// <summary>All channels that reach the layer from those that it is handed.</summary>
    public ChannelMap Map { get; }

    /// <summary>How the channels that reached a layer follow from a few of them; null if they do not.</summary>
    /// <param name="stem">The layer.</param>
    /// <param name="image">How the network's image follows from the new channels.</param>
    /// <param name="inputs">What the layer was given for images of noise.</param>
    public static InnerNormalization? Of(NamedConvolution stem, ChannelMap image, IReadOnlyList<Tensor> inputs)
    {
        if (inputs.Count == 0)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor[] all = [.. inputs.Select(input => Pixels(stem.Layer, input))];
        Tensor first = all[0];
        if (first.shape[0] < 2 || first.shape[1] != image.OldChannels || !first.isfinite().all().item<bool>())
        {
            return null;
        }

        // Of the channels that come from one new channel alone, that with the widest values.
        double[] spread = (first.amax([0]) - first.amin([0])).data<double>().ToArray();
        var chosen = new long[image.NewChannels];
        for (int fresh = 0; fresh < chosen.Length; fresh++)
        {
            int[] pure =
            [
                .. Enumerable
                    .Range(0, image.OldChannels)
                    .Where(old => image[old, fresh] != 0 && image.Row(old).Count(factor => factor != 0) == 1),
            ];
            if (pure.Length == 0 || pure.Max(old => spread[old]) == 0)
            {
                return null;
            }

            chosen[fresh] = pure.MaxBy(old => spread[old]);
        }

        double unit = Agreement.Unit(inputs[0].dtype);
        var normalization = new InnerNormalization(stem.Name, stem.Layer, chosen, Fitted(first, chosen, unit));
        return all.All(pixels => normalization.Follows(pixels, unit)) ? normalization : null;
    }

    /// <summary>From now on the layer is handed the chosen channels alone.</summary>
    public void Attach() => remove = layer.register_forward_pre_hook(Choose).remove;

    public void Detach() => remove?.Invoke();

    /// <summary>
    /// Least squares over all pixels. A factor that is a whole number but for rounding, or an offset that is zero, is made so.
    /// </summary>
    private static ChannelMap Fitted(Tensor pixels, long[] chosen, double unit)
    {
        Tensor known = pixels.index_select(1, tensor(chosen));
        Tensor terms = cat([known, ones([pixels.shape[0], 1], ScalarType.Float64)], 1);
        (Tensor solution, _, _, _) = linalg.lstsq(terms, pixels);
        double[] numbers = solution.contiguous().data<double>().ToArray();
        double[] largest = pixels.abs().amax([0]).data<double>().ToArray();
        double rounding = Math.Min(256 * unit, Math.ScaleB(1, -20));
        int old = (int)pixels.shape[1];
        var factors = new double[old, chosen.Length];
        var offsets = new double[old];
        for (int row = 0; row < old; row++)
        {
            for (int column = 0; column < chosen.Length; column++)
            {
                double factor = numbers[(column * old) + row];
                double nearest = Math.Round(factor);
                factors[row, column] = Math.Abs(factor - nearest) <= rounding ? nearest : factor;
            }

            double offset = numbers[(chosen.Length * old) + row];
            offsets[row] = Math.Abs(offset) <= rounding * largest[row] ? 0 : offset;
        }

        return new ChannelMap(factors, offsets);
    }

    /// <summary>Some pixels of what a layer is given, [pixels, channels] in float64, on the processor.</summary>
    private static Tensor Pixels(Convolution layer, Tensor input)
    {
        Tensor some = input.detach();
        int space = layer.SpatialDimensions();
        long step = (long)Math.Ceiling(Math.Pow((double)input.numel() / input.size(-space - 1) / Looks, 1.0 / space));
        for (int dimension = 1; dimension <= space && step > 1; dimension++)
        {
            some = some.slice(-dimension, 0, input.size(-dimension), step);
        }

        return some.movedim([-space - 1], [-1]).reshape([-1, input.size(-space - 1)]).to(ScalarType.Float64).cpu();
    }

    private bool Follows(Tensor pixels, double unit)
    {
        Tensor known = pixels.index_select(1, indices);
        Tensor difference = (known.matmul(factors) + offsets - pixels).abs();
        Tensor size = known.abs().matmul(factors.abs()) + offsets.abs() + pixels.abs().amax([0]);
        using Scalar allowed = (unit > 1e-5 ? 8 : 256) * unit;
        return difference.le(size.mul(allowed)).all().item<bool>();
    }

    private Tensor Choose(Module<Tensor, Tensor> module, Tensor input)
    {
        using (DisposeScope scope = NewDisposeScope())
        {
            using var grad = no_grad();
            if (input.numel() > 0 && !Follows(Pixels(layer, input), Agreement.Unit(input.dtype)))
            {
                throw new InvalidOperationException(
                    $"The channels that reach '{name}' do not follow from each other as they did when the network "
                        + "was converted: its normalization has changed since, by a checkpoint, by training, or in "
                        + "training mode, or the image did not come through the wrapper. Convert the network in eval "
                        + "mode after its checkpoint is loaded, or use AsGrayscale(), which assumes nothing."
                );
            }
        }

        using Tensor here = indices.to(input.device, copy: true);
        return input.index_select(input.dim() - layer.SpatialDimensions() - 1, here);
    }
}
