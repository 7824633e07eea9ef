namespace ChannelGen.Convolutions;

/// <summary>
/// Where, along one spatial dimension, a convolution's answer to a constant image is which: a few positions at the start and
/// at the end, whose windows reach into the padding, and between them one number (of a transposed convolution, one number
/// for each position of its stride). All of it stands in the answer to a small image, whatever the size of the large one.
/// </summary>
/// <param name="Kernel">The kernel's size.</param>
/// <param name="Stride">The stride.</param>
/// <param name="Dilation">The distance between the kernel's elements.</param>
/// <param name="Before">The zeros laid before the image; of a transposed convolution, what is cut off.</param>
/// <param name="After">The zeros laid after the image; of a transposed convolution, the output's additional size.</param>
/// <param name="Transposed">Whether the convolution is transposed.</param>
internal readonly record struct ConstantAxis(long Kernel, long Stride, long Dilation, long Before, long After, bool Transposed)
{
    /// <summary>How many positions of the image one window spans.</summary>
    private long Extent => (Dilation * (Kernel - 1)) + 1;

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

    /// <summary>The size of the output for an image of that size.</summary>
    public long OutputSize(long size) => Transposed
        ? ((size - 1) * Stride) - (2 * Before) + Extent + After
        : ((size + Before + After - Extent) / Stride) + 1;

    /// <summary>
    /// The output for an image of that size in parts, and where in the small answer each part's numbers are. The small answer
    /// is that to an image of <see cref="SmallSide"/>, and of a convolution that is not transposed, that with stride 1.
    /// </summary>
    public IEnumerable<ConstantPart> Parts(long size) => (Transposed ? TransposedParts(size) : PaddedParts(size)).Where(part => part.Start < part.End);

    private IEnumerable<ConstantPart> PaddedParts(long size)
    {
        long output = OutputSize(size);
        long start = Math.Min(output, Ceiling(Before, Stride));
        if (size < Extent)
        {
            // A window may reach into both paddings: the small answer is the whole one.
            yield return new ConstantPart(0, output, 1, 0, Stride);
            yield break;
        }

        // The first window that reaches beyond the end, and how far it does.
        long end = Math.Min(output, Ceiling(size + Before - Extent + 1, Stride));
        long beyond = (end * Stride) - Before + Extent - size;
        yield return new ConstantPart(0, start, 1, 0, Stride);
        yield return new ConstantPart(start, end, 1, Before, 0);
        yield return new ConstantPart(end, output, 1, Before + beyond, Stride);
    }

    private IEnumerable<ConstantPart> TransposedParts(long size)
    {
        long output = OutputSize(size);
        long small = SmallSide(size);
        if (small == size)
        {
            yield return new ConstantPart(0, output, 1, 0, 1);
            yield break;
        }

        long end = InteriorEnd(size);
        yield return new ConstantPart(0, InteriorStart, 1, 0, 1);
        for (long phase = 0; phase < Stride; phase++)
        {
            yield return new ConstantPart(InteriorStart + phase, end, Stride, InteriorStart + phase, 0);
        }

        yield return new ConstantPart(end, output, 1, InteriorEnd(small), 1);
    }

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
/// <param name="SmallStart">Where the number of the first is.</param>
/// <param name="SmallStep">The distance of the numbers; 0 if all positions have the same.</param>
internal readonly record struct ConstantPart(long Start, long End, long Step, long SmallStart, long SmallStep)
{
    public long Count => (End - Start + Step - 1) / Step;

    /// <summary>The position after the last number in the small answer.</summary>
    public long SmallEnd => SmallStep == 0 ? SmallStart + 1 : SmallStart + ((Count - 1) * SmallStep) + 1;
}
