namespace ChannelGen;

/// <summary>What <c>ToColor</c> cannot know by itself.</summary>
public sealed record ColorOptions
{
    /// <summary>
    /// The path of the convolution that receives the image, as in the state_dict without ".weight". Null: the only
    /// convolution with one input channel, else those that are seen to receive the image.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>
    /// The normalization (three channels) that color images go through before the network. With it, the kernel of channel i
    /// is luma_i * Std[i] / gray std times the gray kernel, and the means are accounted for.
    /// </summary>
    public ChannelNormalization? Normalization { get; init; }

    /// <summary>The normalization (one channel) that the gray network was trained with. Null: none.</summary>
    public ChannelNormalization? GrayNormalization { get; init; }

    /// <summary>The shape of an image that the network takes, such as [1, 1, 28, 28]. Null: the usual sizes are tried.</summary>
    public IReadOnlyList<long>? ImageShape { get; init; }

    /// <summary>See <see cref="GrayscaleOptions.Image"/>.</summary>
    public string? Image { get; init; }

    /// <summary>See <see cref="GrayscaleOptions.Example"/>; the image has three channels.</summary>
    public IReadOnlyList<object?>? Example { get; init; }

    /// <summary>
    /// Whether the network is run once gray and once converted on a small image to see that the outputs agree before the
    /// conversion is kept. True by default.
    /// </summary>
    public bool Probe { get; init; } = true;

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
        (Layer is null || other.Layer is null || Layer == other.Layer)
        && Equals(Normalization, other.Normalization)
        && Equals(GrayNormalization, other.GrayNormalization);
}
