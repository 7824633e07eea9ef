using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Runtime.Tests;

/// <summary>How far two tensors lie apart, and stacks of gray ones.</summary>
internal static class Bounds
{
    public static double LargestDifference(Tensor left, Tensor right)
    {
        Assert.Equal(left.shape, right.shape);
        using DisposeScope scope = NewDisposeScope();
        return (left.to(ScalarType.Float64) - right.to(ScalarType.Float64)).abs().max().item<double>();
    }

    /// <summary>The tensors that are alive, once what other tests left to the garbage collector is gone.</summary>
    public static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    public static Tensor Stack(Tensor gray, int copies = 3, int dim = 1) => cat([.. Enumerable.Repeat(gray, copies)], dim);

    /// <summary>
    /// How far two sums of the same products may lie apart, in any order of summation: 2 gamma_n sum |w||x| with n terms.
    /// </summary>
    public static double OfRounding(Convolution layer, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        double unit = layer.weight.dtype switch
        {
            ScalarType.Float64 => Math.Pow(2, -53),
            ScalarType.Float32 => Math.Pow(2, -24),
            ScalarType.BFloat16 => Math.Pow(2, -8),
            _ => Math.Pow(2, -11),
        };
        long terms = layer.weight.numel() / Math.Max(1, layer.transposed ? layer.out_channels / layer.groups : layer.out_channels) + 1;
        double rounding = terms * unit / (1 - (terms * unit));
        // Of the filter with the largest kernels.
        long[] summed =
        [
            .. Enumerable
                .Range(0, (int)layer.weight.dim())
                .Where(dimension => dimension != (layer.transposed ? 1 : 0))
                .Select(dimension => (long)dimension),
        ];
        double largest =
            layer.weight.detach().to(ScalarType.Float64).abs().sum(summed).max().item<double>()
            * input.detach().abs().max().to(ScalarType.Float64).item<double>();
        return 2
            * Math.Abs(rounding)
            * (largest + (layer.bias is null ? 0 : layer.bias.detach().abs().max().to(ScalarType.Float64).item<double>()));
    }
}
