using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

using ChannelGen.Views;

/// <summary>
/// Watches whether the images that reach a network have equal channels, for stacks that no compiler sees: gray files that were
/// decoded as color, arrays that were filled by hand. Costs one comparison a batch and changes nothing.
/// </summary>
/// <example>
/// <code>
/// using var watch = ChannelWatch.On(net);
/// // run as usual
/// Console.WriteLine(watch.Report);
/// </code>
/// </example>
public sealed class ChannelWatch : IDisposable
{
    private readonly Module network;
    private readonly WatchedConvolution[] layers;

    private ChannelWatch(Module network, long channels)
    {
        this.network = network;
        NamedConvolution[] named = network is Convolution bare
            ? [new NamedConvolution("", bare)]
            : StemFinder.Candidates(network, channels);
        layers = [.. named.Select(convolution => new WatchedConvolution(convolution))];
    }

    /// <summary>What was seen so far, in words if it is printed.</summary>
    public ChannelReport Report => new(network.GetType().Name, [.. layers.Select(layer => layer.Result())]);

    /// <summary>Watches the convolutions of a network that take that many channels, until it is disposed.</summary>
    /// <param name="network">The network, or a bare convolution. It is run as usual.</param>
    /// <param name="channels">How many channels an image has, 2 or more; null for 3, or those of a bare convolution.</param>
    /// <exception cref="ArgumentException">
    /// There is no convolution of that many channels, the number is less than 2, or the network is disposed.
    /// </exception>
    public static ChannelWatch On(Module network, long? channels = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        long wanted = ViewFactory.Channels(network, channels);
        ViewedNetwork.EnsureAlive(network);
        var watch = new ChannelWatch(network, wanted);
        return watch.layers.Length > 0
            ? watch
            : throw new ArgumentException(
                $"{network.GetType().Name} has no convolution with in_channels {wanted} to watch. {StemFinder.Convolutions(network)}",
                nameof(network)
            );
    }

    /// <summary>Ends the watch; the report stays.</summary>
    public void Dispose()
    {
        foreach (WatchedConvolution layer in layers)
        {
            layer.Dispose();
        }
    }

    /// <summary>Counts the images that one convolution is given. Threads may count at once.</summary>
    private sealed class WatchedConvolution : IDisposable
    {
        private readonly NamedConvolution named;
        private readonly string key;
        private long images;
        private long equal;

        public WatchedConvolution(NamedConvolution named)
        {
            this.named = named;
            key = LayerHooks.AddWatcher(named.Layer, Look);
        }

        public WatchedLayer Result() => new(named.Name, named.Layer.in_channels, Interlocked.Read(ref equal), Interlocked.Read(ref images));

        public void Dispose() => LayerHooks.RemoveWatcher(named.Layer, key);

        private Tensor Look(Module<Tensor, Tensor> module, Tensor input)
        {
            int dimension = input is null || input.IsInvalid ? -1 : (int)input.dim() - named.Layer.SpatialDimensions() - 1;
            if (dimension is 0 or 1 && input!.size(dimension) == named.Layer.in_channels && input.numel() > 0)
            {
                using IDisposable grad = no_grad();
                using DisposeScope scope = NewDisposeScope();
                Tensor batch = dimension == 0 ? input.unsqueeze(0) : input;
                Tensor areEqual = batch.eq(batch.narrow(1, 0, 1)).flatten(1).all(1);
                Interlocked.Add(ref images, batch.size(0));
                Interlocked.Add(ref equal, areEqual.sum().item<long>());
            }

            return null!;
        }
    }
}

/// <summary>What a <see cref="ChannelWatch"/> saw of one convolution.</summary>
/// <param name="Name">The layer's path, as in the state_dict without ".weight"; "" for a bare convolution.</param>
/// <param name="Channels">The channels that it takes.</param>
/// <param name="EqualImages">How many of the images that it was given had equal channels.</param>
/// <param name="Images">How many images it was given.</param>
public sealed record WatchedLayer(string Name, long Channels, long EqualImages, long Images)
{
    /// <summary>In words, such as "'conv1': 1,204 of 1,204 images had equal channels: your images are gray; ...".</summary>
    public override string ToString()
    {
        string name = Name.Length == 0 ? "the convolution" : $"'{Name}'";
        if (Images == 0)
        {
            return $"{name}: no image was seen; run the network as usual, through call, while it is watched";
        }

        string counts = FormattableString.Invariant($"{name}: {EqualImages:N0} of {Images:N0} images had equal channels");
        return EqualImages == Images ? $"{counts}: your images are gray; AsGrayscale() saves {Saving()} of it"
            : EqualImages == 0 ? $"{counts}: what reaches it is in color, or was normalized or changed per channel before"
            : $"{counts}: gray and color images are mixed; AsGrayscale() takes both, and saves where one channel is passed";
    }

    private string Saving() =>
        Channels switch
        {
            2 => "half",
            3 => "two thirds",
            _ => FormattableString.Invariant($"{Channels - 1} of {Channels} parts"),
        };
}

/// <summary>What a <see cref="ChannelWatch"/> saw of a network.</summary>
/// <param name="Network">The name of the network's class.</param>
/// <param name="Layers">Each convolution that could take the image.</param>
public sealed record ChannelReport(string Network, IReadOnlyList<WatchedLayer> Layers)
{
    /// <summary>A line for each layer.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Layers.Select(layer => layer.ToString()));
}
