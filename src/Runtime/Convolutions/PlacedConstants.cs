using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// The numbers that are added to an output of one size: one for each channel, and others in strips along the borders; or all
/// of them, where they are so few that one addition is faster than several.
/// </summary>
internal sealed class PlacedConstants
{
    // In bytes: what fits into a processor's own cache.
    private const long FewNumbers = 1 << 18;

    // Without it, TorchSharp makes one at each addition and leaves it to the finalizer.
    private static readonly Scalar One = 1;

    private readonly long[] inputSize;
    private readonly long[][] places;
    private readonly bool channelsLast;
    private readonly Tensor answer;
    private readonly Tensor? everywhere;
    private readonly Strip[] strips = [];

    /// <param name="axes">The convolution's spatial dimensions; none if it gives one number everywhere.</param>
    /// <param name="size">The image's size along each of them.</param>
    /// <param name="answer">The answer to a small image, [out_channels, spatial...].</param>
    /// <param name="output">The output, for its layout.</param>
    public PlacedConstants(ConstantAxis[] axes, long[] size, Tensor answer, Tensor output)
    {
        inputSize = size;
        this.answer = answer;
        channelsLast = IsChannelsLast(output);
        places = [.. axes.Select((axis, index) => axis.Places(size[index]))];
        if (places.Length == 0)
        {
            everywhere = answer;
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        long channels = answer.shape[0];
        long all = places.Aggregate(channels, (product, positions) => product * positions.Length);
        if (all * answer.element_size() <= FewNumbers)
        {
            everywhere = Laid(Expanded(places));
            return;
        }

        (int Start, int Count)[] interiors = [.. places.Select(LongestRun)];
        long inStrips = interiors.Select((interior, axis) => all / places[axis].Length * (places[axis].Length - interior.Count)).Sum();
        if (inStrips > all / 2)
        {
            // No number prevails, as in a transposed convolution with a stride: they are put in place each time.
            return;
        }

        everywhere = Laid(Expanded([.. interiors.Select((interior, axis) => (long[])[places[axis][interior.Start]])]));
        strips = [.. Enumerable.Range(0, places.Length).SelectMany(axis => Strips(axis, interiors[axis]))];
    }

    /// <summary>Whether it fits the output for an image of that size.</summary>
    public bool IsFor(long[] size, Tensor output) =>
        inputSize.AsSpan().SequenceEqual(size)
        && output.dtype == answer.dtype
        && output.device.IsSameAs(answer.device)
        && IsChannelsLast(output) == channelsLast;

    /// <summary>
    /// Adds them in place: each element becomes its sum with one number, rounded once. The gradient of a sum with a constant
    /// is that of the other summand, so autograd need not see it.
    /// </summary>
    public void AddTo(Tensor output)
    {
        long[] shape = output.shape;
        for (int axis = 0; axis < places.Length; axis++)
        {
            if (shape[shape.Length - places.Length + axis] != places[axis].Length)
            {
                throw new InvalidOperationException(
                    $"Found an output of shape {Text.Sizes(shape)} from a convolution whose normalization is folded in; wanted {Text.Sizes([.. places.Select(positions => (long)positions.Length)])} in its last dimensions. A hook that runs before it may not change the output's size.");
            }
        }

        using IDisposable? grad = output.requires_grad ? no_grad() : null;
        if (everywhere is null)
        {
            using Tensor numbers = Expanded(places);
            output.add_(numbers, One);
        }
        else if (strips.Length == 0)
        {
            output.add_(everywhere, One);
        }
        else
        {
            AddStrips(output, everywhere);
        }
    }

    /// <summary>
    /// The sums in the strips are taken first and put in place last, so that the addition of the one number between them runs
    /// over the whole output, whose memory lies in a row.
    /// </summary>
    private void AddStrips(Tensor output, Tensor number)
    {
        var sums = new (Tensor Part, Tensor Sum)[strips.Length];
        for (int index = 0; index < strips.Length; index++)
        {
            Strip strip = strips[index];
            Tensor part = output.slice(strip.Axis - places.Length, strip.Start, strip.End, 1);
            sums[index] = (part, part.add(strip.Numbers, One));
        }

        output.add_(number, One);
        foreach ((Tensor part, Tensor sum) in sums)
        {
            part.copy_(sum);
            sum.Dispose();
            part.Dispose();
        }
    }

    private IEnumerable<Strip> Strips(int axis, (int Start, int Count) interior)
    {
        int end = interior.Start + interior.Count;
        if (interior.Start > 0)
        {
            yield return new Strip(axis, 0, interior.Start, Numbers(places[axis][..interior.Start]));
        }

        if (end < places[axis].Length)
        {
            yield return new Strip(axis, end, places[axis].Length, Numbers(places[axis][end..]));
        }

        Tensor Numbers(long[] positions) => Laid(Expanded([.. places.Select((all, other) => other == axis ? positions : all)]));
    }

    /// <summary>The numbers at these places along each dimension, as a tensor of its own.</summary>
    private Tensor Expanded(long[][] positions)
    {
        Tensor expanded = answer.alias();
        for (int axis = 0; axis < positions.Length; axis++)
        {
            using Tensor indices = tensor(positions[axis], device: answer.device);
            Tensor previous = expanded;
            expanded = previous.index_select(axis + 1, indices);
            previous.Dispose();
        }

        return expanded;
    }

    /// <summary>With the output's own order in memory, so that both are read in a row, and out of reach of dispose scopes.</summary>
    private Tensor Laid(Tensor numbers)
    {
        if (!channelsLast)
        {
            return numbers.DetachFromDisposeScope();
        }

        long[] spatial = [.. Enumerable.Range(1, places.Length).Select(dimension => (long)dimension)];
        using Tensor inward = numbers.permute([.. spatial, 0]);
        using Tensor laid = inward.contiguous();
        numbers.Dispose();
        return laid.permute([spatial.Length, .. spatial.Select(dimension => dimension - 1)]).DetachFromDisposeScope();
    }

    private static bool IsChannelsLast(Tensor output) => output.stride((int)output.dim() - 1) != 1;

    /// <summary>The longest run of one number.</summary>
    private static (int Start, int Count) LongestRun(long[] values)
    {
        (int Start, int Count) longest = (0, 0);
        int start = 0;
        for (int index = 1; index <= values.Length; index++)
        {
            if (index == values.Length || values[index] != values[start])
            {
                longest = index - start > longest.Count ? (start, index - start) : longest;
                start = index;
            }
        }

        return longest;
    }

    /// <summary>Positions of the output along one dimension, and what is added there.</summary>
    private sealed record Strip(int Axis, long Start, long End, Tensor Numbers);
}
