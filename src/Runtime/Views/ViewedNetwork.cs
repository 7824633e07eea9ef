using System.ComponentModel;
using System.Runtime.InteropServices;
using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using ChannelGen.Layouts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Views;

/// <summary>
/// What a grayscale view does for networks of any number of inputs: it gives the network the image expanded over the
/// channels, without a copy of it for each, and lets convolutions compute from one of them.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ViewedNetwork
{
    // What libtorch and TorchSharp say when a network writes to an image whose channels are the same memory, or asks for its
    // elements in a row.
    private static readonly string[] LayoutMessages =
    [
        "more than one element of the written-to tensor",
        "view size is not compatible with input tensor's size and stride",
        "non-contiguous tensor",
    ];

    [ThreadStatic]
    private static ViewedNetwork? called;

    private readonly Module network;
    private readonly long channels;
    private readonly IReadOnlyList<ImageInput> images;
    private readonly LayerTally[] layers;
    private readonly IReadOnlyList<int> spatialDimensions;
    private readonly KeptImages kept = new();
    private int hasRun;
    private int isDisposed;

    // Of evaluation and of training: what the network is seen to do with its image.
    private readonly ImageUse[] uses = new ImageUse[2];

    internal ViewedNetwork(Module network, long channels, IReadOnlyList<ImageInput> images, LayoutChoice layouts)
    {
        Layouts = layouts;
        this.network = network;
        this.channels = channels;
        this.images = images;
        layers = [.. Seen().Select(named => new LayerTally(named))];
        spatialDimensions = SpatialDimensions();
        foreach (LayerTally layer in layers)
        {
            GrayShortcut.Attach(layer.Named.Layer);
        }
    }

    private enum ImageUse
    {
        Unknown,

        // It has been run on an image of its own, to which it wrote nothing.
        SeenToRead,

        // It has been run on an image whose channels are the same memory.
        Reads,

        // It writes to its image, gives it away, or wants its elements in a row.
        NeedsItsOwn,
    }

    internal LayoutChoice Layouts { get; }

    internal bool IsDisposed => Volatile.Read(ref isDisposed) != 0;

    internal IReadOnlyList<ViewedLayer> Layers => [.. layers.Select(layer => layer.Result(Volatile.Read(ref hasRun) != 0))];

    private string NetworkName => network.GetType().Name;

    /// <summary>The next run on this thread is to be the network's call, with its hooks, and not its forward.</summary>
    internal void NextRunIsCall() => called = this;

    /// <summary>Runs the network with each gray image among its inputs expanded over the channels.</summary>
    /// <param name="inputs">The network's inputs.</param>
    /// <param name="forward">Runs the network's forward.</param>
    /// <param name="call">Runs the network's call.</param>
    internal TResult Run<TResult>(object?[] inputs, Func<object?[], TResult> forward, Func<object?[], TResult> call)
    {
        bool isCall = ReferenceEquals(called, this);
        called = null;
        EnsureUsable();
        bool isBatch =
            Layouts.Wanted != MemoryLayout.Contiguous
            && images is [var first]
            && spatialDimensions is [2]
            && inputs[first.Index] is Tensor { IsInvalid: false } image
            && image.dim() == 4
            && Look(image) is { Dimension: 1, IsGray: true };
        return Layouts.Run(
            inputs,
            images[0].Index,
            isBatch,
            (given, channelsLast) =>
                network is Convolution bare && CanRunFromOneChannel(bare, given, isCall)
                    ? (TResult)(object)RunFromOneChannel(bare, (Tensor)given[0]!, channelsLast)
                    : Run(given, isCall ? call : forward, channelsLast)
        );
    }

    private TResult Run<TResult>(object?[] inputs, Func<object?[], TResult> run, bool channelsLast)
    {
        var given = new GivenImages(inputs, images, Look);
        Volatile.Write(ref hasRun, 1);
        if (!given.AnyIsGray)
        {
            return Run(inputs, run, comparesValues: false, channelsLast);
        }

        ref ImageUse use = ref uses[network.training ? 1 : 0];
        ImageUse known = use;
        if (known is ImageUse.SeenToRead or ImageUse.Reads)
        {
            (bool isDone, TResult? result) = RunExpanded(given, run, isFirst: known == ImageUse.SeenToRead, channelsLast);
            if (isDone)
            {
                Learn(ref use, known, ImageUse.Reads);
                return result!;
            }

            known = use = ImageUse.NeedsItsOwn;
        }

        using ImageCopies copies = given.Stacked(channels, isWatched: known == ImageUse.Unknown, channelsLast);
        TResult answer = Run(copies.Inputs, run, comparesValues: known == ImageUse.Unknown, channelsLast);
        if (known == ImageUse.Unknown)
        {
            bool reads = copies.AreUnchanged() && !ResultImages.AreIn(answer, copies.Given);
            Learn(ref use, known, reads ? ImageUse.SeenToRead : ImageUse.NeedsItsOwn);
        }

        return answer;
    }

    /// <summary>What another thread has learned in between is not forgotten.</summary>
    private static void Learn(ref ImageUse use, ImageUse known, ImageUse found)
    {
        if (use == known)
        {
            use = found;
        }
    }

    /// <summary>
    /// A bare convolution is computed at once, unless others hooked it: it keeps nothing of its input and writes nothing.
    /// </summary>
    private bool CanRunFromOneChannel(Convolution bare, object?[] inputs, bool isCall)
    {
        if (inputs is not [Tensor image] || (isCall && !GrayShortcut.IsAloneOn(bare)))
        {
            return false;
        }

        ImagePlace place = Look(image);
        return place.IsGray && place.Dimension == image.dim() - bare.SpatialDimensions() - 1;
    }

    private ImagePlace Look(Tensor image) =>
        ImagePlace.Of(image, channels, spatialDimensions, network is Convolution, NetworkName, nameof(image));

    private Tensor RunFromOneChannel(Convolution bare, Tensor image, bool channelsLast)
    {
        Volatile.Write(ref hasRun, 1);
        layers[0].Count(FullChannelReasons.None);
        return OneChannel.Run(bare, image, channelsLast);
    }

    internal void Count(Convolution layer, FullChannelReasons reason)
    {
        foreach (LayerTally tally in layers)
        {
            if (ReferenceEquals(tally.Named.Layer, layer))
            {
                tally.Count(reason);
            }
        }
    }

    /// <summary>Takes the hooks off and leaves the network alone.</summary>
    internal void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            foreach (LayerTally layer in layers)
            {
                GrayShortcut.Detach(layer.Named.Layer);
            }
        }
    }

    /// <summary>
    /// Not done if the network writes to its image, or wants its elements in a row: it must be given a copy. The first time,
    /// what it did until then is taken back.
    /// </summary>
    private (bool IsDone, TResult? Result) RunExpanded<TResult>(
        GivenImages given,
        Func<object?[], TResult> run,
        bool isFirst,
        bool channelsLast
    )
    {
        using NetworkState? before = isFirst ? new NetworkState(network) : null;
        using ImageCopies copies = given.Expanded(channels);
        try
        {
            TResult result = Run(copies.Inputs, run, comparesValues: false, channelsLast);

            // A write to one plane reaches all of them and fails nowhere: it is seen here. On other devices than the processor
            // looking would wait for all that was asked of them, so that there the first run alone is looked at.
            if (!copies.AreOnProcessor || copies.AreUnchanged())
            {
                kept.Add(copies.Given);
                return (true, ImageCopies.OfItsOwn(result));
            }
        }
        catch (Exception exception)
            when (!channelsLast && exception is ExternalException or InvalidOperationException && IsAboutLayout(exception))
        {
            kept.GiveMemory();
        }

        before?.PutBack();
        return (false, default);
    }

    private static bool IsAboutLayout(Exception exception) =>
        LayoutMessages.Any(message => exception.Message.Contains(message, StringComparison.Ordinal));

    private TResult Run<TResult>(object?[] inputs, Func<object?[], TResult> run, bool comparesValues, bool channelsLast)
    {
        using ViewRun entered = ViewRun.Enter(this, comparesValues, channelsLast);
        return run(inputs);
    }

    /// <exception cref="ObjectDisposedException">The view is disposed.</exception>
    /// <exception cref="ArgumentException">The network is disposed, or was converted in place.</exception>
    internal void EnsureUsable()
    {
        if (IsDisposed)
        {
            throw new ObjectDisposedException(
                NetworkName,
                $"This grayscale view of {NetworkName} is disposed. Ask the network for another with AsGrayscale()."
            );
        }

        EnsureAlive(network);
        foreach (LayerTally layer in layers)
        {
            Convolution convolution = layer.Named.Layer;
            if (convolution.in_channels != channels)
            {
                throw new ArgumentException(
                    $"{ConvolutionAccess.Describe(convolution, layer.Named.Name)} takes {convolution.in_channels} "
                        + $"channel{(convolution.in_channels == 1 ? "" : "s")} now; the grayscale view of {NetworkName} was made "
                        + $"when it took {channels}. After ToGrayscale() use the wrapper that it gave, and no view.",
                    nameof(network)
                );
            }
        }
    }

    /// <exception cref="ArgumentException">It is disposed.</exception>
    internal static void EnsureAlive(Module network)
    {
        // A convolution disposes its kernels alone.
        if (ModuleHandle.IsClosed(network) || network is Convolution { weight: null or { IsInvalid: true } })
        {
            throw Disposed(network);
        }
    }

    private static ArgumentException Disposed(Module network) =>
        new($"{network.GetType().Name} is disposed; wanted a network that is alive.", nameof(network));

    private NamedConvolution[] Seen() =>
        network is Convolution bare ? [new NamedConvolution("", bare)] : StemFinder.Candidates(network, channels);

    private int[] SpatialDimensions()
    {
        IEnumerable<Convolution> seen =
            layers.Length > 0 ? layers.Select(layer => layer.Named.Layer) : StemFinder.All(network).Select(named => named.Layer);
        int[] found = [.. seen.Select(layer => layer.SpatialDimensions()).Distinct()];
        return found.Length > 0 ? found : [2];
    }
}
