using System.Collections;
using System.Runtime.CompilerServices;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>
/// Runs a network on a small image to see what it does with it, and leaves it as it was: under no_grad, in eval mode, with
/// the modes, the buffers, the user's hooks and the random state put back afterwards.
/// </summary>
internal sealed class NetworkProbe
{
    private const int ImageSeed = 2022;

    private readonly Module network;
    private readonly Func<Tensor, object?> forward;

    public NetworkProbe(Module network, Func<Tensor, object?> forward)
    {
        this.network = network;
        this.forward = forward;
    }

    /// <summary>The sides of the images that are tried, for convolutions of one, two and three spatial dimensions.</summary>
    private static readonly long[][] Sides = [[1024, 256, 64, 4096, 16000], [64, 224, 32, 28, 96, 128, 256, 299, 384, 512], [16, 32, 64, 8]];

    /// <summary>
    /// A gray image of noise in [0, 1) / <paramref name="scale"/> with one channel, for every shape worth trying.
    /// </summary>
    public static IEnumerable<Tensor> Images(int spatialDimensions, IReadOnlyList<long>? shape, double scale, ScalarType dtype, Device device)
    {
        IEnumerable<long[]> shapes = shape is null
            ? Sides[spatialDimensions - 1].Select(side => Square(side, spatialDimensions))
            : [OneChannel(shape, spatialDimensions)];
        foreach (long[] candidate in shapes)
        {
            var random = new Random(ImageSeed);
            var values = new double[candidate.Aggregate(1L, (product, size) => product * size)];
            for (int index = 0; index < values.Length; index++)
            {
                values[index] = random.NextDouble() / scale;
            }

            using Tensor flat = tensor(values, ScalarType.Float64);
            yield return flat.reshape(candidate).to(dtype, device, copy: true, disposeAfter: true);
        }
    }

    /// <summary>The dimension of the channels in an image, batched or not.</summary>
    public static long ChannelDimension(Tensor image, int spatialDimensions) => image.dim() - spatialDimensions - 1;

    /// <summary>
    /// The tensors of the network's answer to <paramref name="image"/>, which belong to <paramref name="owner"/>. While it
    /// runs, <paramref name="observe"/> may hang hooks on the modules; they are removed with the rest.
    /// </summary>
    public Tensor[] Run(Tensor image, DisposeScope owner, Action? observe = null)
    {
        (Module Module, bool Training)[] modes = [.. Modules(network).Select(module => (module, module.training))];
        (Tensor Buffer, Tensor Saved)[] buffers = [.. network.named_buffers().Select(named => (Buffer: named.buffer, Saved: named.buffer.clone().DetachFromDisposeScope()))];
        Tensor randomState = get_rng_state().DetachFromDisposeScope();
        using var hooks = new HookSuspension(network);
        try
        {
            using var grad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            network.eval();
            observe?.Invoke();
            return [.. Tensors(Forward(image)).Select(result => Kept(result, owner))];
        }
        finally
        {
            set_rng_state(randomState);
            randomState.Dispose();
            foreach ((Module module, bool training) in modes)
            {
                // train(...) goes down to the children; they come later in this list, so their own mode is the last word.
                module.train(training);
            }

            using var grad = no_grad();
            foreach ((Tensor buffer, Tensor saved) in buffers)
            {
                if (!buffer.Equals(saved))
                {
                    buffer.copy_(saved);
                }

                saved.Dispose();
            }
        }
    }

    /// <summary>A copy that belongs to <paramref name="owner"/> rather than to the scope that is current.</summary>
    public static Tensor Kept(Tensor tensor, DisposeScope owner)
    {
        Tensor copy = tensor.detach().clone().DetachFromDisposeScope();
        owner.Attach(copy);
        return copy;
    }

    /// <summary>The network and all modules in it, every one before its descendants.</summary>
    public static IEnumerable<Module> Modules(Module network) => network.named_modules().OrderBy(named => named.name.Count(letter => letter == '.')).Select(named => named.module).Prepend(network);

    /// <summary>Whether two answers agree but for rounding; where only integers come out, nothing is compared.</summary>
    public static bool Agree(Tensor[] left, Tensor[] right) => left.Length == right.Length && left.Zip(right).All(pair => Agree(pair.First, pair.Second));

