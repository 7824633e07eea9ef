using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>The numbers that are added to an output of one size, each part of it by itself: views of one small tensor.</summary>
internal sealed class PlacedConstants
{
    // Without it, TorchSharp makes one at each addition and leaves it to the finalizer.
    private static readonly Scalar One = 1;

    private readonly long[] inputSize;
    private readonly long[] outputSize;
    private readonly ConstantPart[][] parts;
    private readonly Tensor[] numbers;
    private readonly ScalarType dtype;
    private readonly Device device;

    /// <param name="axes">The convolution's spatial dimensions; none if it gives one number everywhere.</param>
    /// <param name="size">The image's size along each of them.</param>
    /// <param name="answer">The answer to a small image, [out_channels, spatial...].</param>
    public PlacedConstants(ConstantAxis[] axes, long[] size, Tensor answer)
    {
        inputSize = size;
        outputSize = [.. axes.Select((axis, index) => axis.OutputSize(size[index]))];
        parts = [.. axes.Select((axis, index) => axis.Parts(size[index]).ToArray())];
        dtype = answer.dtype;
        device = answer.device;
        var found = new List<Tensor>();
        Collect(answer, 0, found);
        numbers = [.. found];
    }

    /// <summary>Whether it fits the output for an image of that size.</summary>
    public bool IsFor(long[] size, Tensor output) =>
        inputSize.AsSpan().SequenceEqual(size) && output.dtype == dtype && output.device.IsSameAs(device);

    /// <summary>
    /// Adds them in place: each element gets one number, once, so that it is rounded once. The gradient of a sum with a
    /// constant is that of the other summand, so autograd need not see it.
    /// </summary>
    public void AddTo(Tensor output)
    {
        if (!output.shape.AsSpan()[^parts.Length..].SequenceEqual(outputSize))
        {
            throw new InvalidOperationException(
                $"Found an output of shape {Text.Shape(output)} from a convolution whose normalization is folded in; wanted {Text.Sizes(outputSize)} in its last dimensions. A hook that runs before it may not change the output's size.");
        }

        if (output.numel() == 0)
        {
            return;
        }

        using IDisposable? grad = output.requires_grad ? no_grad() : null;
        int next = 0;
        Add(output, 0, ref next);
    }

    private void Add(Tensor output, int axis, ref int next)
    {
        if (axis == parts.Length)
        {
            output.add_(numbers[next++], One);
            return;
        }

        foreach (ConstantPart part in parts[axis])
        {
            if (parts[axis].Length == 1)
            {
                Add(output, axis + 1, ref next);
                continue;
            }

            using Tensor piece = output.slice(axis - parts.Length, part.Start, part.End, part.Step);
            Add(piece, axis + 1, ref next);
        }
    }

    /// <summary>The numbers of the parts in the order in which <see cref="Add"/> comes to them.</summary>
    private void Collect(Tensor answer, int axis, List<Tensor> found)
    {
        if (axis == parts.Length)
        {
            found.Add(answer.alias().DetachFromDisposeScope());
            return;
        }

        foreach (ConstantPart part in parts[axis])
        {
            using Tensor piece = answer.slice(axis - parts.Length, part.SmallStart, part.SmallEnd, Math.Max(1, part.SmallStep));
            Collect(piece, axis + 1, found);
        }
    }
}
