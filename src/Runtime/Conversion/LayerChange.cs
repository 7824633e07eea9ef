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

    public string WeightKey => Name.Length == 0 ? "weight" : $"{Name}.weight";

    public string ConstantKey => Name.Length == 0 ? ConstantAddition.BufferName : $"{Name}.{ConstantAddition.BufferName}";

    /// <summary>Whether a depthwise layer's kernels stay as they are.</summary>
    public bool KeepsKernels => Map.Factors.Cast<double>().All(factor => factor == 1) && !Map.HasOffset;

    /// <summary>Whether the weight of before is at hand, so that <see cref="Undo"/> is exact.</summary>
    public bool CanUndo => oldWeight is not null;

    public static LayerChange Plan(string name, Convolution layer, ChannelMap map) => new(name, layer, layer.Layout(name), map);

    /// <summary>The weight that the layer has now stands for this one of before, when one arrives from a checkpoint.</summary>
    public Tensor Convert(Tensor weightOfBefore) => KernelTransform.Apply(weightOfBefore, OldLayout, Map);

    /// <summary>What is to be added to the output, for a weight of before; null if nothing is.</summary>
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
            oldWeight = layerWeightAlias();
            oldConstant = ConstantAddition.Kernel(Layer)?.clone().DetachFromDisposeScope();
            Layer.weight.set_(newWeight);
        }

        Layer.weight.grad = null;
        ConvolutionAccess.InChannels(Layer) = Map.NewChannels;
        Layer.groups = 1;
        ConstantAddition.Set(Layer, newConstant);

        // The layer has them now.
        newWeight.Dispose();
        newConstant?.Dispose();

        // set_ lets the parameter share new storage; this handle keeps the old storage alive for Undo.
        Tensor layerWeightAlias() => Layer.weight.detach().DetachFromDisposeScope();
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
    }

    /// <summary>Lets go of the weight of before, after which <see cref="Undo"/> is no more.</summary>
    public void Forget()
    {
        oldWeight?.Dispose();
        oldWeight = null;
    }

    public void Dispose()
    {
        Forget();
        oldConstant?.Dispose();
        newWeight.Dispose();
        newConstant?.Dispose();
    }
}
