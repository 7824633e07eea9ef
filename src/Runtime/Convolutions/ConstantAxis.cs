namespace ChannelGen.Convolutions;

/// <summary>
/// Where, along one spatial dimension, a convolution's answer to a constant image is which: a few positions at the start and
/// at the end, whose windows reach into the padding, and between them one number (of a transposed convolution, one number
/// for each position of its stride). All of it stands in the answer to a small image, whatever the size of the large one.
/// </summary>
/// <param name="Kernel">The kernel's size.</param>
/// <param name="Stride">The stride.</param>
/// <param name="Dilation">The distance between the kernel's elements.</param>
/// <param name="Before">The zeros laid before the image; of a transposed convolution, what is cut off at each side.</param>
/// <param name="After">The zeros laid after the image; of a transposed convolution, the output's additional size.</param>
/// <param name="Transposed">Whether the convolution is transposed.</param>
internal readonly record struct ConstantAxis(long Kernel, long Stride, long Dilation, long Before, long After, bool Transposed)
{
    /// <summary>How many positions of the image one window spans.</summary>
    private long Extent => (Dilation * (Kernel - 1)) + 1;

    /// <summary>The size of the output for an image of that size.</summary>
    public long OutputSize(long size) =>
        Transposed ? ((size - 1) * Stride) - (2 * Before) + Extent + After : ((size + Before + After - Extent) / Stride) + 1;

    /// <summary>
    /// The side of the small image whose answer has every number that the answer to one of <paramref name="size"/> has: that
    /// of an image in which both borders find room, or the size itself if it is smaller.
    /// </summary>
    public long SmallSide(long size)
    {
        if (!Transposed)
        {
            return Math.Min(size, Extent);
        }

        long side = 1;
        while (side < size && InteriorEnd(side) - InteriorStart < Stride)
        {
            side++;
        }

        return side;
    }

    /// <summary>
    /// For each position of the output for an image of <paramref name="size"/>, where its number is in the small answer: that
    /// to an image of <see cref="SmallSide"/>, with stride 1 unless the convolution is transposed.
    /// </summary>
    public long[] Places(long size)
    {
        var places = new long[OutputSize(size)];
        long small = SmallSide(size);
        for (long position = 0; position < places.Length; position++)
        {
            places[position] = Transposed ? TransposedPlace(position, size, small) : PaddedPlace(position, size);
        }

        return places;
    }

    /// <summary>
    /// The output for an image of that size in parts: the positions at the start, each with its own number, those between the
    /// borders, which share one (one for each phase of a transposed convolution's stride), and those at the end.
    /// </summary>
    public ConstantPart[] Parts(long size)
    {
        long[] places = Places(size);
        (long start, long end) = Interior(size);
        if (start >= end)
        {
            return [ConstantPart.All(places)];
        }

        var parts = new List<ConstantPart> { new(0, start, 1, places[..(int)start]) };
        long period = Transposed ? Stride : 1;
        for (long first = start; first < Math.Min(end, start + period); first++)
        {
            parts.Add(new ConstantPart(first, end, period, [places[first]]));
        }

        parts.Add(new ConstantPart(end, places.Length, 1, places[(int)end..]));
        return [.. parts.Where(part => part.Start < part.End)];
    }

    /// <summary>The positions whose windows reach into no padding.</summary>
    private (long Start, long End) Interior(long size) =>
        Transposed ? (SmallSide(size) == size ? (0, 0) : (InteriorStart, InteriorEnd(size)))
        : size < Extent ? (0, 0)
        : (Math.Min(OutputSize(size), Ceiling(Before, Stride)), Math.Min(OutputSize(size), Ceiling(size + Before - Extent + 1, Stride)));

    private long PaddedPlace(long position, long size)
    {
        long window = (position * Stride) - Before;
        long beyond = window + Extent - size;

        // A window of an image as small as the kernel may reach into both paddings: then the small answer is the whole one.
        return size < Extent || window < 0 ? Before + window : Before + Math.Max(0, beyond);
    }

    private long TransposedPlace(long position, long size, long small) =>
        position < InteriorStart || small == size ? position
        : position < InteriorEnd(size) ? InteriorStart + ((position - InteriorStart) % Stride)
        : position - InteriorEnd(size) + InteriorEnd(small);

    /// <summary>Of a transposed convolution: the first position to which no element of the kernel is missing.</summary>
    private long InteriorStart => Math.Max(0, Extent - 1 - Before);

    /// <summary>Of a transposed convolution: the position after the last to which none is missing.</summary>
    private long InteriorEnd(long size) => Math.Min(OutputSize(size), (size * Stride) - Before);

    private static long Ceiling(long dividend, long divisor) => (dividend + divisor - 1) / divisor;
}

/// <summary>Positions of an output along one dimension, and where in the small answer their numbers are.</summary>
/// <param name="Start">The first position.</param>
/// <param name="End">The position after the last.</param>
/// <param name="Step">The distance of the positions.</param>
/// <param name="Places">A place for each of them, or one for all.</param>
internal sealed record ConstantPart(long Start, long End, long Step, long[] Places)
{
    public static ConstantPart All(long[] places) => new(0, places.Length, 1, places);
}