    public static bool Agree(Tensor left, Tensor right)
    {
        if (!left.shape.AsSpan().SequenceEqual(right.shape) || left.dtype != right.dtype)
        {
            return false;
        }

        if (!left.is_floating_point() || left.numel() == 0)
        {
            return true;
        }

        // Rounding differs between the two runs and is carried through the whole network: far below what a channel left out
        // or a border computed differently would show.
        double tolerance = left.dtype switch
        {
            ScalarType.Float64 => 1e-7,
            ScalarType.Float32 => 1e-3,
            ScalarType.Float16 => 5e-2,
            _ => 2e-1,
        };
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor exact = left.to(ScalarType.Float64);
        double largest = exact.nan_to_num(0, 0, 0).abs().max().item<double>();
        return exact.allclose(right.to(ScalarType.Float64), tolerance, tolerance * largest, equal_nan: true);
    }

    /// <summary>Every module that takes and gives a tensor, told as it starts and as it ends.</summary>
    public void Observe(Action<string> started, Action<string, Tensor> ended)
    {
        foreach ((string name, Module module) in network.named_modules())
        {
            if (module is Module<Tensor, Tensor> layer)
            {
                layer.register_forward_pre_hook((_, input) =>
                {
                    started($"'{name}' ({module.GetType().Name})");
                    return input;
                });
                layer.register_forward_hook((_, _, output) =>
                {
                    ended($"'{name}' ({module.GetType().Name})", output);
                    return output;
                });
            }
        }
    }

    /// <summary>
    /// A network may throw anything at a size or a number of channels that it was not made for; what this class itself does
    /// wrong is another matter, and not caught with it.
    /// </summary>
    private object? Forward(Tensor image)
    {
        try
        {
            return forward(image);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new ProbeException(exception);
        }
    }

    private static IEnumerable<Tensor> Tensors(object? answer) => answer switch
    {
        Tensor tensor => [tensor],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => Tensors(tuple[index])),
        IDictionary table => table.Values.Cast<object?>().SelectMany(Tensors),
        IEnumerable<Tensor> tensors => tensors,
        _ => [],
    };

    private static long[] Square(long side, int spatialDimensions) => [1, 1, .. Enumerable.Repeat(side, spatialDimensions)];

    private static long[] OneChannel(IReadOnlyList<long> shape, int spatialDimensions)
    {
        int channel = shape.Count - spatialDimensions - 1;
        if (channel is < 0 or > 1 || shape.Any(size => size < 1))
        {
            throw new ArgumentException(
                $"The image shape {Text.Sizes(shape)} has {shape.Count} dimensions; wanted {spatialDimensions + 2} (batch, channels and {spatialDimensions} of space), all 1 or more.");
        }

        long[] gray = [.. shape];
        gray[channel] = 1;
        return gray;
    }

    /// <summary>
    /// Takes all hooks off a network, but for those that are part of its mathematics, and puts them back. What was hung on
    /// in between goes.
    /// </summary>
    private sealed class HookSuspension : IDisposable
    {
        private readonly (IDictionary Table, DictionaryEntry[] Entries)[] saved;

        public HookSuspension(Module network)
        {
            saved = [.. Modules(network).Distinct().SelectMany(HookTables.Of).Select(table => (table, Entries(table)))];
            foreach ((IDictionary table, DictionaryEntry[] entries) in saved)
            {
                table.Clear();
                foreach (DictionaryEntry entry in entries)
                {
                    if (entry.Value is Delegate hook && ConstantAddition.IsHook(hook))
                    {
                        table.Add(entry.Key, entry.Value);
                    }
                }
            }
        }

        public void Dispose()
        {
            foreach ((IDictionary table, DictionaryEntry[] entries) in saved)
            {
                table.Clear();
                foreach (DictionaryEntry entry in entries)
                {
                    table.Add(entry.Key, entry.Value);
                }
            }
        }

        private static DictionaryEntry[] Entries(IDictionary table)
        {
            var entries = new List<DictionaryEntry>(table.Count);
            IDictionaryEnumerator each = table.GetEnumerator();
            while (each.MoveNext())
            {
                entries.Add(each.Entry);
            }

            return [.. entries];
        }
    }
}

/// <summary>The network itself failed on an image; the reason is inside.</summary>
internal sealed class ProbeException(Exception reason) : Exception(reason.Message, reason);
