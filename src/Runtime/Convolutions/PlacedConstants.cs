using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// The numbers that are added to an output of one size, in few additions that each run over rows of memory: of an image, the
/// rows at the top, those at the bottom, and those between, which all get the same row of numbers.
/// </summary>
internal sealed class PlacedConstants
{
    // In bytes: what fits into a processor's own cache. Up to that, an addition of all numbers, or of a row of them, is faster
    // than one for each part.
    private const long FewNumbers = 1 << 18;

    // Without it, TorchSharp makes one at each addition and leaves it to the finalizer.
    private static readonly Scalar One = 1;

    private readonly long[] inputSize;
    private readonly long[] outputSize;
    private readonly bool channelsLast;
    private readonly ScalarType dtype;
    private readonly Device device;
    private readonly ConstantPart[][] parts;
    private readonly Tensor[] numbers;

    /// <param name="axes">The convolution's spatial dimensions; none if it gives one number everywhere.</param>
    /// <param name="size">The image's size along each of them.</param>
    /// <param name="answer">The answer to a small image, [out_channels, spatial...].</param>
    /// <param name="output">The output, for its layout and device.</param>
    public PlacedConstants(ConstantAxis[] axes, long[] size, Tensor answer, Tensor output)
    {
        inputSize = size;
        outputSize = [.. axes.Select((axis, index) => axis.OutputSize(size[index]))];
        channelsLast = IsChannelsLast(output);
        dtype = answer.dtype;
        device = output.device;
        parts = [.. axes.Select((axis, index) => axis.Parts(size[index]))];
        long row = answer.shape[0] * answer.element_size();
        if (axes.Length > 0 && outputSize.Aggregate(row, (product, positions) => product * positions) <= FewNumbers)
        {
            parts = [.. axes.Select((axis, index) => (ConstantPart[])[ConstantPart.All(axis.Places(size[index]))])];
        }
        else if (axes.Length > 1 && row * outputSize[^1] <= FewNumbers)
        {
            parts[^1] = [ConstantPart.All(axes[^1].Places(size[^1]))];
        }

        using DisposeScope scope = NewDisposeScope();
        var found = new List<Tensor>();
        Collect(answer, 0, found);
        numbers = [.. found];
    }

    /// <summary>Whether it fits the output for an image of that size.</summary>
    public bool IsFor(long[] size, Tensor output) =>
        inputSize.AsSpan().SequenceEqual(size)
        && output.dtype == dtype
        && output.device.IsSameAs(device)
        && IsChannelsLast(output) == channelsLast;

    /// <summary>
    /// Adds them in place: each element becomes its sum with one number, rounded once. The gradient of a sum with a constant
    /// is that of the other summand, so autograd need not see it.
    /// </summary>
    public void AddTo(Tensor output)
    {
        long[] shape = output.shape;
        if (!shape.AsSpan()[^outputSize.Length..].SequenceEqual(outputSize))
        {
            throw new InvalidOperationException(
                $"Found an output of shape {Text.Sizes(shape)} from a convolution whose normalization is folded in; "
                    + $"wanted {Text.Sizes(outputSize)} in its last dimensions. A hook that runs before it may not change the output's "
                    + "size."
            );
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
        }
        else if (parts[axis].Length == 1)
        {
            Add(output, axis + 1, ref next);
        }
        else
        {
            foreach (ConstantPart part in parts[axis])
            {
                using Tensor piece = output.slice(axis - parts.Length, part.Start, part.End, part.Step);
                Add(piece, axis + 1, ref next);
            }
        }
    }

    /// <summary>The numbers of the parts in the order in which <see cref="Add"/> comes to them.</summary>
    private void Collect(Tensor answer, int axis, List<Tensor> found)
    {
        if (axis == parts.Length)
        {
            found.Add(Laid(answer));
            return;
        }

        foreach (ConstantPart part in parts[axis])
        {
            using Tensor indices = tensor(part.Places);
            Collect(answer.index_select(axis + 1, indices), axis + 1, found);
        }
    }

    /// <summary>With the output's own order in memory, so that both are read in a row; no dispose scope reaches it.</summary>
    private Tensor Laid(Tensor part)
    {
        if (!channelsLast)
        {
            return part.contiguous().to(device).DetachFromDisposeScope();
        }

        long[] spatial = [.. Enumerable.Range(1, (int)part.dim() - 1).Select(dimension => (long)dimension)];
        Tensor laid = part.permute([.. spatial, 0]).contiguous().to(device);
        return laid.permute([spatial.Length, .. spatial.Select(dimension => dimension - 1)]).DetachFromDisposeScope();
    }

    private static bool IsChannelsLast(Tensor output) => output.stride((int)output.dim() - 1) != 1;
}
