using System.ComponentModel;
using System.Runtime.InteropServices;
using ChannelGen.Convolutions;
using ChannelGen.Layouts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

using ChannelGen.Conversion;

/// <summary>What was done to a network: which layers, and how many channels they take now.</summary>
public sealed class ChannelConversion
{
    private readonly Module network;
    private readonly LayerChange[] changes;
    private readonly TransformInput? transformInput;

    internal ChannelConversion(Module network, LayerChange[] changes, TransformInput? transformInput, object options, ChannelMap map)
    {
        this.network = network;
        this.changes = changes;
        this.transformInput = transformInput;
        Options = options;
        Map = map;
        Layout = new ImageLayout(changes[0].Layer.SpatialDimensions(), false);
        IsCurrent = true;
        Layouts = new LayoutChoice(network, keepsAnswers: options is GrayscaleOptions { ChannelsLastAnswers: true });
    }

    /// <summary>How an image of before follows from one of now.</summary>
    public ChannelMap Map { get; private set; }

    /// <summary>The channels that an image must have now.</summary>
    public long InChannels => Map.NewChannels;

    /// <summary>The channels that an image had before the conversion.</summary>
    public long OldInChannels => Map.OldChannels;

    /// <summary>
    /// The paths of the layers that were converted, as in the state_dict without ".weight"; "" for a bare convolution.
    /// </summary>
    public IReadOnlyList<string> Layers => [.. changes.Select(change => change.Name)];

    /// <summary>The parameters of the converted layers now, and how many they were before.</summary>
    public (long Now, long Before) FirstLayerParameters => (Sum(change => change.NewShape), Sum(change => change.OldShape));

    /// <summary>
    /// Whether the network was run before and after, and every layer and the answer compared. False after Probe = false, and
    /// for a conversion that is a heuristic.
    /// </summary>
    public bool WasVerified { get; internal set; }

    /// <summary>Whether the network still is as this conversion made it.</summary>
    public bool IsCurrent { get; private set; }

    /// <summary>Whether the kernels from before the conversion are kept in memory.</summary>
    public bool KeepsOldWeights => IsCurrent && changes.All(change => change.CanUndo);

    internal object Options { get; }

    /// <summary>Where an image has its channels.</summary>
    internal ImageLayout Layout { get; set; }

    /// <summary>Which inputs of the network are images, or lists of them.</summary>
    internal int[] Images { get; set; } = [0];

    /// <summary>Whether the network is given all of its old channels, of which its first layers are handed the few that count.</summary>
    internal bool GivesOldChannels { get; init; }

    /// <summary>Whether the network writes to its image, so that it is given a copy: before, what it wrote to was a stack.</summary>
    internal bool CopiesImage { get; set; }

    internal IReadOnlyList<LayerChange> Changes => changes;

    /// <summary>In which order in memory images are given to the network.</summary>
    internal LayoutChoice Layouts { get; }

    /// <summary>Refuses an image with another number of channels than the network takes.</summary>
    /// <param name="image">[N, C, spatial...] or [C, spatial...].</param>
    /// <exception cref="ArgumentException">The number of channels or of dimensions is another.</exception>
    /// <exception cref="InvalidOperationException">The network has been converted back since.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void CheckImage(Tensor image)
    {
        ArgumentNullException.ThrowIfNull(image);
        EnsureCurrent();
        int dimension = Layout.ChannelDimension(image);
        if (dimension < 0 || dimension > 1 + (Layout.ChannelsLast ? Layout.SpatialDimensions : 0) || image.size(dimension) != InChannels)
        {
            string form = Options switch
            {
                GrayscaleOptions => "grayscale",
                ColorConversion => "color",
                _ => $"{InChannels} channel{(InChannels == 1 ? "" : "s")}",
            };
            string wanted = Layout.ChannelsLast ? $"{Layout}, {InChannels}" : $"{InChannels}, {Layout}";
            throw new ArgumentException(
                $"{network.GetType().Name} was converted to {form}: found an image of shape {Text.Shape(image)}, "
                    + $"wanted [N, {wanted}] or [{wanted}]."
                    + (Options is GrayscaleOptions && dimension >= 0 ? " Pass the gray image itself, not copies of it." : ""),
                nameof(image)
            );
        }
    }

