using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Runtime.Tests;

/// <summary>How far two float results of the same convolution may lie apart.</summary>
internal static class Bounds
{
    public static double UnitRoundoff(ScalarType dtype) => dtype switch
    {
        ScalarType.Float64 => Math.ScaleB(1, -53),
        ScalarType.Float32 => Math.ScaleB(1, -24),
        ScalarType.Float16 => Math.ScaleB(1, -11),
        ScalarType.BFloat16 => Math.ScaleB(1, -8),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>|difference| / (gamma_n * sum |w||x|), where it is largest; 1 or less is within the bound.</summary>
    public static double Ratio(Tensor stacked, Tensor converted, Tensor sumOfMagnitudes, long terms, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        double unit = UnitRoundoff(dtype);
        double gamma = (terms * unit) / (1 - (terms * unit));
        Tensor bound = (sumOfMagnitudes.to(ScalarType.Float64) * 2 * gamma) + double.Epsilon;
        return ((stacked.to(ScalarType.Float64) - converted.to(ScalarType.Float64)).abs() / bound).max().item<double>();
    }

    public static double LargestDifference(Tensor left, Tensor right)
    {
        Assert.Equal(left.shape, right.shape);
        using DisposeScope scope = NewDisposeScope();
        return (left.to(ScalarType.Float64) - right.to(ScalarType.Float64)).abs().max().item<double>();
    }

    public static Tensor Stack(Tensor gray, int copies = 3, int dim = 1) => cat([.. Enumerable.Repeat(gray, copies)], dim);
}
