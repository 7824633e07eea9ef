using System.ComponentModel;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

using ChannelGen.Conversion;

/// <summary>What was done to a network: which layers, and how many channels they take now.</summary>
public sealed class ChannelConversion
{
    private static readonly string[] SpatialNames = ["D", "H", "W"];

    private readonly Module network;
    private readonly LayerChange[] changes;
    private readonly TransformInput? transformInput;
    private readonly int spatialDimensions;

    private ChannelConversion(Module network, LayerChange[] changes, TransformInput? transformInput, object options, long inChannels)
    {
        this.network = network;
        this.changes = changes;
        this.transformInput = transformInput;
        Options = options;
        InChannels = inChannels;
        spatialDimensions = changes[0].Layer.SpatialDimensions();
        OldInChannels = transformInput is null ? changes[0].OldLayout.InChannels : 3;
    }

    /// <summary>The channels that an image must have now.</summary>
    public long InChannels { get; }

    /// <summary>The channels that an image had before the conversion.</summary>
    public long OldInChannels { get; }

    /// <summary>
    /// The paths of the layers that were converted, as in the state_dict without ".weight"; "" for a bare convolution.
    /// </summary>
    public IReadOnlyList<string> Layers => [.. changes.Select(change => change.Name)];

    /// <summary>The parameters of the converted layers now, and how many they were before.</summary>
    public (long Now, long Before) FirstLayerParameters =>
        (Sum(change => change.NewShape), Sum(change => change.OldShape));

    /// <summary>Whether the network still is as this conversion made it.</summary>
    public bool IsCurrent { get; private set; }

    /// <summary>Whether the kernels of before the conversion are at hand.</summary>
    public bool KeepsOldWeights => IsCurrent && changes.All(change => change.CanUndo);

    internal object Options { get; }

    internal IReadOnlyList<LayerChange> Changes => changes;