    /// <summary>
    /// Runs the network on its inputs: the image is checked, of the dtype of the first layer, copied for a network that would
    /// write to it, and in the order in memory that is asked for.
    /// </summary>
    internal TResult Run<TResult>(object?[] inputs, Func<object?[], TResult> forward)
    {
        foreach (int index in Images)
        {
            ArgumentNullException.ThrowIfNull(inputs[index]);
            NetworkCall.With(
                inputs[index]!,
                image =>
                {
                    CheckImage(image);
                    return image;
                }
            );
        }

        bool isBatch =
            Layouts.Wanted != MemoryLayout.Contiguous
            && Layout.SpatialDimensions == 2
            && inputs[Images[0]] is Tensor first
            && first.dim() == 4
            && Layout.ChannelDimension(first) == 1;
        return Layouts.Run(inputs, Images[0], isBatch, Forward);

        TResult Forward(object?[] given, bool channelsLast)
        {
            object?[] asGiven = [.. given];
            foreach (int index in Images)
            {
                given[index] = NetworkCall.With(given[index]!, image => channelsLast ? ChannelsLast.Of(AsTaken(image)) : AsTaken(image));
            }

            TResult result;
            try
            {
                result = forward(given);
            }
            catch (ExternalException failure) when (Refusal(failure, asGiven) is { } refusal)
            {
                throw refusal;
            }

            ConstantAddition.Complete(network, given[Images[0]], result);
            return result;
        }
    }

    /// <summary>Asks for another order in memory of images and, channels-last, of kernels.</summary>
    internal void UseMemoryLayout(MemoryLayout layout)
    {
        EnsureCurrent();
        if (layout != Layouts.Wanted)
        {
            ConversionRegistry.Exclusively(
                network,
                () =>
                {
                    Layouts.Want(layout, StemFinder.All(network).Select(named => named.Layer));
                    return true;
                }
            );
        }
    }

    /// <summary>
    /// The image as the network is to have it: pixel values as they are, of any dtype, in the dtype of the first layer, whose
    /// kernels hold their scale; a copy of an image that it would write to; all of the old channels, where it takes those.
    /// </summary>
    private Tensor AsTaken(Tensor image)
    {
        bool holdsScale = Options is GrayscaleOptions { InputScale: not 1 };
        Tensor typed = holdsScale && IsOfOtherDtype(image) ? image.to(Dtype) : image;
        if (GivesOldChannels)
        {
            return Map.IsCopies && !CopiesImage ? Copies(typed) : Mapped(typed);
        }

        return CopiesImage && ReferenceEquals(typed, image) ? image.clone() : typed;
    }

    private Tensor Copies(Tensor image)
    {
        long[] shape = image.shape;
        shape[Layout.ChannelDimension(image)] = OldInChannels;
        return image.expand(shape);
    }

    /// <summary>What is to be said of a run that failed, if an image has another dtype than the first layer; else null.</summary>
    private ArgumentException? Refusal(Exception failure, object?[] inputs)
    {
        IEnumerable<Tensor> images = Images.SelectMany(index =>
            inputs[index] is Tensor image ? [image] : inputs[index] as IEnumerable<Tensor> ?? []
        );
        return images.FirstOrDefault(IsOfOtherDtype) is { } other
            ? new ArgumentException(
                $"{network.GetType().Name} takes images of dtype {Dtype}: found {other.dtype}. Pass image.to(ScalarType.{Dtype}), "
                    + $"or convert the network with {nameof(GrayscaleOptions.InputScale)}, such as 1 / 255.0, "
                    + "which takes pixel values as they are.",
                failure
            )
            : null;
    }

    private ScalarType Dtype => changes[0].Layer.weight.dtype;

    private bool IsOfOtherDtype(Tensor image) => !image.IsInvalid && image.dtype != Dtype;

    internal static ChannelConversion ToGrayscale(Module network, GrayscaleOptions options)
    {
        options.Checked();
        long channels = options.InChannels ?? (network is Convolution bare ? bare.in_channels : 3);
        if (network is Convolution { in_channels: 1 })
        {
            throw new InvalidOperationException($"This {network.GetType().Name} has in_channels 1: it takes gray images as it is.");
        }

        if (options.Normalization is { } normalization && normalization.Mean.Count != 1 && normalization.Mean.Count != channels)
        {
            throw new ArgumentException(
                $"The normalization has {normalization.Mean.Count} channels; wanted {channels}, as many as are stacked, or 1.",
                nameof(options)
            );
        }

        ChannelMap map = ChannelMap.ToGray(checked((int)channels), options.InputScale, options.Normalization);
        var mark = new ConversionMark(options.InputScale);
        ChannelConversion conversion = Convert(network, map, options, options, options.KeepColorWeights, mark);
        conversion.UseMemoryLayout(options.MemoryLayout);
        return conversion;
    }

    internal static ChannelConversion ToColor(Module network, LumaCoefficients luma, ColorOptions options)
    {
        options.Checked();
        ChannelMap map = ChannelMap.ToColor(luma, options.Normalization, options.GrayNormalization);
        return Convert(network, map, options, new ColorConversion(luma, options), keepOldWeights: false);
    }

    internal static ChannelConversion ToChannels(Module network, ChannelMap map, ChannelOptions options)
    {
        if (map.OldChannels == 0 || map.NewChannels == 0)
        {
            throw new ArgumentException(
                $"Found a map of {map.OldChannels} channels from {map.NewChannels}; wanted 1 or more of both. "
                    + $"Such a map is a part of others, which {nameof(ChannelMap)}.{nameof(ChannelMap.Beside)} makes.",
                nameof(map)
            );
        }

        return Convert(network, map, options, new MappedConversion(map, options), options.KeepOldWeights, new ConversionMark(Map: map));
    }

