using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>What a conversion asks of a TorchScript module beside what it asks of every network.</summary>
internal interface IScriptModule
{
    /// <summary>
    /// The conversion that the image is given a further channel of ones for: no hook runs inside a script that could add what
    /// a normalization adds, so that it is an input channel of the kernel.
    /// </summary>
    ChannelConversion? WithOnes { set; }

    /// <summary>What brings back the tensors that the script keeps, whatever a run puts in their place.</summary>
    Action KeepAttributes();
}

/// <summary>
/// A TorchScript module as a network. Each kernel among its parameters is the weight of a convolution that is never run and
/// only stands for it, so that it is found, changed, checked and loaded as in every network. Stride, padding and groups are
/// in the script's code, which TorchSharp does not give.
/// </summary>
internal sealed class ScriptModule<TResult> : Module<Tensor, TResult>, IScriptModule
{
    private static readonly ConditionalWeakTable<jit.ScriptModule, ScriptModule<TResult>> Networks = new();

    private readonly jit.ScriptModule<Tensor, TResult> script;
    private readonly (string Name, Convolution Layer)[] kernels;
    private readonly (string name, Module module)[] parts;

    private ScriptModule(jit.ScriptModule<Tensor, TResult> script)
        : base(nameof(jit.ScriptModule))
    {
        this.script = script;
        kernels =
        [
            .. script
                .named_parameters()
                .Where(named => named.parameter.dim() is >= 3 and <= 5 && $".{named.name}".EndsWith(".weight", StringComparison.Ordinal))
                .Select(named => (named.name[..^"weight".Length].TrimEnd('.'), StandIn(named.parameter))),
        ];
        if (kernels.Length == 0)
        {
            throw new InvalidOperationException(
                "This ScriptModule was not converted: none of its parameters is the kernel of a convolution. "
                    + "A frozen module (torch.jit.freeze, torch.jit.optimize_for_inference) keeps its weights as constants in its code, "
                    + "which cannot be changed: convert the module as it was before, save it with torch.jit.save, and freeze that."
            );
        }

        parts = [.. kernels.Select(kernel => (kernel.Name, (Module)kernel.Layer)), .. script.named_modules()];
    }

    public ChannelConversion? WithOnes { private get; set; }

    public override bool training => script.training;

    /// <summary>The network that stands for a script: always the same.</summary>
    /// <exception cref="InvalidOperationException">It has no kernel.</exception>
    public static ScriptModule<TResult> Of(jit.ScriptModule<Tensor, TResult> script)
    {
        ArgumentNullException.ThrowIfNull(script);
        return Networks.GetValue(script, _ => new ScriptModule<TResult>(script));
    }

    public override TResult forward(Tensor image)
    {
        int dimension = WithOnes?.Layout.ChannelDimension(image) ?? 0;
        if (WithOnes is not { IsCurrent: true } conversion || image.size(dimension) != conversion.InChannels)
        {
            return script.call(image);
        }

        using Tensor one = ones_like(image.narrow(dimension, 0, 1));
        using Tensor given = cat([image, one], dimension);
        return script.call(given);
    }

    public Action KeepAttributes()
    {
        jit.ScriptModule[] scripts = [script, .. parts.Select(named => named.module).OfType<jit.ScriptModule>()];
        var kept = scripts
            .SelectMany(Attributes)
            .Select(found => (Found: found, Copy: found.Value.clone().DetachFromDisposeScope()))
            .ToArray();
        return () =>
        {
            foreach (((jit.ScriptModule holder, string name, Tensor value), Tensor copy) in kept)
            {
                holder.set_attribute(name, value);
                _ = value.shape.AsSpan().SequenceEqual(copy.shape) ? value.copy_(copy) : value.set_(copy);
                copy.Dispose();
            }

            IEnumerable<string> names = scripts.SelectMany(Attributes).Select(found => found.Name);
            if (names.Except(kept.Select(entry => entry.Found.Name)).FirstOrDefault() is { } fresh)
            {
                throw new InvalidOperationException(
                    $"This ScriptModule keeps a tensor '{fresh}' from its first run on, which cannot be taken from it again: load it anew, "
                        + "and convert it with Probe = false."
                );
            }
        };

        static IEnumerable<(jit.ScriptModule Holder, string Name, Tensor Value)> Attributes(jit.ScriptModule holder)
        {
            HashSet<string> parameters = [.. holder.named_parameters().Select(named => named.name)];

            // What is no tensor has no name here.
            return holder
                .named_attributes(recurse: false)
                .Where(attribute => attribute.name is not null && !parameters.Contains(attribute.name))
                .Select(attribute => (holder, attribute.name, attribute.buffer.DetachFromDisposeScope()));
        }
    }

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        script.named_parameters(recurse);

    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
        script
            .named_buffers(recurse, include_nonpersistent)
            .Concat(
                kernels.SelectMany(kernel =>
                    kernel.Layer.named_buffers().Select(named => ($"{kernel.Name}.{named.name}".TrimStart('.'), named.buffer))
                )
            );

    public override IEnumerable<(string name, Module module)> named_modules() => parts;

    public override void train(bool train = true) => script.train(train);

    public override void zero_grad(bool set_to_none = true) => script.zero_grad(set_to_none);

    protected override Module _to(ScalarType dtype, bool non_blocking)
    {
        script.to(dtype, non_blocking);
        return this;
    }

    protected override Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
    {
        script.to(deviceType, deviceIndex, non_blocking);
        return this;
    }

    protected override Module _to(Device device, ScalarType dtype, bool non_blocking)
    {
        script.to(device, dtype, non_blocking);
        return this;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            script.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Convolution StandIn(Parameter weight)
    {
        long[] shape = weight.shape;

        // On the meta device no random numbers are drawn for kernels that nobody wants.
        Convolution layer = shape.Length switch
        {
            3 => Conv1d(shape[1], shape[0], shape[2], bias: false, device: META),
            4 => Conv2d(shape[1], shape[0], (shape[2], shape[3]), bias: false, device: META),
            _ => Conv3d(shape[1], shape[0], (shape[2], shape[3], shape[4]), bias: false, device: META),
        };
        layer.weight = weight;
        return layer;
    }
}
