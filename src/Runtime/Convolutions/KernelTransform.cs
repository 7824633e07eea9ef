using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>Applies a <see cref="ChannelMap"/> to a weight.</summary>
internal static class KernelTransform
{
    /// <summary>
    /// The weight for the new channels, with one group: w'_j = sum_i Factors[i, j] * w_i. In float64, rounded once to the
    /// weight's own dtype.
    /// </summary>
    public static Tensor Apply(Tensor weight, KernelLayout layout, ChannelMap map)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] columns = new Tensor[map.NewChannels];
        for (int column = 0; column < columns.Length; column++)
        {
            columns[column] = Combine(weight, layout, map.Column(column));
        }

        return cat(columns, layout.ChannelDimension).to(weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The one-channel kernel, in float64, whose answer to a constant image of ones is what the map's offsets add:
    /// sum_i Offsets[i] * w_i.
    /// </summary>
    public static Tensor Constant(Tensor weight, KernelLayout layout, ChannelMap map)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Combine(weight, layout, [.. map.Offsets]).MoveToOuterDisposeScope();
    }

    /// <summary>sum_i factors[i] * w_i in float64 as a kernel of one input channel and one group.</summary>
    private static Tensor Combine(Tensor weight, KernelLayout layout, double[] factors)
    {
        Tensor exact = weight.detach().to(ScalarType.Float64);
        long perGroup = layout.InChannels / layout.Groups;
        long[] kernel = exact.shape[2..];
        Tensor scale = tensor(factors, dtype: ScalarType.Float64, device: weight.device);

        if (!layout.Transposed)
        {
            // [out, in / groups, k...] seen as [groups, out / groups, in / groups, k...]: an output channel sees the
            // channels of its own group only.
            Tensor byGroup = exact.reshape([layout.Groups, layout.OutChannels / layout.Groups, perGroup, .. kernel]);
            Tensor scaled = byGroup * scale.reshape([layout.Groups, 1, perGroup, .. Ones(kernel.Length)]);
            return scaled.sum(2).reshape([layout.OutChannels, 1, .. kernel]);
        }

        // [in, out / groups, k...] seen as [groups, in / groups, out / groups, k...]; the groups' sums lie side by side
        // along the output.
        Tensor inGroups = exact.reshape([layout.Groups, perGroup, layout.OutChannels / layout.Groups, .. kernel]);
        Tensor weighted = inGroups * scale.reshape([layout.Groups, perGroup, 1, .. Ones(kernel.Length)]);
        return weighted.sum(1).reshape([1, layout.OutChannels, .. kernel]);
    }

    private static long[] Ones(int count)
    {
        var ones = new long[count];
        Array.Fill(ones, 1);
        return ones;
    }
}
