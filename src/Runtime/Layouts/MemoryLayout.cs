namespace ChannelGen;

/// <summary>
/// In which order the numbers of images lie in memory while a network runs. An image of one channel is in both orders at once,
/// so that it is given to the network in either without a copy; libtorch's convolutions keep the order that they are given.
/// </summary>
public enum MemoryLayout
{
    /// <summary>One channel after the other, [N, C, H, W], as TorchSharp makes tensors.</summary>
    Contiguous,

    /// <summary>
    /// All channels of one pixel after those of the other, which is often faster on processors. A conversion lays the kernels of
    /// the network so as well, in place; a view leaves them as they are.
    /// </summary>
    ChannelsLast,

    /// <summary>
    /// Tried with the first image of each shape in evaluation, a few runs in each order, and then the faster one. Kernels stay as
    /// they are, and a network in training mode gets contiguous images: what a step takes longest for, the way back, cannot be
    /// tried without touching gradients.
    /// </summary>
    Fastest,
}

/// <summary>In which order images of one shape are given to a network, and why.</summary>
/// <param name="Shape">The image's shape.</param>
/// <param name="Training">Whether the network was in training mode.</param>
/// <param name="Layout"><see cref="MemoryLayout.Contiguous"/> or <see cref="MemoryLayout.ChannelsLast"/>.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record TriedLayout(IReadOnlyList<long> Shape, bool Training, MemoryLayout Layout, string Reason)
{
    /// <summary>In words, such as "[8, 1, 224, 224] in evaluation: ChannelsLast, 1.31 times as fast as contiguous".</summary>
    public override string ToString() => $"{Text.Sizes(Shape)} in {(Training ? "training" : "evaluation")}: {Layout}, {Reason}";
}