    internal static ChannelConversion ToChannels(Module network, MultispectralConversion options)
    {
        if (options.Channels < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Channels, "Wanted 1 channel or more.");
        }

        if (TransformInput.Of(network) is not null)
        {
            throw new InvalidOperationException(
                $"{network.GetType().Name} slices its three channels in transform_input, so it cannot take {options.Channels}. "
                    + "Make it without transform_input."
            );
        }

        var place = new ChannelOptions { Layer = options.Layer };
        return Convert(network, ChannelMap.Tile(3, options.Channels), place, options, keepOldWeights: false, isExact: false);
    }

    private static ChannelConversion Convert(
        Module network,
        ChannelMap map,
        ConversionOptions options,
        object asked,
        bool keepOldWeights,
        ConversionMark? mark = null,
        bool isExact = true
    )
    {
        TransformInput? transform = map.OldChannels == 3 ? TransformInput.Of(network) : null;
        IScriptModule? withOnes = map.HasOffset ? network as IScriptModule : null;
        ChannelMap imageMap = withOnes is null ? map : map.WithOnes();
        ChannelMap layerMap = transform is null ? imageMap : TransformInput.Map.After(imageMap);
        var plan = new ConversionPlan(network, options, layerMap, imageMap, transform, mark ?? ConversionMark.None, isExact);
        ChannelConversion conversion = plan.Carry(asked);
        if (withOnes is not null)
        {
            conversion.Map = map;
            withOnes.WithOnes = conversion;
        }

        if (!keepOldWeights)
        {
            conversion.ForgetOldWeights();
        }

        return conversion;
    }

    /// <summary>Brings the kernels from before the conversion back, exactly.</summary>
    internal void Restore()
    {
        EnsureCurrent();
        if (!KeepsOldWeights)
        {
            throw new InvalidOperationException(
                Options is GrayscaleOptions
                    ? $"The color kernels of {network.GetType().Name} were not kept, or a gray checkpoint has "
                        + "been loaded since, which has none. Convert with "
                        + $"{nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)}, or spread the gray "
                        + "ones with ToColor(LumaCoefficients)."
                    : $"The kernels that {network.GetType().Name} had before were not kept, or a checkpoint of "
                        + "the converted network has been loaded since, which has none. Convert with "
                        + $"{nameof(ChannelOptions)}.{nameof(ChannelOptions.KeepOldWeights)}."
            );
        }

        ConversionRegistry.Exclusively(
            network,
            () =>
            {
                UseMemoryLayout(MemoryLayout.Contiguous);
                Undo(change => change.Undo());
                transformInput?.Switch(true);
                Retire();
                return true;
            }
        );
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
        if (GivesOldChannels)
        {
            throw new InvalidOperationException(
                $"{network.GetType().Name} normalizes its image itself, and the kernels were folded with that. "
                    + $"Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)} and call "
                    + "RestoreColor()."
            );
        }

        if (OldInChannels != 3)
        {
            throw new InvalidOperationException(
                $"{network.GetType().Name} had {OldInChannels} channels, and luma is of three. "
                    + $"Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)} and call RestoreColor()."
            );
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
        if (changes[0].Map.NewChannels != InChannels)
        {
            throw new InvalidOperationException(
                "The normalization of this ScriptModule became an input channel, which a kernel of other images cannot take back. "
                    + "Convert with KeepColorWeights and call RestoreColor(), or load the script anew."
            );
        }

        ConversionRegistry.Exclusively(
            network,
            () =>
            {
                UseMemoryLayout(MemoryLayout.Contiguous);
                LayerChange[] reversal = [.. changes.Select(change => LayerChange.Plan(change.Name, change.Layer, back))];
                foreach (LayerChange change in reversal)
                {
                    change.Apply();
                    change.Dispose();
                }

                Retire();
                return true;
            }
        );
    }

    /// <summary>The image of before that one of now stands for, as the network took it.</summary>
    internal Tensor Mapped(Tensor image) => Map.Apply(image, Layout.ChannelDimension(image));

    /// <summary>Puts the kernels from before the conversion in place until it is disposed.</summary>
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
                $"This wrapper's {network.GetType().Name} has been converted back since. Use the network itself, or convert it again."
            );
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
            ConversionMark.None.PutOn(change.Layer);
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

    /// <summary>Undoes a conversion that is not to be.</summary>
    internal void Rollback()
    {
        Undo(change => change.Rollback());
        Retire();
    }

    /// <summary>The conversion is to stay.</summary>
    internal void Keep()
    {
        foreach (LayerChange change in changes)
        {
            change.Keep();
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
    private long Sum(Func<LayerChange, long[]> shape) =>
        changes.Where(change => !change.SharesWeight).Sum(change => shape(change).Aggregate(1L, (product, size) => product * size));
}
