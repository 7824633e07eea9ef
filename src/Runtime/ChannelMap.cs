using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen;

/// <summary>
/// How the channels that a network was made for follow from the channels that it will be given:
/// old_i = sum_j factor[i, j] * new_j + offset_i. Every conversion is one of these, and <c>ToChannels</c> takes any of them.
/// </summary>
/// <example>
/// Two gray images beside each other, normalized as color images were:
/// <c>ChannelMap.Gray().Normalized(ChannelNormalization.ImageNet).Repeated(2)</c>.
/// A gray image and a mask: <c>ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep())</c>.
/// </example>
public sealed class ChannelMap : IEquatable<ChannelMap>
{
    // Of a number that TorchSharp itself turns into a Scalar on the way, the memory may be collected while libtorch reads it.
    private static readonly Scalar One = 1;

    private readonly double[,] factors;
    private readonly double[] offsets;

    /// <summary>A map from its numbers.</summary>
    /// <param name="factors">One row for each old channel, one column for each new channel.</param>
    /// <param name="offsets">One number for each old channel; null for zeros.</param>
    /// <exception cref="ArgumentException">There are not as many offsets as rows, or a number is not finite.</exception>
    public ChannelMap(double[,] factors, IReadOnlyList<double>? offsets = null)
    {
        ArgumentNullException.ThrowIfNull(factors);
        this.factors = (double[,])factors.Clone();
        this.offsets = offsets is null ? new double[OldChannels] : [.. offsets];
        if (this.offsets.Length != OldChannels)
        {
            throw new ArgumentException(
                $"Found {this.offsets.Length} offsets for {OldChannels} rows of factors; wanted one for each old channel.",
                nameof(offsets)
            );
        }

        if (!factors.Cast<double>().Concat(this.offsets).All(double.IsFinite))
        {
            throw new ArgumentException("The factors and offsets of a channel map are not all finite numbers.", nameof(factors));
        }
    }

    /// <summary>The channels that the network was made for.</summary>
    public int OldChannels => factors.GetLength(0);

    /// <summary>The channels that it will be given.</summary>
    public int NewChannels => factors.GetLength(1);

    /// <summary>What is added to each old channel.</summary>
    public IReadOnlyList<double> Offsets => offsets;

    /// <summary>By how much a new channel counts in an old one.</summary>
    /// <param name="oldChannel">The old channel, from 0.</param>
    /// <param name="newChannel">The new channel, from 0.</param>
    public double this[int oldChannel, int newChannel] => factors[oldChannel, newChannel];

    internal bool HasOffset => Array.Exists(offsets, offset => offset != 0);

    /// <summary>Whether every old channel is the one new channel as it is.</summary>
    internal bool IsCopies => NewChannels == 1 && !HasOffset && factors.Cast<double>().All(factor => factor == 1);

    /// <summary>For each old channel the first that is the same as it, or itself.</summary>
    internal int[] FirstEqual
    {
        get
        {
            double[][] rows = [.. offsets.Select((offset, old) => (double[])[offset, .. Row(old)])];
            return [.. rows.Select(row => Array.FindIndex(rows, first => first.AsSpan().SequenceEqual(row)))];
        }
    }

    /// <summary>A gray image copied into each channel, as stacking does it.</summary>
    /// <param name="copies">The channels of the network.</param>
    public static ChannelMap Gray(int copies = 3) => Filled(copies, 1, (_, _) => 1);

    /// <summary>The gray image of a network that will be given color: the three channels weighted.</summary>
    /// <param name="luma">The weight of each color.</param>
    /// <exception cref="ArgumentException">They are all zero or not finite.</exception>
    public static ChannelMap Luma(LumaCoefficients luma)
    {
        double[] weights = luma.Checked(nameof(luma)).ToArray();
        return Filled(1, weights.Length, (_, color) => weights[color]);
    }

    /// <summary>One channel that is the mean of several: a network of mono sound that will be given stereo.</summary>
    /// <param name="channels">How many.</param>
    public static ChannelMap Average(int channels) => Filled(1, channels, (_, _) => 1.0 / channels);

