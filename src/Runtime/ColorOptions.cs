namespace ChannelGen;

/// <summary>What <c>ToColor</c> cannot know by itself.</summary>
public sealed record ColorOptions : ConversionOptions
{
    /// <summary>
    /// The normalization (three channels) that color images go through before the network. With it, the kernel of channel i
    /// is luma_i * Std[i] / gray std times the gray kernel, and the means are accounted for.
    /// </summary>
    public ChannelNormalization? Normalization { get; init; }

    /// <summary>The normalization (one channel) that the gray network was trained with. Null: none.</summary>
    public ChannelNormalization? GrayNormalization { get; init; }

    internal ColorOptions Checked()
    {
        if (Normalization is { } color && color.Mean.Count != 3)
        {
            throw new ArgumentException($"{nameof(Normalization)} has {color.Mean.Count} channels; a color image has 3.");
        }

        if (GrayNormalization is { } gray && gray.Mean.Count != 1)
        {
            throw new ArgumentException($"{nameof(GrayNormalization)} has {gray.Mean.Count} channels; a gray image has 1.");
        }

        return this;
    }

    /// <summary>Whether a network converted with <paramref name="other"/> is what these options ask for.</summary>
    internal bool SameConversionAs(ColorOptions other) =>
        SamePlace(other) && Equals(Normalization, other.Normalization) && Equals(GrayNormalization, other.GrayNormalization);
}