    /// <summary>Refuses an image with another number of channels than the network takes.</summary>
    /// <param name="image">[N, C, spatial...] or [C, spatial...].</param>
    /// <exception cref="ArgumentException">The number of channels or of dimensions is another.</exception>
    /// <exception cref="InvalidOperationException">The network has been converted back since.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void CheckImage(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        EnsureCurrent();
        long dimension = NetworkProbe.ChannelDimension(image, spatialDimensions);
        if (dimension < 0 || image.size((int)dimension) != InChannels)
        {
            string spatial = string.Join(", ", SpatialNames[^spatialDimensions..]);
            throw new ArgumentException(
                $"{network.GetType().Name} was converted to {(InChannels == 1 ? "grayscale" : "color")}: found an image of shape {Text.Shape(image)}, wanted [N, {InChannels}, {spatial}] or [{InChannels}, {spatial}]."
                + (InChannels == 1 && dimension >= 0 ? " Pass the gray image itself, not copies of it." : ""),
                nameof(image));
        }
    }

    internal static ChannelConversion ToGrayscale(Module network, Func<Tensor, object?>? forward, GrayscaleOptions options)
    {
        options.Checked();
        long channels = options.InChannels ?? (network is Convolution bare ? bare.in_channels : 3);
        if (network is Convolution { in_channels: 1 })
        {
            throw new InvalidOperationException($"This {network.GetType().Name} has in_channels 1: it takes gray images as it is.");
        }

        if (options.Normalization is { } normalization && normalization.Mean.Count != 1 && normalization.Mean.Count != channels)
        {
            throw new ArgumentException($"The normalization has {normalization.Mean.Count} channels; wanted {channels}, as many as are stacked, or 1.", nameof(options));
        }

        TransformInput? transform = TransformInput.Of(network);
        ChannelMap toGray = ChannelMap.ToGray(checked((int)channels), options.InputScale, options.Normalization);
        ChannelMap map = transform is null ? toGray : TransformInput.Map.After(toGray);
        var plan = new Plan(network, forward, channels, options.Layer, options.ImageShape, options.Probe, map, toGray, transform, options.InputScale);
        ChannelConversion conversion = plan.Carry(options);
        if (!options.KeepColorWeights)
        {
            conversion.ForgetOldWeights();
        }

        return conversion;
    }

    internal static ChannelConversion ToColor(Module network, Func<Tensor, object?>? forward, LumaCoefficients luma, ColorOptions options)
    {
        options.Checked();
        ChannelMap map = ChannelMap.ToColor(luma.Checked(nameof(luma)), options.Normalization, options.GrayNormalization);
        var plan = new Plan(network, forward, 1, options.Layer, options.ImageShape, options.Probe, map, map, null, 1);
        ChannelConversion conversion = plan.Carry(new ColorConversion(luma, options));
        conversion.ForgetOldWeights();
        return conversion;
    }

    internal static ChannelConversion ToChannels(Module network, Func<Tensor, object?>? forward, MultispectralConversion options)
    {
        if (options.Channels < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Channels, "Wanted 1 channel or more.");
        }

        ChannelMap map = ChannelMap.Tile(3, options.Channels);
        var plan = new Plan(network, forward, 3, options.Layer, null, Probe: true, map, map, TransformInput.Of(network), 1) { IsExact = false };
        if (plan.Transform is not null)
        {
            throw new InvalidOperationException($"{network.GetType().Name} slices its three channels in transform_input, so it cannot take {options.Channels}. Make it without transform_input.");
        }

        ChannelConversion conversion = plan.Carry(options);
        conversion.ForgetOldWeights();
        return conversion;
    }

    /// <summary>Brings the kernels of before the conversion back, exactly.</summary>
    internal void Restore()
    {
        EnsureCurrent();
        if (!KeepsOldWeights)
        {
            throw new InvalidOperationException(
                $"The color kernels of {network.GetType().Name} were not kept. Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)}, or spread the gray ones with ToColor(LumaCoefficients).");
        }

        ConversionRegistry.Exclusively(network, () =>
        {
            Undo(change => change.Undo());
            transformInput?.Switch(true);
            Retire();
            return true;
        });
    }

    /// <summary>
    /// The way back from gray to color without the old kernels: those of now are spread with luma, and normalization and
    /// scale that were folded in are undone, so that the network takes the color images that it took before.
    /// </summary>
    internal void ReverseToColor(LumaCoefficients luma)
    {
        EnsureCurrent();
        luma.Checked(nameof(luma));
        var options = (GrayscaleOptions)Options;
        if (OldInChannels != 3)
        {
            throw new InvalidOperationException(
                $"{network.GetType().Name} had {OldInChannels} channels, and luma is of three. Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)} and call RestoreColor().");
        }

        ChannelMap back = ChannelMap.FromNormalizedColor(luma, options.InputScale, options.Normalization);
        if (transformInput is not null)
        {
            back = back.After(TransformInput.Inverse);
        }

        Reverse(back);
        transformInput?.Switch(true);
    }

    /// <summary>The way back from color to gray, which is the identity when the luma coefficients sum to 1.</summary>
    internal void ReverseToGray()
    {
        EnsureCurrent();
        ColorOptions options = ((ColorConversion)Options).Options;
        Reverse(ChannelMap.FromNormalizedGray(options.Normalization, options.GrayNormalization));
    }

    private void Reverse(ChannelMap back)
    {
        ConversionRegistry.Exclusively(network, () =>
        {
            LayerChange[] reversal = [.. changes.Select(change => LayerChange.Plan(change.Name, change.Layer, back))];
            foreach (LayerChange change in reversal)
            {
                change.Apply();
                change.Dispose();
            }

            Retire();
            return true;
        });
    }

    /// <summary>The stacked image that a gray one stands for, as the network took it before its conversion.</summary>
    internal Tensor Stacked(Tensor image)
    {
        var options = (GrayscaleOptions)Options;
        long dimension = NetworkProbe.ChannelDimension(image, spatialDimensions);
        return ChannelMap.ToGray((int)OldInChannels, options.InputScale, options.Normalization).Apply(image, dimension);
    }

    /// <summary>Puts the kernels of before in place until it is disposed.</summary>
    internal IDisposable AsBefore()
    {
        var reversal = new Stack<IDisposable>();
        foreach (LayerChange change in changes)
        {
            reversal.Push(change.AsBefore());
        }

        transformInput?.Switch(true);
        return new Reversal(() =>
        {
            transformInput?.Switch(false);
            foreach (IDisposable each in reversal)
            {
                each.Dispose();
            }
        });
    }

    internal void EnsureCurrent()
    {
        if (!IsCurrent)
        {
            throw new InvalidOperationException(
                $"This wrapper's {network.GetType().Name} has been converted back since. Use the network itself, or convert it again.");
        }
    }

    /// <summary>Lets go of all that the conversion holds, before the network is disposed.</summary>
    internal void Release()
    {
        if (!IsCurrent)
        {
            return;
        }

        foreach (LayerChange change in changes)
        {
            ConstantAddition.Set(change.Layer, null);
        }

        Retire();
    }

    private void Retire()
    {
        IsCurrent = false;
        foreach (LayerChange change in changes)
        {
            change.Dispose();
        }
    }

    private void ForgetOldWeights()
    {
        foreach (LayerChange change in changes)
        {
            change.Forget();
        }
    }

    private sealed class Reversal(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }

    /// <summary>In reverse order: layers may share a parameter, and the first has what all of them had.</summary>
    private void Undo(Action<LayerChange> undo)
    {
        foreach (LayerChange change in Enumerable.Reverse(changes))
        {
            undo(change);
        }
    }

    /// <summary>A parameter that several layers share counts once.</summary>
    private long Sum(Func<LayerChange, long[]> shape) => changes.Where(change => !change.SharesWeight).Sum(change => shape(change).Aggregate(1L, (product, size) => product * size));

    /// <summary>A conversion before it is made: find the layers, change them, see that the answers agree, or undo it all.</summary>
    private sealed record Plan(
        Module Network,
        Func<Tensor, object?>? Forward,
        long OldChannels,
        string? Layer,
        IReadOnlyList<long>? ImageShape,
        bool Probe,
        ChannelMap Map,
        ChannelMap ImageMap,
        TransformInput? Transform,
        double InputScale)
    {
        private int spatialDimensions;
        private Exception? lastFailure;

        /// <summary>Whether the answers must agree; a heuristic only has to run.</summary>
        public bool IsExact { get; init; } = true;

        private string NetworkName => Network.GetType().Name;

        public ChannelConversion Carry(object options)
        {
            if (Network is Convolution bare)
            {
                if (bare.in_channels != OldChannels)
                {
                    throw new InvalidOperationException($"This {NetworkName} has in_channels {bare.in_channels}; wanted {OldChannels}.");
                }

                return Kept(Commit([new NamedConvolution("", bare)], options));
            }

            NamedConvolution[] candidates = Layer is null ? StemFinder.Candidates(Network, OldChannels) : [StemFinder.Named(Network, Layer, OldChannels)];
            if (candidates.Length == 0)
            {
                throw new InvalidOperationException($"{NetworkName} has no convolution with in_channels {OldChannels}. {StemFinder.Convolutions(Network)}");
            }

            spatialDimensions = candidates[0].Layer.SpatialDimensions();

            // Refused here, before the network runs, if one of them is of a kind that cannot be converted.
            foreach (NamedConvolution candidate in candidates)
            {
                candidate.Layer.Layout(candidate.Name);
            }

            return Kept((Probe ? TryProbed(candidates, options) : null) ?? Unprobed(candidates, options));
        }

        private static ChannelConversion Kept(ChannelConversion conversion)
        {
            foreach (LayerChange change in conversion.changes)
            {
                change.Keep();
            }

            return conversion;
        }

        private ChannelConversion Unprobed(NamedConvolution[] candidates, object options) =>
            candidates.Length == 1 ? Commit(candidates, options) : throw new InvalidOperationException(
                $"{NetworkName} has {candidates.Length} convolutions with in_channels {OldChannels} ({Text.Quoted(candidates.Select(candidate => candidate.Name))}), and it could not be run to see which receives the image{(lastFailure is null ? "." : $" ({FirstLine(lastFailure.Message)})")} Name one with the option Layer, or give the option ImageShape.",
                lastFailure);

        /// <summary>Null if the network cannot be run on any image that is tried.</summary>
        private ChannelConversion? TryProbed(NamedConvolution[] candidates, object options)
        {
            if (Forward is null)
            {
                return null;
            }

            var probe = new NetworkProbe(Network, Forward);
            Convolution first = candidates[0].Layer;
            foreach (Tensor gray in NetworkProbe.Images(spatialDimensions, ImageShape, InputScale, first.weight.dtype, first.weight.device))
            {
                using DisposeScope scope = NewDisposeScope();
                scope.Attach(gray);
                Tensor old = OldImage(gray);
                NamedConvolution[] given, differing;
                Tensor[] expected;
                try
                {
                    bool stacksAsItIs = Transform is null && OldChannels > 1;
                    (given, differing) = StemFinder.Watch(probe, Layer is null ? candidates : StemFinder.Candidates(Network, OldChannels), stacksAsItIs ? Stacked(gray) : old, scope, out expected);
                    if (stacksAsItIs && !Map.IsPlainSum)
                    {
                        expected = probe.Run(old, scope);
                    }
                }
                catch (ProbeException exception)
                {
                    // Not an image that this network takes; the next size may be.
                    lastFailure = exception.InnerException;
                    continue;
                }

                if (Transform is not null)
                {
                    // Its channels differ by the time they reach the layer, as they should: the answers tell.
                    (given, differing) = ([.. given, .. differing], []);
                }

                return Verified(probe, candidates, given, differing, gray, expected, options);
            }

            return ImageShape is null ? null : throw new InvalidOperationException($"{NetworkName} does not run on an image of shape {Text.Sizes(ImageShape)} with {OldChannels} channels, which the option ImageShape names: {FirstLine(lastFailure!.Message)}", lastFailure);
        }

        private ChannelConversion Verified(NetworkProbe probe, NamedConvolution[] candidates, NamedConvolution[] given, NamedConvolution[] differing, Tensor gray, Tensor[] expected, object options)
        {
            if (Layer is not null)
            {
                if (CommitIfEqual(probe, candidates, gray, expected, options, out string? ofNamed) is { } named)
                {
                    return named;
                }

                // One branch of several was named: converting it alone changes what the network gives.
                return (given.Length > 1 && given.Contains(candidates[0]) ? CommitIfEqual(probe, given, gray, expected, options, out ofNamed) : null)
                    ?? throw new InvalidOperationException($"{NetworkName} was not converted: of '{Layer}', which the option Layer names, {ofNamed}");
            }

            if (given.Length > 0)
            {
                return CommitIfEqual(probe, given, gray, expected, options, out string? trouble) ?? throw new InvalidOperationException(
                    $"{NetworkName} was not converted: {Text.Quoted(given.Select(stem => stem.Name))} receives the image, but {trouble}");
            }

            if (differing.Length > 0)
            {
                throw new InvalidOperationException(
                    $"{NetworkName} was not converted: '{differing[0].Name}' receives an image whose channels are no longer equal, although those that were put in were. Something before it treats channels differently, such as a normalization: take it out and pass it as {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.Normalization)}.");
            }

            // No hook of a candidate ran: they are called through forward, not call. Then each is tried by itself.
            var troubles = new List<string>();
            foreach (NamedConvolution candidate in candidates)
            {
                if (CommitIfEqual(probe, [candidate], gray, expected, options, out string? trouble) is { } conversion)
                {
                    return conversion;
                }

                troubles.Add($"'{candidate.Name}': {trouble}");
            }

            throw new InvalidOperationException($"{NetworkName} was not converted: with no single convolution converted does it give for one channel what it gives for {OldChannels}. {string.Join(" ", troubles)}");
        }

        private ChannelConversion? CommitIfEqual(NetworkProbe probe, NamedConvolution[] stems, Tensor gray, Tensor[] expected, object options, out string? trouble)
        {
            trouble = null;
            ChannelConversion conversion = Commit(stems, options);
            string? last = null;
            Tensor image = NewImage(gray);
            try
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor[] found = probe.Run(image, scope, () => probe.Observe(name => last = name, (_, _) => { }));
                if (!IsExact || NetworkProbe.Agree(expected, found))
                {
                    return conversion;
                }

                trouble = Map.HasOffset && stems.Any(stem => ConstantAddition.Kernel(stem.Layer) is not null)
                    ? "the answers differ. Per-channel normalization is added by a forward hook: run the layer with call, not forward. If it is, the image also reaches something else."
                    : $"the answers differ: the image also reaches something else{FirstDifference(probe, conversion, gray)}.";
            }
            catch (ProbeException exception)
            {
                trouble = $"with {NewChannels} channel{(NewChannels == 1 ? "" : "s")} the network fails in {last ?? "its own forward"}: {FirstLine(exception.Message)} The image reaches more than the convolutions that can be converted.";
            }
            catch
            {
                Rollback(conversion);
                throw;
            }

            Rollback(conversion);
            return null;
        }

        /// <summary>The first layer, in the order of execution, whose output differs between the two runs.</summary>
        private string FirstDifference(NetworkProbe probe, ChannelConversion conversion, Tensor gray)
        {
            var after = new List<(string Name, Tensor Output)>();
            var before = new List<(string Name, Tensor Output)>();
            using DisposeScope scope = NewDisposeScope();
            probe.Run(NewImage(gray), scope, () => probe.Observe(_ => { }, (name, output) => after.Add((name, NetworkProbe.Kept(output, scope)))));
            conversion.Undo(change => change.Undo());
            Transform?.Switch(true);
            probe.Run(OldImage(gray), scope, () => probe.Observe(_ => { }, (name, output) => before.Add((name, NetworkProbe.Kept(output, scope)))));
            foreach (((string name, Tensor left), (_, Tensor right)) in before.Zip(after))
            {
                if (!NetworkProbe.Agree(left, right))
                {
                    return $", first seen in {name}";
                }
            }

            return "";
        }

        private ChannelConversion Commit(NamedConvolution[] stems, object options)
        {
            var planned = new List<LayerChange>();
            try
            {
                foreach (NamedConvolution stem in stems)
                {
                    bool isShared = planned.Exists(other => other.Layer.weight.Handle == stem.Layer.weight.Handle);
                    planned.Add(LayerChange.Plan(stem.Name, stem.Layer, Map, isShared));
                }
            }
            catch
            {
                planned.ForEach(change => change.Dispose());
                throw;
            }

            LayerChange[] changes = [.. planned];
            var applied = new Stack<LayerChange>();
            try
            {
                foreach (LayerChange change in changes)
                {
                    applied.Push(change);
                    change.Apply();
                }

                Transform?.Switch(false);
            }
            catch
            {
                foreach (LayerChange change in applied)
                {
                    change.Rollback();
                }

                planned.ForEach(change => change.Dispose());
                throw;
            }

            return new ChannelConversion(Network, changes, Transform, options, Map.NewChannels) { IsCurrent = true };
        }

        private void Rollback(ChannelConversion conversion)
        {
            conversion.Undo(change => change.Rollback());
            conversion.Retire();

            Transform?.Switch(true);
        }

        private long NewChannels => Map.NewChannels;

        /// <summary>The image as the converted network takes it.</summary>
        private Tensor NewImage(Tensor gray)
        {
            if (NewChannels == 1)
            {
                return gray;
            }

            // Channels that differ, so that a wrong luma shows.
            var channels = new Tensor[NewChannels];
            for (int channel = 0; channel < channels.Length; channel++)
            {
                channels[channel] = channel % 2 == 0 ? gray / (1 + channel) : gray.flip([-1]) / channel;
            }

            return cat(channels, NetworkProbe.ChannelDimension(gray, spatialDimensions));
        }

        /// <summary>The image as the network took it before: what the map makes of the new one.</summary>
        private Tensor OldImage(Tensor gray)
        {
            long dimension = NetworkProbe.ChannelDimension(gray, spatialDimensions);
            return ImageMap.Apply(NewImage(gray), dimension);
        }

        private Tensor Stacked(Tensor gray)
        {
            var channels = new Tensor[OldChannels];
            Array.Fill(channels, gray);
            return cat(channels, NetworkProbe.ChannelDimension(gray, spatialDimensions));
        }

        private static string FirstLine(string message) => message.Split('\n')[0].TrimEnd('.') + ".";
    }
}
