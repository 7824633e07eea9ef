using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>Where the channels of an image lie, and whether it has one or as many as the network takes.</summary>
/// <param name="Dimension">The dimension of the channels.</param>
/// <param name="IsGray">Whether there is one channel.</param>
internal readonly record struct ImagePlace(int Dimension, bool IsGray)
{
    private static readonly string[] SpatialNames = ["D", "H", "W"];

    /// <summary>
    /// The channels come before the dimensions of space, [N, C, H, W] or [C, H, W]; where those are no channels, they come
    /// last, [N, H, W, C]; where there are more dimensions, as for the frames of a video, they come before those of space.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="channels">The channels that the network takes.</param>
    /// <param name="spatialDimensions">How many dimensions of space its convolutions have, in the order in which to try.</param>
    /// <param name="isConvolution">Whether it is a convolution, which takes neither channels last nor frames.</param>
    /// <param name="network">Its name, for the message.</param>
    /// <param name="parameter">The name of the image among the network's inputs, for the message.</param>
    /// <exception cref="ArgumentException">It has another number of channels, or too few dimensions.</exception>
    public static ImagePlace Of(
        Tensor image,
        long channels,
        IReadOnlyList<int> spatialDimensions,
        bool isConvolution,
        string network,
        string parameter
    )
    {
        if (image.IsInvalid)
        {
            throw new ArgumentException($"The image given to {network} is disposed; wanted one that is alive.", parameter);
        }

        long[] shape = image.shape;
        foreach (bool isGray in (bool[])[true, false])
        {
            long wanted = isGray ? 1 : channels;
            foreach (int spatial in spatialDimensions)
            {
                int first = shape.Length - spatial - 1;
                if (first >= 0 && (first <= 1 || !isConvolution) && shape[first] == wanted)
                {
                    return new ImagePlace(first, isGray);
                }
            }
        }

        bool mayBeLast = !isConvolution && spatialDimensions.Any(spatial => shape.Length == spatial + 2 || shape.Length == spatial + 1);
        return mayBeLast && (shape[^1] == 1 || shape[^1] == channels)
            ? new ImagePlace(shape.Length - 1, shape[^1] == 1)
            : throw new ArgumentException(Message(shape, channels, spatialDimensions[0], network), parameter);
    }

    private static string Message(long[] shape, long channels, int spatial, string network)
    {
        string space = string.Join(", ", SpatialNames[^spatial..]);
        return $"Found an image of shape {Text.Sizes(shape)} for the grayscale view of {network}; wanted one channel, [N, 1, "
            + $"{space}] or [1, {space}], "
            + $"or the {channels} channels that the network itself takes. Pass the gray image itself, not copies of it.";
    }
}
