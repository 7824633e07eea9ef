using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// How the channels that a convolution was made for follow from the channels that it will be given:
/// old_i = sum_j Factors[i, j] * new_j + Offsets[i]. Every conversion here is one of these.
/// </summary>
/// <param name="Factors">One row for each old channel, one column for each new channel.</param>
/// <param name="Offsets">One number for each old channel.</param>
internal sealed record ChannelMap(double[,] Factors, double[] Offsets)
{
    public int OldChannels => Factors.GetLength(0);

    public int NewChannels => Factors.GetLength(1);

    public bool HasOffset => Array.Exists(Offsets, offset => offset != 0);

    /// <summary>Whether every old channel is the sum of the new ones as they are.</summary>
    public bool IsPlainSum => !HasOffset && Factors.Cast<double>().All(factor => factor == 1);

    /// <summary>
    /// Color to gray: each of the identical channels is the gray one, scaled and normalized: (g * scale - mean_i) / std_i.
    /// </summary>
    public static ChannelMap ToGray(int channels, double scale = 1, ChannelNormalization? normalization = null)
    {
        var factors = new double[channels, 1];
        var offsets = new double[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            (double mean, double std) = At(normalization, channel);
            factors[channel, 0] = scale / std;
            offsets[channel] = -mean / std;
        }

        return new ChannelMap(factors, offsets);
    }

    /// <summary>
    /// Gray to color: (sum_i luma_i * c_i - mean) / std, where c_i = std_i * x_i + mean_i undoes the color normalization.
    /// </summary>
    public static ChannelMap ToColor(LumaCoefficients luma, ChannelNormalization? color = null, ChannelNormalization? gray = null)
    {
        (double grayMean, double grayStd) = At(gray, 0);
        double[] weights = luma.ToArray();
        var factors = new double[1, weights.Length];
        double mean = 0;
        for (int channel = 0; channel < weights.Length; channel++)
        {
            (double colorMean, double colorStd) = At(color, channel);
            factors[0, channel] = weights[channel] * colorStd / grayStd;
            mean += weights[channel] * colorMean;
        }

        return new ChannelMap(factors, [(mean - grayMean) / grayStd]);
    }

    /// <summary>
    /// The raw gray value of a color image that was scaled and normalized: sum_i luma_i * (std_i * x_i + mean_i) / scale.
    /// </summary>
    public static ChannelMap FromNormalizedColor(LumaCoefficients luma, double scale, ChannelNormalization? color)
    {
        double[] weights = luma.ToArray();
        var factors = new double[1, weights.Length];
        double offset = 0;
        for (int channel = 0; channel < weights.Length; channel++)
        {
            (double mean, double std) = At(color, channel);
            factors[0, channel] = weights[channel] * std / scale;
            offset += weights[channel] * mean / scale;
        }

        return new ChannelMap(factors, [offset]);
    }

    /// <summary>
    /// The normalized color channels of an image whose channels are one gray image, given as its gray network takes it:
    /// (std * g + mean - mean_i) / std_i.
    /// </summary>
    public static ChannelMap FromNormalizedGray(ChannelNormalization? color, ChannelNormalization? gray)
    {
        (double grayMean, double grayStd) = At(gray, 0);
        var factors = new double[3, 1];
        var offsets = new double[3];
        for (int channel = 0; channel < 3; channel++)
        {
            (double mean, double std) = At(color, channel);
            factors[channel, 0] = grayStd / std;
            offsets[channel] = (grayMean - mean) / std;
        }

        return new ChannelMap(factors, offsets);
    }

    /// <summary>Each old channel scaled and shifted by itself, as GoogLeNet's transform_input does.</summary>
    public static ChannelMap PerChannel(double[] scales, double[] offsets)
    {
        var factors = new double[scales.Length, scales.Length];
        for (int channel = 0; channel < scales.Length; channel++)
        {
            factors[channel, channel] = scales[channel];
        }

        return new ChannelMap(factors, offsets);
    }

    /// <summary>Not an equivalence: kernels repeated over more or fewer channels, scaled so that sums keep their size.</summary>
    public static ChannelMap Tile(int channels, long wanted)
    {
        var factors = new double[channels, wanted];
        for (long fresh = 0; fresh < wanted; fresh++)
        {
            factors[fresh % channels, fresh] = (double)channels / wanted;
        }

        return new ChannelMap(factors, new double[channels]);
    }

    /// <summary>The same with a further new channel, of ones, in place of the offsets; this map if it has none.</summary>
    public ChannelMap WithOnes()
    {
        if (!HasOffset)
        {
            return this;
        }

        var factors = new double[OldChannels, NewChannels + 1];
        for (int old = 0; old < OldChannels; old++)
        {
            for (int fresh = 0; fresh < NewChannels; fresh++)
            {
                factors[old, fresh] = Factors[old, fresh];
            }

            factors[old, NewChannels] = Offsets[old];
        }

        return new ChannelMap(factors, new double[OldChannels]);
    }

    /// <summary>This map after <paramref name="inner"/>, which gives the channels that this one takes.</summary>
    public ChannelMap After(ChannelMap inner)
    {
        var factors = new double[OldChannels, inner.NewChannels];
        var offsets = (double[])Offsets.Clone();
        for (int old = 0; old < OldChannels; old++)
        {
            for (int middle = 0; middle < NewChannels; middle++)
            {
                offsets[old] += Factors[old, middle] * inner.Offsets[middle];
                for (int fresh = 0; fresh < inner.NewChannels; fresh++)
                {
                    factors[old, fresh] += Factors[old, middle] * inner.Factors[middle, fresh];
                }
            }
        }

        return new ChannelMap(factors, offsets);
    }

    /// <summary>The old channels of an image given in the new ones, in float64 and rounded once to the image's dtype.</summary>
    public Tensor Apply(Tensor image, long dimension)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor exact = image.to(ScalarType.Float64);
        var channels = new Tensor[OldChannels];
        for (int old = 0; old < channels.Length; old++)
        {
            channels[old] = Offsets[old] + (exact.narrow(dimension, 0, 1) * Factors[old, 0]);
            for (int fresh = 1; fresh < NewChannels; fresh++)
            {
                channels[old] += exact.narrow(dimension, fresh, 1) * Factors[old, fresh];
            }
        }

        return cat(channels, dimension).to(image.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The map of magnitudes: |old_i| is at most what it makes of |new_j|.</summary>
    public ChannelMap Magnitudes()
    {
        var factors = new double[OldChannels, NewChannels];
        for (int old = 0; old < OldChannels; old++)
        {
            for (int fresh = 0; fresh < NewChannels; fresh++)
            {
                factors[old, fresh] = Math.Abs(Factors[old, fresh]);
            }
        }

        return new ChannelMap(factors, Array.ConvertAll(Offsets, Math.Abs));
    }

    private static (double Mean, double Std) At(ChannelNormalization? normalization, int channel) =>
        normalization is null ? (0, 1)
        : normalization.Mean.Count == 1 ? (normalization.Mean[0], normalization.Std[0])
        : (normalization.Mean[channel], normalization.Std[channel]);
}
