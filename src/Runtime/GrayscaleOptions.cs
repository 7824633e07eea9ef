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
    /// Folded into the conversion, whose wrapper then takes images of every dtype.
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
    /// The paths of all convolutions that receive the image, where several do and it cannot be seen which; see
    /// <see cref="Layer"/>.
    /// </summary>
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>
    /// The name of forward's parameter that is the image, for networks of several inputs. Null: the first that is a tensor.
    /// </summary>
    public string? Image { get; init; }

    /// <summary>
    /// The shape of an image that the network takes, channels left out of account, such as [1, 1, 28, 28]; for networks that
    /// accept few sizes only. Null: the usual sizes are tried.
    /// </summary>
    public IReadOnlyList<long>? ImageShape { get; init; }

    /// <summary>Several such shapes, for a network that does different things with each; all are checked.</summary>
    public IReadOnlyList<IReadOnlyList<long>>? ImageShapes { get; init; }

    /// <summary>
    /// Inputs to check the conversion on: all that forward takes, in their order, the image as the converted network takes
    /// it. Null: images of noise, and something that fits for the other inputs.
    /// </summary>
    public IReadOnlyList<object?>? Example { get; init; }

    /// <summary>
    /// Whether the network is run stacked and converted on small images of ordinary, negative and large values, under no_grad
    /// and left as it was, to see that every layer and the answer agree before the conversion is kept. True by default;
    /// a network that cannot be checked is refused.
    /// </summary>
    public bool Probe { get; init; } = true;

    /// <summary>
    /// In which order images, and channels-last the kernels too, lie in memory while the network runs. See the wrapper's
    /// <c>TriedLayouts</c> for what came of it.
    /// </summary>
    public MemoryLayout MemoryLayout { get; init; }

    /// <summary>
    /// Whether answers of four dimensions may come back channels-last, as a network that runs so gives them. False unless said:
    /// they are made contiguous, which costs a copy, so that callers find the strides that they had.
    /// </summary>
    public bool ChannelsLastAnswers { get; init; }

    internal IReadOnlyList<string> AllLayers => Layers ?? (Layer is null ? [] : [Layer]);

    internal IReadOnlyList<IReadOnlyList<long>>? AllShapes => ImageShape is null ? ImageShapes : [ImageShape, .. ImageShapes ?? []];

    /// <summary>Whether a network converted with <paramref name="other"/> is what these options ask for.</summary>
    internal bool SameConversionAs(GrayscaleOptions other) =>
        (AllLayers.Count == 0 || other.AllLayers.Count == 0 || AllLayers.ToHashSet().SetEquals(other.AllLayers))
        && (!KeepColorWeights || other.KeepColorWeights)
        && (Image is null || other.Image is null || Image == other.Image)
        && Equals(Normalization, other.Normalization)
        && InputScale == other.InputScale
        && MemoryLayout == other.MemoryLayout
        && ChannelsLastAnswers == other.ChannelsLastAnswers
        && (InChannels is null || other.InChannels is null || InChannels == other.InChannels);

    internal GrayscaleOptions Checked()
    {
        if (!double.IsFinite(InputScale) || InputScale == 0)
        {
            throw new ArgumentException(
                $"{nameof(InputScale)} is {InputScale}; wanted a finite number other than zero, such as 1 / 255.0."
            );
        }

        if (InChannels is { } channels && channels < 2)
        {
            throw new ArgumentException(
                $"{nameof(InChannels)} is {channels}; wanted the number of identical channels that are to become one, 2 or more."
            );
        }

        return this;
    }
}