    /// <summary>Channels that stay as they are, such as a mask, labels, depth or coordinates.</summary>
    /// <param name="channels">How many.</param>
    public static ChannelMap Keep(int channels = 1) => Filled(channels, channels, (old, fresh) => old == fresh ? 1 : 0);

    /// <summary>A channel that was always the same number, such as zeros, and is left out from now on.</summary>
    /// <param name="value">The number.</param>
    public static ChannelMap Constant(double value = 0) => new(new double[1, 0], [value]);

    /// <summary>A choice of channels, in any order: old channel i is the new channel that stands at i. The others are ignored.</summary>
    /// <param name="newChannels">How many channels there will be.</param>
    /// <param name="chosen">For each old channel the new one, from 0. (2, 1, 0) of 3 turns BGR into RGB.</param>
    /// <exception cref="ArgumentException">There is no such new channel.</exception>
    public static ChannelMap Choose(int newChannels, params int[] chosen)
    {
        ArgumentNullException.ThrowIfNull(chosen);
        return Array.TrueForAll(chosen, channel => channel >= 0 && channel < newChannels)
            ? Filled(chosen.Length, newChannels, (old, fresh) => chosen[old] == fresh ? 1 : 0)
            : throw new ArgumentException(
                $"Found the choice ({string.Join(", ", chosen)}); wanted numbers from 0 to {newChannels - 1}.",
                nameof(chosen)
            );
    }

