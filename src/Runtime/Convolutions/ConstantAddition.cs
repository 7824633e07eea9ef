using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Convolutions;

/// <summary>
/// What per-channel normalization adds to a convolution's output: its answer to a constant image. With zero padding that
/// answer is smaller near the border, since the padding is zero after the normalization, so it is a map that depends on the
/// image's size; it is kept for the last sizes seen. Added by a forward hook that runs before the user's own, because
/// TorchSharp's convolutions are sealed.
/// </summary>
/// <remarks>
/// The one-channel kernel that gives the map is a buffer of the layer, "normalization_kernel", so that it is saved and
/// loaded with the weight that it belongs to.
/// </remarks>
internal sealed class ConstantAddition
{
    public const string BufferName = "normalization_kernel";
    private const string HookKey = "ChannelGen.ConstantAddition";
    private const int SizesKept = 4;

    private static readonly ConditionalWeakTable<Convolution, ConstantAddition> Attached = new();

    private readonly object gate = new();
    private readonly List<(long[] Size, Tensor Map)> maps = [];
    private Tensor? mappedKernel;

    private ConstantAddition()
    {
    }

    /// <summary>Whether a hook is this class's own.</summary>
    public static bool IsHook(Delegate hook) => hook.Target is ConstantAddition;

    /// <summary>The kernel of what is added to the layer's output, in float64; null if nothing is.</summary>
    public static Tensor? Kernel(Convolution layer) => Attached.TryGetValue(layer, out _) ? layer.get_buffer(BufferName) : null;

    /// <summary>Adds, replaces or (with null) removes what is added to the layer's output.</summary>
    public static void Set(Convolution layer, Tensor? kernel)
    {
        var hooks = HookTables.Table<Dictionary<string, Func<Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>>(layer, "post_hooks");
        if (Attached.TryGetValue(layer, out ConstantAddition? old))
        {
            old.Forget();
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
            layer.register_buffer(BufferName, kernel.detach().to(ScalarType.Float64, CPU, copy: true).DetachFromDisposeScope());
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

    private Tensor Add(Module<Tensor, Tensor> module, Tensor input, Tensor output)
    {
        var layer = (Convolution)module;
        lock (gate)
        {
            Tensor map = Map(layer, input, output);
            using Tensor fitting = output.dim() < map.dim() ? map.squeeze(0) : map.alias();
            return output.add_(fitting);
        }
    }

    private Tensor Map(Convolution layer, Tensor input, Tensor output)
    {
        using var grad = no_grad();
        Tensor kernel = layer.get_buffer(BufferName)!;
        if (mappedKernel is null || !mappedKernel.Equals(kernel))
        {
            // Another kernel was loaded: the maps of the old one are void.
            Forget();
            mappedKernel = kernel.clone().DetachFromDisposeScope();
        }

        long[] size = layer.KeepsConstants() ? [] : input.shape[^layer.SpatialDimensions()..];
        int found = maps.FindIndex(map => map.Size.AsSpan().SequenceEqual(size));
        if (found >= 0 && (maps[found].Map.dtype != output.dtype || maps[found].Map.device != output.device))
        {
            maps[found].Map.Dispose();
            maps.RemoveAt(found);
            found = -1;
        }

        if (found >= 0)
        {
            return maps[found].Map;
        }

        if (maps.Count == SizesKept)
        {
            maps[0].Map.Dispose();
            maps.RemoveAt(0);
        }

        Tensor fresh = Compute(layer, kernel, size).to(output.dtype, output.device, copy: true, disposeAfter: true).DetachFromDisposeScope();
        maps.Add((size, fresh));
        return fresh;
    }

    private static Tensor Compute(Convolution layer, Tensor kernel, long[] size)
    {
        if (size.Length == 0)
        {
            // [out, 1, k...] to [1, out, 1...]: the sum over the kernel.
            long[] spatial = [.. Enumerable.Range(2, layer.SpatialDimensions()).Select(dimension => (long)dimension)];
            using Tensor sums = kernel.sum(spatial, keepdim: true);
            return sums.transpose(0, 1);
        }

        using Tensor image = ones([1, 1, .. size], ScalarType.Float64);
        return layer.Run(image, kernel);
    }

    private void Forget()
    {
        lock (gate)
        {
            foreach ((_, Tensor map) in maps)
            {
                map.Dispose();
            }

            maps.Clear();
            mappedKernel?.Dispose();
            mappedKernel = null;
        }
    }
}
