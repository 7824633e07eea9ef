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

    internal ChannelConversion(Module network, LayerChange[] changes, TransformInput? transformInput, object options, long inChannels)
    {
        this.network = network;
        this.changes = changes;
        this.transformInput = transformInput;
        Options = options;
        InChannels = inChannels;
        Layout = new ImageLayout(changes[0].Layer.SpatialDimensions(), false);
        IsCurrent = true;
        Layouts = new LayoutChoice(network, keepsAnswers: options is GrayscaleOptions { ChannelsLastAnswers: true });
        OldInChannels = transformInput is null ? changes[0].OldLayout.InChannels : 3;
    }

    /// <summary>The channels that an image must have now.</summary>
    public long InChannels { get; private set; }

    /// <summary>The channels that an image had before the conversion.</summary>
    public long OldInChannels { get; }

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

    /// <summary>Which input of the network is the image.</summary>
    internal int ImageIndex { get; set; }

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
            string wanted = Layout.ChannelsLast ? $"{Layout}, {InChannels}" : $"{InChannels}, {Layout}";
            throw new ArgumentException(
                $"{network.GetType().Name} was converted to {(InChannels == 1 ? "grayscale" : "color")}: "
                    + $"found an image of shape {Text.Shape(image)}, wanted [N, {wanted}] or [{wanted}]."
                    + (InChannels == 1 && dimension >= 0 ? " Pass the gray image itself, not copies of it." : ""),
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
        var image = (inputs[ImageIndex] as Tensor)!;
        CheckImage(image);
        bool isBatch =
            Layouts.Wanted != MemoryLayout.Contiguous
            && Layout.SpatialDimensions == 2
            && image.dim() == 4
            && Layout.ChannelDimension(image) == 1;
        return Layouts.Run(inputs, ImageIndex, isBatch, Forward);

        TResult Forward(object?[] given, bool channelsLast)
        {
            var asGiven = (Tensor)given[ImageIndex]!;
            Tensor fitting = Fitting(asGiven);
            given[ImageIndex] = channelsLast ? ChannelsLast.Of(fitting) : fitting;
            TResult result;
            try
            {
                result = forward(given);
            }
            catch (ExternalException failure) when (Refusal(failure, asGiven) is { } refusal)
            {
                throw refusal;
            }

            ConstantAddition.Complete(network, fitting, result);
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
    /// kernels hold their scale; and a copy of an image that it would write to.
    /// </summary>
    private Tensor Fitting(Tensor image) =>
        IsOfOtherDtype(image) && Options is GrayscaleOptions { InputScale: not 1 } ? image.to(Dtype)
        : CopiesImage ? image.clone()
        : image;

    /// <summary>What is to be said of a run that failed, if the image has another dtype than the first layer; else null.</summary>
    private ArgumentException? Refusal(Exception failure, Tensor image) =>
        IsOfOtherDtype(image)
            ? new ArgumentException(
                $"{network.GetType().Name} takes images of dtype {Dtype}: found {image.dtype}. Pass image.to(ScalarType.{Dtype}), "
                    + $"or convert the network with {nameof(GrayscaleOptions.InputScale)}, such as 1 / 255.0, "
                    + "which takes pixel values as they are.",
                failure
            )
            : null;

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

        TransformInput? transform = TransformInput.Of(network);
        ChannelMap toGray = ChannelMap.ToGray(checked((int)channels), options.InputScale, options.Normalization);
        ChannelMap map = transform is null ? toGray : TransformInput.Map.After(toGray);
        var check = new CheckOptions(options.AllLayers, options.Image, options.Example, options.AllShapes, options.Probe);
        var plan = new ConversionPlan(network, channels, check, map, toGray, transform, options.InputScale);
        ChannelConversion conversion = Made(plan, options);
        if (!options.KeepColorWeights)
        {
            conversion.ForgetOldWeights();
        }

        conversion.UseMemoryLayout(options.MemoryLayout);
        return conversion;
    }

    internal static ChannelConversion ToColor(Module network, LumaCoefficients luma, ColorOptions options)
    {
        options.Checked();
        ChannelMap map = ChannelMap.ToColor(luma.Checked(nameof(luma)), options.Normalization, options.GrayNormalization);
        var check = new CheckOptions(
            options.Layer is null ? [] : [options.Layer],
            options.Image,
            options.Example,
            options.ImageShape is null ? null : [options.ImageShape],
            options.Probe
        );
        var plan = new ConversionPlan(network, 1, check, map, map, null, 1);
        ChannelConversion conversion = Made(plan, new ColorConversion(luma, options));
        conversion.ForgetOldWeights();
        return conversion;
    }

    internal static ChannelConversion ToChannels(Module network, MultispectralConversion options)
    {
        if (options.Channels < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Channels, "Wanted 1 channel or more.");
        }

        ChannelMap map = ChannelMap.Tile(3, options.Channels);
        var plan = new ConversionPlan(
            network,
            3,
            new CheckOptions(options.Layer is null ? [] : [options.Layer]),
            map,
            map,
            TransformInput.Of(network),
            1,
            IsExact: false
        );
        if (plan.Transform is not null)
        {
            throw new InvalidOperationException(
                $"{network.GetType().Name} slices its three channels in transform_input, so it cannot take {options.Channels}. "
                    + "Make it without transform_input."
            );
        }

        ChannelConversion conversion = plan.Carry(options);
        conversion.ForgetOldWeights();
        return conversion;
    }

    /// <summary>Carries a conversion out. Of a script the offsets become an input channel that is given ones.</summary>
    private static ChannelConversion Made(ConversionPlan plan, object options)
    {
        if (plan.Network is not IScriptModule script || !plan.Map.HasOffset)
        {
            return plan.Carry(options);
        }

        ChannelMap withOnes = plan.Map.WithOnes();
        ChannelConversion conversion = (plan with { Map = withOnes, ImageMap = withOnes }).Carry(options);
        conversion.InChannels = plan.Map.NewChannels;
        script.WithOnes = conversion;
        return conversion;
    }

    /// <summary>Brings the kernels from before the conversion back, exactly.</summary>
    internal void Restore()
    {
        EnsureCurrent();
        if (!KeepsOldWeights)
        {
            throw new InvalidOperationException(
                $"The color kernels of {network.GetType().Name} were not kept, or a gray checkpoint has been loaded since, which has none. "
                    + $"Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)}, "
                    + "or spread the gray ones with ToColor(LumaCoefficients)."
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

    /// <summary>The stacked image that a gray one stands for, as the network took it before its conversion.</summary>
    internal Tensor Stacked(Tensor image)
    {
        var options = (GrayscaleOptions)Options;
        return ChannelMap
            .ToGray((int)OldInChannels, options.InputScale, options.Normalization)
            .Apply(image, Layout.ChannelDimension(image));
    }

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
            InputScaleMark.Set(change.Layer, 1);
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
