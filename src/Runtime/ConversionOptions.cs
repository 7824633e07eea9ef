namespace ChannelGen;

/// <summary>What every conversion may be told: where the image goes, and how to check that the answers stay the same.</summary>
public abstract record ConversionOptions
{
    private protected ConversionOptions() { }

    /// <summary>
    /// The path of the convolution that receives the image, as in the state_dict without ".weight" ("conv1", "features.0").
    /// Null: the only convolution with as many input channels as the image has, else those that are seen to receive it.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>
    /// The paths of all convolutions that receive the image, where several do and it cannot be seen which; see
    /// <see cref="Layer"/>.
    /// </summary>
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>
    /// The name of forward's parameter that is the image, or several separated by commas, for networks of several inputs. Null:
    /// the first that is a tensor or a list of tensors.
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
    /// Whether the network is run before and after its conversion on small images of ordinary, negative and large values, under
    /// no_grad and left as it was, to see that every layer and the answer agree before the conversion is kept. True unless
    /// said; a network that cannot be checked is refused.
    /// </summary>
    public bool Probe { get; init; } = true;

    internal IReadOnlyList<string> AllLayers => Layers ?? (Layer is null ? [] : [Layer]);

    internal IReadOnlyList<IReadOnlyList<long>>? AllShapes => ImageShape is null ? ImageShapes : [ImageShape, .. ImageShapes ?? []];

    /// <summary>Whether what is named here is not another than in <paramref name="other"/>.</summary>
    private protected bool SamePlace(ConversionOptions other) =>
        (AllLayers.Count == 0 || other.AllLayers.Count == 0 || AllLayers.ToHashSet().SetEquals(other.AllLayers))
        && (Image is null || other.Image is null || Image == other.Image);
}
