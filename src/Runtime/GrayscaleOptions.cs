namespace ChannelGen;

/// <summary>What <c>ToGrayscale</c> cannot know by itself.</summary>
public sealed record GrayscaleOptions
{
    /// <summary>
    /// The path of the convolution that receives the image, as in the state_dict without ".weight" ("conv1", "features.0").
    /// Null: the only convolution with <see cref="InChannels"/> input channels, else those that are seen to receive the image.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>
    /// The normalization that stacked images went through before the network; folded into the conversion, so that the gray
    /// network takes the image without it. Null: none, or one that is the same for every channel and stays where it is.
    /// </summary>
    public ChannelNormalization? Normalization { get; init; }

    /// <summary>
    /// What gray values are multiplied by before <see cref="Normalization"/>: 1/255.0 for 8-bit input, 1/65535.0 for 16-bit.
    /// Folded into the conversion.
    /// </summary>
    public double InputScale { get; init; } = 1;

    /// <summary>
    /// How many identical channels the network takes: 3 unless said, or for a bare convolution as many as it has. 2 turns
    /// stereo into mono.
    /// </summary>
    public long? InChannels { get; init; }

    /// <summary>
    /// Keeps the color kernels beside the network (the first layer only), so that <c>RestoreColor()</c> is exact and
    /// <c>Verify</c> can compare. Without it the way back is <c>ToColor(LumaCoefficients)</c>, which spreads the gray kernels.
    /// </summary>
    public bool KeepColorWeights { get; init; }

    /// <summary>
    /// The shape of an image that the network takes, channels left out of account, such as [1, 1, 28, 28]; for networks that
    /// accept a single size only. Null: the usual sizes are tried.
    /// </summary>
    public IReadOnlyList<long>? ImageShape { get; init; }

    /// <summary>
    /// Whether the network is run once on a small stacked image and once converted, under no_grad and with modes, buffers,
    /// hooks and random state left as they are, to see that the outputs agree before the conversion is kept. True unless said.
    /// </summary>
    public bool Probe { get; init; } = true;

    /// <summary>Whether a network converted with <paramref name="other"/> is what these options ask for.</summary>
    internal bool SameConversionAs(GrayscaleOptions other) =>
        (Layer is null || other.Layer is null || Layer == other.Layer)
        && Equals(Normalization, other.Normalization)
        && InputScale == other.InputScale
        && (InChannels is null || other.InChannels is null || InChannels == other.InChannels);

    internal GrayscaleOptions Checked()
    {
        if (!double.IsFinite(InputScale) || InputScale == 0)
        {
            throw new ArgumentException($"{nameof(InputScale)} is {InputScale}; wanted a finite number other than zero, such as 1 / 255.0.");
        }

        if (InChannels is { } channels && channels < 2)
        {
            throw new ArgumentException($"{nameof(InChannels)} is {channels}; wanted the number of identical channels that are to become one, 2 or more.");
        }

        return this;
    }
}
