using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Conversion;

/// <summary>
/// One convolution's change to other input channels, planned before anything is touched, applied in place, and undone
/// exactly if need be.
/// </summary>
internal sealed class LayerChange : IDisposable
{
    private readonly Tensor newWeight;
    private readonly Tensor? newConstant;
    private Tensor? oldWeight;
    private Tensor? oldConstant;
    private Tensor? oldGradient;

    private LayerChange(string name, Convolution layer, KernelLayout layout, ChannelMap map)
    {
        Name = name;
        Layer = layer;
        OldLayout = layout;
        OldShape = layer.weight.shape;
        Map = map;
        newWeight = KernelTransform.Apply(layer.weight, layout, map).DetachFromDisposeScope();
        NewShape = newWeight.shape;
        newConstant = ConstantFor(layer.weight, ConstantAddition.Kernel(layer));
        using var grad = no_grad();

        // set_ will let the parameter share new storage; this handle keeps the storage of now alive for Undo. Taken here, not
        // as the change is applied: another layer may share the parameter and be changed first.
        oldWeight = layer.weight.detach().DetachFromDisposeScope();
    }

    /// <summary>The layer's path as in the state_dict, without ".weight"; empty if it is the network itself.</summary>
    public string Name { get; }

    public Convolution Layer { get; }

    /// <summary>The layout before the change.</summary>
    public KernelLayout OldLayout { get; }

    /// <summary>The weight's shape before the change.</summary>
    public long[] OldShape { get; }

    /// <summary>The weight's shape after the change.</summary>
    public long[] NewShape { get; }

    public ChannelMap Map { get; }

    public string WeightKey => Prefix + "weight";

    /// <summary>What stands before the names of the layer's own entries.</summary>
    public string Prefix => Name.Length == 0 ? "" : $"{Name}.";

    /// <summary>What the network does to its image before the layer, if that is folded in.</summary>
    public InnerNormalization? Inner { get; private init; }

    /// <summary>What the change folds in.</summary>
    public ConversionMark Mark { get; private init; } = ConversionMark.None;

    public string ConstantKey => Prefix + ConstantAddition.BufferName;

    /// <summary>Whether a depthwise layer's kernels stay as they are.</summary>
    public bool KeepsKernels => Map.IsCopies;

    /// <summary>Whether the weight from before the conversion is kept, so that <see cref="Undo"/> is exact.</summary>
    public bool CanUndo => oldWeight is not null;

    /// <summary>Whether an earlier change of the same conversion is of the same parameter.</summary>
    public bool SharesWeight { get; private init; }

    public static LayerChange Plan(
        string name,
        Convolution layer,
        ChannelMap map,
        bool sharesWeight = false,
        ConversionMark? mark = null
    ) => new(name, layer, layer.Layout(name), map) { SharesWeight = sharesWeight, Mark = mark ?? ConversionMark.None };

    /// <summary>The change of a layer that is handed a few of the channels that reach it, for what a network does before it.</summary>
    public static LayerChange Plan(NamedConvolution stem, InnerNormalization inner, bool sharesWeight) =>
        new(stem.Name, stem.Layer, stem.Layer.Layout(stem.Name), inner.Map)
        {
            SharesWeight = sharesWeight,
            Mark = new ConversionMark(Map: inner.Map),
            Inner = inner,
        };

    /// <summary>The color weight that the present weight stands for, when one arrives from a checkpoint.</summary>
    public Tensor Convert(Tensor weightOfBefore) => KernelTransform.Apply(weightOfBefore, OldLayout, Map);

