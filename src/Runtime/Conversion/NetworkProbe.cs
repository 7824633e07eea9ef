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
/// the modes, what the network keeps, and the random state if the network draws from it, put back afterwards. The user's
/// hooks run, since what they do may be part of the answer.
/// </summary>
internal sealed class NetworkProbe
{
    private const int ImageSeed = 2022;

    private readonly Module network;
    private readonly Func<Tensor, object?> forward;

    /// <summary>Whether the network draws random numbers; null as long as it is not known to.</summary>
    private bool? drawsNumbers;

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
        if (drawsNumbers == false)
        {
            return RunOnce(image, owner, observe);
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor randomState = get_rng_state();
        try
        {
            Tensor[] answer = RunOnce(image, owner, observe);
            if (drawsNumbers is null && !randomState.Equals(get_rng_state()))
            {
                // The state is the whole program's: was it this network that drew, or another thread?
                Tensor[] again = RunOnce(image, scope, null);
                drawsNumbers = answer.Length != again.Length || !answer.Zip(again).All(pair => pair.First.Equals(pair.Second));
            }

            return answer;
        }
        finally
        {
            if (drawsNumbers == true)
            {
                set_rng_state(randomState);
            }
        }
    }

    private Tensor[] RunOnce(Tensor image, DisposeScope owner, Action? observe)
    {
        (Module Module, bool Training)[] modes = [.. Modules(network).Select(module => (module, module.training))];
        KeptState state = KeptState.Of(network);
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        try
        {
            network.eval();
            observe?.Invoke();
            return [.. Tensors(Forward(image)).Select(result => Kept(result, owner))];
        }
        finally
        {
            foreach ((Module module, bool training) in modes)
            {
                // train(...) goes down to the children; they come later in this list, so their own mode is the last word.
                module.train(training);
            }

            state.Restore(network);
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
}

/// <summary>The network itself failed on an image; the reason is inside.</summary>
internal sealed class ProbeException(Exception reason) : Exception(reason.Message, reason);
