using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Convolutions;

/// <summary>
/// What per-channel normalization adds to a convolution's output: its answer to a constant image. That is one number for
/// each output channel, but near the border, where zero padding is smaller than it, since the padding is zero after the
/// normalization (<see cref="ConstantMap"/>). Added by a forward hook that runs before the user's own, because TorchSharp's
/// convolutions are sealed.
/// </summary>
/// <remarks>
/// The one-channel kernel that gives the map is a buffer of the layer, "normalization_kernel", so that it is saved and
/// loaded with the weight that it belongs to.
/// </remarks>
internal sealed class ConstantAddition
{
    public const string BufferName = "normalization_kernel";
    private const string HookKey = "ChannelGen.ConstantAddition";

    private static readonly ConditionalWeakTable<Convolution, ConstantAddition> Attached = new();

    private volatile ConstantMap? map;

    private ConstantAddition() { }

    /// <summary>Whether a hook is this class's own.</summary>
    public static bool IsHook(Delegate hook) => hook.Target is ConstantAddition;

    /// <summary>The kernel of what is added to the layer's output, in float64; null if nothing is.</summary>
    public static Tensor? Kernel(Convolution layer) => Attached.TryGetValue(layer, out _) ? layer.get_buffer(BufferName) : null;

    /// <summary>Adds, replaces or (with null) removes what is added to the layer's output.</summary>
    public static void Set(Convolution layer, Tensor? kernel)
    {
        var hooks = HookTables.Table<Dictionary<string, Func<Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>>(layer, "post_hooks");
        if (Attached.TryGetValue(layer, out _))
        {
            hooks.Remove(HookKey);
            Tensor? buffer = layer.get_buffer(BufferName);
            ConvolutionAccess.Buffers(layer).Remove(BufferName);
            Attached.Remove(layer);
            buffer?.Dispose();
        }

        if (kernel is null)
        {
            return;
        }

        var addition = new ConstantAddition();
        using (no_grad())
        {
            using Tensor exact = kernel.detach().to(ScalarType.Float64, CPU, copy: true);
            layer.register_buffer(BufferName, exact.contiguous().DetachFromDisposeScope());
        }

        // First in line: the user's hooks see the activations that the color layer would have given.
        KeyValuePair<string, Func<Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>[] others = [.. hooks];
        hooks.Clear();
        hooks.Add(HookKey, addition.Add);
        foreach ((string key, Func<Module<Tensor, Tensor>, Tensor, Tensor, Tensor> hook) in others)
        {
            hooks.Add(key, hook);
        }

        Attached.Add(layer, addition);
    }

    /// <summary>
    /// Adds what belongs to the output of a network that was run with forward, which runs no hooks, if it is such a layer.
    /// </summary>
    public static void Complete(Module network, object? input, object? output)
    {
        if (network is Convolution layer && Attached.TryGetValue(layer, out ConstantAddition? addition))
        {
            addition.Add(layer, (Tensor)input!, (Tensor)output!);
        }
    }

    private Tensor Add(Module<Tensor, Tensor> module, Tensor input, Tensor output)
    {
        var layer = (Convolution)module;
        Tensor kernel = layer.get_buffer(BufferName)!;
        ConstantMap? current = map;
        if (current is null || !current.IsOf(layer, kernel))
        {
            map = current = new ConstantMap(layer, kernel);
        }

        current.For(layer, kernel, input, output).AddTo(output);
        return output;
    }
}