    /// <summary>
    /// Maps of channels that lie beside each other: the old channels of the first, then those of the next; the new ones alike.
    /// </summary>
    /// <param name="parts">The maps, in the order of the channels.</param>
    public static ChannelMap Beside(params ChannelMap[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var factors = new double[parts.Sum(part => part.OldChannels), parts.Sum(part => part.NewChannels)];
        (int old, int fresh) = (0, 0);
        foreach (ChannelMap part in parts)
        {
            part.Each((row, column, factor) => factors[old + row, fresh + column] = factor);
            (old, fresh) = (old + part.OldChannels, fresh + part.NewChannels);
        }

        return new ChannelMap(factors, [.. parts.SelectMany(part => part.offsets)]);
    }

    /// <summary>
    /// This map for several images beside each other: the pairs of a network for optical flow, and networks that lay the pixels
    /// of a block beside each other as whole images (YOLOv5's Focus).
    /// </summary>
    /// <param name="times">How many images.</param>
    public ChannelMap Repeated(int times) => Beside([.. Enumerable.Repeat(this, times)]);

    /// <summary>
    /// This map for images that went through pixel_unshuffle: channel c becomes the channels c * factor * factor and following,
    /// one for each pixel of a block, row by row. Three copies with factor 2 map 12 channels to 4, with factor 8 192 to 64.
    /// </summary>
    /// <param name="factor">The side of a block, as pixel_unshuffle takes it.</param>
    public ChannelMap PixelUnshuffled(int factor)
    {
        int pixels = checked(factor * factor);
        return new ChannelMap(
            Filled(
                OldChannels * pixels,
                NewChannels * pixels,
                (old, fresh) => old % pixels == fresh % pixels ? factors[old / pixels, fresh / pixels] : 0
            ).factors,
            [.. offsets.SelectMany(offset => Enumerable.Repeat(offset, pixels))]
        );
    }

    /// <summary>This map where the old channels are normalized after it: (old_i - mean_i) / std_i.</summary>
    /// <param name="normalization">Of one channel, which goes for all, or of as many as there are old ones.</param>
    /// <exception cref="ArgumentException">It has another number of channels.</exception>
    public ChannelMap Normalized(ChannelNormalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        return normalization.Mean.Count == 1 || normalization.Mean.Count == OldChannels
            ? new ChannelMap(
                Filled(OldChannels, NewChannels, (old, fresh) => factors[old, fresh] / normalization.At(old).Std).factors,
                [.. offsets.Select((offset, old) => (offset - normalization.At(old).Mean) / normalization.At(old).Std)]
            )
            : throw new ArgumentException(
                $"The normalization has {normalization.Mean.Count} channels; wanted {OldChannels}, as many as the "
                    + "network was made for, or 1.",
                nameof(normalization)
            );
    }

    /// <summary>This map where the new channels are multiplied before it, as by 1/255.0 for 8-bit images.</summary>
    /// <param name="scale">What they are multiplied by.</param>
    public ChannelMap Scaled(double scale) =>
        new(Filled(OldChannels, NewChannels, (old, fresh) => factors[old, fresh] * scale).factors, offsets);

    /// <summary>This map after <paramref name="inner"/>, which gives the channels that this one takes.</summary>
    /// <param name="inner">The map that comes first.</param>
    /// <exception cref="ArgumentException">It gives another number of channels.</exception>
    public ChannelMap After(ChannelMap inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        if (inner.OldChannels != NewChannels)
        {
            throw new ArgumentException($"The inner map gives {inner.OldChannels} channels; wanted {NewChannels}.", nameof(inner));
        }

        var product = new double[OldChannels, inner.NewChannels];
        var sums = (double[])offsets.Clone();
        Each(
            (old, middle, factor) =>
            {
                sums[old] += factor * inner.offsets[middle];
                for (int fresh = 0; fresh < inner.NewChannels; fresh++)
                {
                    product[old, fresh] += factor * inner.factors[middle, fresh];
                }
            }
        );
        return new ChannelMap(product, sums);
    }

    /// <summary>The old channels of an image given in the new ones, in float64 and rounded once to the image's dtype.</summary>
    /// <param name="image">The image, of any number of dimensions.</param>
    /// <param name="dimension">Its dimension of channels.</param>
    /// <returns>A new tensor with <see cref="OldChannels"/> in that dimension.</returns>
    /// <exception cref="ArgumentException">It has another number of channels.</exception>
    public Tensor Apply(Tensor image, long dimension = 1)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (NewChannels == 0 || image.size((int)dimension) != NewChannels)
        {
            throw new ArgumentException(
                $"Found an image of shape {Text.Shape(image)}; wanted {NewChannels} in dimension {dimension}.",
                nameof(image)
            );
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor exact = image.to(ScalarType.Float64);
        var channels = new Tensor?[OldChannels];
        Each(
            (old, fresh, factor) =>
            {
                if (factor != 0)
                {
                    using Scalar scale = factor;
                    Tensor channel = exact.narrow(dimension, fresh, 1);
                    Tensor summand = factor == 1 ? channel : channel.mul(scale);
                    channels[old] = channels[old] is { } sum ? sum.add(summand, One) : summand;
                }
            }
        );
        Tensor[] all = [.. channels.Select((channel, old) => Shifted(channel ?? zeros_like(exact.narrow(dimension, 0, 1)), offsets[old]))];
        return cat(all, dimension).to(image.dtype, copy: true).MoveToOuterDisposeScope();
    }

    private static Tensor Shifted(Tensor channel, double offset)
    {
        using Scalar summand = offset;
        return offset == 0 ? channel : channel.add(summand, One);
    }

    /// <inheritdoc/>
    public bool Equals(ChannelMap? other) =>
        other is not null
        && (OldChannels, NewChannels) == (other.OldChannels, other.NewChannels)
        && factors.Cast<double>().SequenceEqual(other.factors.Cast<double>())
        && offsets.SequenceEqual(other.offsets);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ChannelMap);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OldChannels, NewChannels, factors.Cast<double>().Concat(offsets).Sum());

    /// <inheritdoc/>
    public override string ToString() =>
        $"{OldChannels} channels from {NewChannels}: "
        + string.Join("; ", offsets.Select((offset, old) => $"({string.Join(", ", Row(old))}) + {offset}"));

    /// <summary>
    /// Color to gray: each of the identical channels is the gray one, scaled and normalized: (g * scale - mean_i) / std_i.
    /// </summary>
    internal static ChannelMap ToGray(int channels, double scale = 1, ChannelNormalization? normalization = null) =>
        Gray(channels).Scaled(scale).NormalizedIf(normalization);

    /// <summary>
    /// Gray to color: (sum_i luma_i * c_i - mean) / std, where c_i = std_i * x_i + mean_i undoes the color normalization.
    /// </summary>
    internal static ChannelMap ToColor(LumaCoefficients luma, ChannelNormalization? color = null, ChannelNormalization? gray = null) =>
        Luma(luma).After(Undone(color, 3)).NormalizedIf(gray);

    /// <summary>
    /// The raw gray value of a color image that was scaled and normalized: sum_i luma_i * (std_i * x_i + mean_i) / scale.
    /// </summary>
    internal static ChannelMap FromNormalizedColor(LumaCoefficients luma, double scale, ChannelNormalization? color) =>
        ToColor(luma, color, new ChannelNormalization([0], [scale]));

    /// <summary>
    /// The normalized color channels of an image whose channels are one gray image, given as its gray network takes it:
    /// (std * g + mean - mean_i) / std_i.
    /// </summary>
    internal static ChannelMap FromNormalizedGray(ChannelNormalization? color, ChannelNormalization? gray) =>
        Gray().After(Undone(gray, 1)).NormalizedIf(color);

    /// <summary>Each old channel scaled and shifted by itself, as GoogLeNet's transform_input does.</summary>
    internal static ChannelMap PerChannel(double[] scales, double[] offsets) =>
        new(Filled(scales.Length, scales.Length, (old, fresh) => old == fresh ? scales[old] : 0).factors, offsets);

    /// <summary>Not an equivalence: kernels repeated over more or fewer channels, scaled so that sums keep their size.</summary>
    internal static ChannelMap Tile(int channels, long wanted) =>
        Filled(channels, checked((int)wanted), (old, fresh) => fresh % channels == old ? (double)channels / wanted : 0);

    /// <summary>
    /// Each old channel without its offset, and divided by its largest factor: what is the same up to a scale is the same.
    /// </summary>
    internal ChannelMap Directions() =>
        Filled(
            OldChannels,
            NewChannels,
            (old, fresh) => Row(old).MaxBy(Math.Abs) is var largest && largest != 0 ? factors[old, fresh] / largest : 0
        );

    /// <summary>The same with a further new channel, of ones, in place of the offsets.</summary>
    internal ChannelMap WithOnes() =>
        Filled(OldChannels, NewChannels + 1, (old, fresh) => fresh < NewChannels ? factors[old, fresh] : offsets[old]);

    /// <summary>The map of magnitudes: |old_i| is at most what it makes of |new_j|.</summary>
    internal ChannelMap Magnitudes() =>
        new(Filled(OldChannels, NewChannels, (old, fresh) => Math.Abs(factors[old, fresh])).factors, Array.ConvertAll(offsets, Math.Abs));

    /// <summary>Whether it is the same map but for rounding.</summary>
    internal bool IsNear(ChannelMap other) =>
        (OldChannels, NewChannels) == (other.OldChannels, other.NewChannels)
        && factors
            .Cast<double>()
            .Concat(offsets)
            .Zip(other.factors.Cast<double>().Concat(other.offsets))
            .All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5 * (1 + Math.Abs(pair.First)));

    internal double[] Column(int column) => [.. Enumerable.Range(0, OldChannels).Select(row => factors[row, column])];

    internal double[] Row(int row) => [.. Enumerable.Range(0, NewChannels).Select(column => factors[row, column])];

    private ChannelMap NormalizedIf(ChannelNormalization? normalization) => normalization is null ? this : Normalized(normalization);

    /// <summary>The channels of before a normalization from those after it.</summary>
    private static ChannelMap Undone(ChannelNormalization? normalization, int channels) =>
        normalization is null
            ? Keep(channels)
            : PerChannel(
                [.. Enumerable.Range(0, channels).Select(channel => normalization.At(channel).Std)],
                [.. Enumerable.Range(0, channels).Select(channel => normalization.At(channel).Mean)]
            );

    private static ChannelMap Filled(int oldChannels, int newChannels, Func<int, int, double> factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldChannels);
        ArgumentOutOfRangeException.ThrowIfNegative(newChannels);
        var factors = new double[oldChannels, newChannels];
        for (int old = 0; old < oldChannels; old++)
        {
            for (int fresh = 0; fresh < newChannels; fresh++)
            {
                factors[old, fresh] = factor(old, fresh);
            }
        }

        return new ChannelMap(factors);
    }

    private void Each(Action<int, int, double> action)
    {
        for (int old = 0; old < OldChannels; old++)
        {
            for (int fresh = 0; fresh < NewChannels; fresh++)
            {
                action(old, fresh, factors[old, fresh]);
            }
        }
    }
}
