using ChannelGen.Conversion;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

/// <summary>
/// A network converted to any number of channels by a heuristic: its color kernels repeated over the channels. It is a
/// starting point for training, not an equivalence.
/// </summary>
/// <typeparam name="TResult">What the network gives.</typeparam>
public sealed class MultispectralModule<TResult> : ConvertedModule<Tensor, TResult>
{
    internal MultispectralModule(Module<Tensor, TResult> network, ChannelConversion conversion)
        : base(network, conversion) { }
}

public static partial class ChannelConversions
{
    /// <summary>The same, where the layer is to be found.</summary>
    /// <inheritdoc cref="ToChannels{TResult}(Module{Tensor, TResult}, long, string?)"/>
    public static MultispectralModule<TResult> ToChannels<TResult>(this Module<Tensor, TResult> network, long channels) =>
        network.ToChannels(channels, layer: null);

    /// <summary>
    /// Converts a color network in place so that it takes <paramref name="channels"/> channels, by a heuristic and not an
    /// equivalence: the kernels of its first convolution are repeated over the channels and scaled by 3 / channels, so that
    /// activations keep their size on average. For multispectral images, as a starting point for training.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="channels">The number of channels wanted, 1 or more.</param>
    /// <param name="layer">The convolution that receives the image; null if it is to be found.</param>
    /// <returns>The wrapper that takes that many channels.</returns>
    /// <exception cref="ArgumentException">The layer does not fit, or the number is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The network cannot be converted; it is as it was.</exception>
    public static MultispectralModule<TResult> ToChannels<TResult>(this Module<Tensor, TResult> network, long channels, string? layer)
    {
        var options = new MultispectralConversion(channels, layer);
        return ConversionRegistry.Wrapper(
            network,
            conversion => options.Equals(conversion.Options),
            () => ChannelConversion.ToChannels(network, options),
            conversion => new MultispectralModule<TResult>(network, conversion)
        );
    }
}
