using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>An input of a network that is an image, or a list of them.</summary>
/// <param name="Index">Its place among the inputs.</param>
/// <param name="Name">The name of forward's parameter.</param>
internal readonly record struct ImageInput(int Index, string Name)
{
    /// <summary>Whether an input of that type can be an image.</summary>
    public static bool IsImageType(Type type) => type == typeof(Tensor) || IsListType(type);

    /// <summary>Whether it is a list of images of a kind that can be made again.</summary>
    public static bool IsListType(Type type) => type.IsAssignableFrom(typeof(List<Tensor>)) || type == typeof(Tensor[]);
}

/// <summary>The inputs of a network as a caller gave them, and which images among them are gray.</summary>
internal sealed class GivenImages
{
    private readonly object?[] inputs;
    private readonly List<(int Index, Tensor[] Images, ImagePlace[] Places, bool IsList)> found = [];

    /// <param name="inputs">All inputs.</param>
    /// <param name="images">Which of them are images.</param>
    /// <param name="look">Finds the channels of an image, or refuses it.</param>
    /// <exception cref="ArgumentNullException">An image is null.</exception>
    public GivenImages(object?[] inputs, IReadOnlyList<ImageInput> images, Func<Tensor, ImagePlace> look)
    {
        this.inputs = inputs;
        foreach (ImageInput image in images)
        {
            Tensor[] tensors = inputs[image.Index] switch
            {
                Tensor tensor => [tensor],
                IEnumerable<Tensor> list => [.. list],
                _ => throw new ArgumentNullException(image.Name),
            };
            ImagePlace[] places = [.. tensors.Select(tensor => look(tensor ?? throw new ArgumentNullException(image.Name)))];
            found.Add((image.Index, tensors, places, inputs[image.Index] is not Tensor));
        }
    }

    public bool AnyIsGray => found.Any(input => input.Places.Any(place => place.IsGray));

    /// <summary>The inputs with each gray image expanded from a copy of its own, so that nobody else sees what is written to it.</summary>
    public ImageCopies Expanded(long channels) => Copies((copies, image, place) => copies.Expand(image, place, channels));

    /// <summary>The inputs with each gray image repeated in memory; if watched, it is seen whether the network writes to one.</summary>
    public ImageCopies Stacked(long channels, bool isWatched, bool channelsLast) =>
        Copies((copies, image, place) => copies.Stack(image, place, channels, isWatched, channelsLast));

    private ImageCopies Copies(Func<ImageCopies, Tensor, int, Tensor> copy)
    {
        var copies = new ImageCopies([.. inputs]);
        foreach ((int index, Tensor[] images, ImagePlace[] places, bool isList) in found)
        {
            Tensor[] made = [.. images.Zip(places, (image, place) => place.IsGray ? copy(copies, image, place.Dimension) : image)];
            copies.Inputs[index] =
                !isList ? made[0]
                : inputs[index] is Tensor[]? made
                : new List<Tensor>(made);
        }

        return copies;
    }
}
