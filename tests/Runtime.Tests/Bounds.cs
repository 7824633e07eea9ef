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

    public static Tensor Stack(Tensor gray, int copies = 3, int dim = 1) => cat([.. Enumerable.Repeat(gray, copies)], dim);
}
