using ChannelGen.Layouts;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>
/// The inputs that a network is given for gray images. The tensors that it is given are left to it, since it may keep
/// them; what they were made from goes with this object.
/// </summary>
internal sealed class ImageCopies(object?[] inputs) : IDisposable
{
    private readonly List<(Tensor Copy, Tensor Given, Tensor Original, WriteWatch? Watch)> copies = [];

    public object?[] Inputs { get; } = inputs;

    /// <summary>What the network is given for the gray images.</summary>
    public IEnumerable<Tensor> Given => copies.Select(static copy => copy.Given);

    public bool AreOnProcessor => copies.TrueForAll(copy => copy.Original.device_type == DeviceType.CPU);

    /// <summary>[N, 1, ...] as [N, channels, ...] over the memory of a copy of one channel.</summary>
    public Tensor Expand(Tensor image, int dimension, long channels)
    {
        Tensor own = image.clone();
        Tensor expanded = own.expand(Sizes(image, dimension, channels));
        copies.Add((own, expanded, image, null));
        return expanded;
    }

    /// <summary>[N, 1, ...] as [N, channels, ...] with memory for each channel.</summary>
    /// <param name="image">The image.</param>
    /// <param name="dimension">The dimension of its channels.</param>
    /// <param name="channels">How many are wanted.</param>
    /// <param name="isWatched">Whether it is to be seen if the network writes to it.</param>
    /// <param name="channelsLast">Whether [N, channels, H, W] is to lie in that order.</param>
    public Tensor Stack(Tensor image, int dimension, long channels, bool isWatched, bool channelsLast)
    {
        // A tensor that is made in inference mode has no version, by which writing to it is seen.
        bool isInference = isWatched && is_inference_mode_enabled();
        using IDisposable? mode = isInference ? inference_mode(false) : null;
        using IDisposable? grad = isInference ? no_grad() : null;
        using Tensor expanded = image.expand(Sizes(image, dimension, channels));
        Tensor stacked = channelsLast ? ChannelsLast.Of(expanded) : expanded.contiguous();
        copies.Add((stacked, stacked, image, isWatched && stacked.numel() > 0 ? new WriteWatch(stacked) : null));
        return stacked;
    }

    /// <summary>Whether the network has left each image as it was given; one that it disposed or reshaped counts as changed.</summary>
    public bool AreUnchanged() =>
        copies.TrueForAll(static pair =>
            pair.Watch is { } watch
                ? !pair.Copy.IsInvalid && IsShapeOf(pair.Copy.shape, pair.Original.shape) && !watch.HasSeenWrite()
                : IsUnchanged(pair.Copy, pair.Original, isOwn: !ReferenceEquals(pair.Copy, pair.Given))
        );

    public static long[] Sizes(Tensor image, int dimension, long channels)
    {
        long[] sizes = image.shape;
        sizes[dimension] = channels;
        return sizes;
    }

    /// <summary>
    /// An answer that is the image itself, or a part of it, has channels that are the same memory; what a caller writes to
    /// must not be.
    /// </summary>
    public static TResult OfItsOwn<TResult>(TResult result)
    {
        if (result is not Tensor tensor || tensor.IsInvalid || tensor.is_contiguous())
        {
            return result;
        }

        long[] sizes = tensor.shape;
        bool isShared = tensor.stride().Where((stride, dimension) => stride == 0 && sizes[dimension] > 1).Any();
        return isShared ? (TResult)(object)tensor.contiguous() : result;
    }

    public void Dispose()
    {
        foreach ((Tensor copy, Tensor given, _, WriteWatch? watch) in copies)
        {
            watch?.Dispose();
            if (!ReferenceEquals(copy, given))
            {
                copy.Dispose();
            }
        }
    }

    private static bool IsShapeOf(long[] copy, long[] original) =>
        copy.Length == original.Length && copy.Zip(original, (size, gray) => size == gray || gray == 1).All(same => same);

    private static bool IsUnchanged(Tensor copy, Tensor original, bool isOwn)
    {
        // Nobody else has what an image was expanded from, so that its shape is the image's, and this is all in the usual case.
        if (isOwn && copy.Equals(original))
        {
            return true;
        }

        using IDisposable grad = no_grad();
        return !copy.IsInvalid && IsShapeOf(copy.shape, original.shape) && AreSame(copy, original);
    }

    private static bool AreSame(Tensor copy, Tensor original)
    {
        using Tensor stacked = original.expand(copy.shape);
        if (copy.Equals(stacked))
        {
            return true;
        }

        // What is no number equals nothing, itself included.
        using DisposeScope scope = NewDisposeScope();
        return copy.eq(stacked).logical_or(copy.isnan().logical_and(stacked.isnan())).all().item<bool>();
    }
}