    /// <summary>What is to be added to the output, for a weight from before the conversion; null if nothing is.</summary>
    public Tensor? ConstantFor(Tensor weightOfBefore, Tensor? constantOfBefore)
    {
        if (!Map.HasOffset)
        {
            return constantOfBefore?.clone().DetachFromDisposeScope();
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor constant = KernelTransform.Constant(weightOfBefore, OldLayout, Map).cpu();
        if (constantOfBefore is not null)
        {
            constant += constantOfBefore;
        }

        return constant.DetachFromDisposeScope();
    }

    public void Apply()
    {
        using (no_grad())
        {
            oldConstant = ConstantAddition.Kernel(Layer)?.clone().DetachFromDisposeScope();
            oldGradient = Layer.weight.grad?.DetachFromDisposeScope();
            Layer.weight.set_(newWeight);
        }

        Layer.weight.grad = null;
        ConvolutionAccess.InChannels(Layer) = Map.NewChannels;
        Layer.groups = 1;
        ConstantAddition.Set(Layer, newConstant);
        Mark.PutOn(Layer);
        Inner?.Attach();

        // The layer has them now.
        newWeight.Dispose();
        newConstant?.Dispose();
    }

    /// <summary>Brings back weight, in_channels, groups and constant as they were before <see cref="Apply"/>.</summary>
    public void Undo()
    {
        if (oldWeight is null)
        {
            throw new InvalidOperationException($"The weight that layer '{Name}' had before its conversion was not kept.");
        }

        using (no_grad())
        {
            // The layer may have moved since: what comes back goes where it is now.
            using Tensor fitting = oldWeight.to(Layer.weight.dtype, Layer.weight.device, copy: true);
            Layer.weight.set_(fitting);
        }

        Layer.weight.grad = null;
        ConvolutionAccess.InChannels(Layer) = OldLayout.InChannels;
        Layer.groups = OldLayout.Groups;
        ConstantAddition.Set(Layer, oldConstant);
        ConversionMark.None.PutOn(Layer);
        Inner?.Detach();
    }

    /// <summary><see cref="Undo"/> for a change that is not to be: the gradient comes back as well.</summary>
    public void Rollback()
    {
        Undo();
        if (oldGradient is not null)
        {
            Layer.weight.grad = oldGradient;
        }
    }

    /// <summary>Puts weight, in_channels, groups and constant from before the conversion in place until it is disposed.</summary>
    public IDisposable AsBefore()
    {
        Tensor weight = Layer.weight.detach().DetachFromDisposeScope();
        Tensor? constant = ConstantAddition.Kernel(Layer)?.clone().DetachFromDisposeScope();
        Tensor? gradient = Layer.weight.grad?.DetachFromDisposeScope();
        Undo();
        return new Again(() =>
        {
            using (no_grad())
            {
                Layer.weight.set_(weight);
            }

            ConvolutionAccess.InChannels(Layer) = Map.NewChannels;
            Layer.groups = 1;
            ConstantAddition.Set(Layer, constant);
            Mark.PutOn(Layer);
            Inner?.Attach();
            if (gradient is not null)
            {
                Layer.weight.grad = gradient;
                gradient.Dispose();
            }

            weight.Dispose();
            constant?.Dispose();
        });
    }

    /// <summary>
    /// By how much the layer's answer to <paramref name="input"/> may differ from the original answer by rounding alone, for each
    /// element, in float64: 2 gamma_n sum |w||x|, where n counts the products of one element, the bias, and the rounding of
    /// the kernel itself. Of all output channels, or of <paramref name="count"/> from <paramref name="from"/> on.
    /// </summary>
    public Tensor RoundingBound(Tensor input, long from = 0, long? count = null)
    {
        if (oldWeight is null)
        {
            throw new InvalidOperationException("The weight from before the conversion was not kept.");
        }

        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ChannelMap magnitudes = Map.Magnitudes();
        Tensor weight = oldWeight.to(ScalarType.Float64).abs();
        Tensor image = input.to(ScalarType.Float64).abs();
        int space = Layer.SpatialDimensions();
        Tensor batched = image.dim() == space + 1 ? image.unsqueeze(0) : image;
        Tensor sums = Layer.Run(batched, Part(KernelTransform.Apply(weight, OldLayout, magnitudes)));
        if (Map.HasOffset)
        {
            // Of one channel, whatever the image has.
            sums += Layer.Run(ones_like(batched.narrow(1, 0, 1)), Part(KernelTransform.Constant(weight, OldLayout, magnitudes)));
        }

        if (Layer.bias is { } bias)
        {
            sums += bias.narrow(0, from, count ?? OldLayout.OutChannels)
                .to(ScalarType.Float64)
                .abs()
                .reshape([1, -1, .. Enumerable.Repeat(1L, space)]);
        }

        // Of the coarser dtype: the layer may have moved to another since.
        double unit = Math.Max(Unit(oldWeight.dtype), Math.Max(Unit(Layer.weight.dtype), Unit(input.dtype)));
        double terms = (OldShape.Skip(2).Aggregate(1L, (product, size) => product * size) * OldLayout.InChannels / OldLayout.Groups) + 4;
        double gamma = terms * unit < 0.5 ? terms * unit / (1 - (terms * unit)) : 1;
        Tensor bound = (sums * (2 * gamma)) + double.Epsilon;
        return (image.dim() == space + 1 ? bound.squeeze(0) : bound).MoveToOuterDisposeScope();

        Tensor Part(Tensor kernel) => kernel.narrow(Layer.transposed ? 1 : 0, from, count ?? OldLayout.OutChannels);

        static double Unit(ScalarType dtype) =>
            dtype switch
            {
                ScalarType.Float64 => Math.ScaleB(1, -53),
                ScalarType.Float32 => Math.ScaleB(1, -24),
                ScalarType.Float16 => Math.ScaleB(1, -11),
                _ => Math.ScaleB(1, -8),
            };
    }

    /// <summary>
    /// A checkpoint has been loaded: the original weight is the one in it, or is no longer known if it has none of that form.
    /// </summary>
    public void Follow(Tensor? weightOfBefore)
    {
        if (oldWeight is null)
        {
            return;
        }

        ScalarType dtype = oldWeight.dtype;
        Device device = oldWeight.device;
        Forget();
        using var grad = no_grad();
        oldWeight = weightOfBefore?.detach().to(dtype, device, copy: true).DetachFromDisposeScope();
    }

    private sealed class Again(Action redo) : IDisposable
    {
        public void Dispose() => redo();
    }

    /// <summary>The change is to stay: there is no <see cref="Rollback"/> any more.</summary>
    public void Keep()
    {
        oldGradient?.Dispose();
        oldGradient = null;
    }

    /// <summary>Lets go of the weight from before the conversion, after which <see cref="Undo"/> is no longer possible.</summary>
    public void Forget()
    {
        oldWeight?.Dispose();
        oldWeight = null;
    }

    public void Dispose()
    {
        Keep();
        Forget();
        oldConstant?.Dispose();
        newWeight.Dispose();
        newConstant?.Dispose();
    }
}
