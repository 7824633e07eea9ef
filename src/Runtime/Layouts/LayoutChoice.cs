using System.Collections.Concurrent;
using System.Diagnostics;
using ChannelGen.Conversion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Layouts;

/// <summary>
/// In which order in memory a network gets its images. Before the first image of a shape is answered, the network is run on it
/// in both orders, under no_grad and left as it was, while no other run of the same wrapper is on its way.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="keepsAnswers">Whether answers that come out channels-last are left so.</param>
/// <param name="clock">Tells the time, in ticks of <see cref="Stopwatch"/>.</param>
internal sealed class LayoutChoice(Module network, bool keepsAnswers, Func<long>? clock = null)
{
    /// <summary>A trial costs about a dozen runs: once so many shapes were tried, the one that is next in size speaks for others.</summary>
    public const int ShapesTried = 32;

    private const int FewestPairs = 5;
    private const int MostPairs = 25;
    private const double EnoughMilliseconds = 100;

    /// <summary>What is not faster by that much is left as it was.</summary>
    private const double LeastGain = 1.05;

    private readonly Func<long> clock = clock ?? Stopwatch.GetTimestamp;
    private readonly ReaderWriterLockSlim gate = new(LockRecursionPolicy.SupportsRecursion);
    private readonly ConcurrentDictionary<(MemoryLayout, bool Training, ScalarType, string Shape), TriedLayout> tried = new();
    private Convolution[] kernels = [];
    private Convolution[] laidKernels = [];
    private string? refusal;

    /// <summary>What was asked for.</summary>
    public MemoryLayout Wanted { get; private set; }

    public IReadOnlyList<TriedLayout> Tried => [.. tried.Values];

    /// <summary>
    /// Asks for another order. Channels-last, the kernels of the convolutions lie so as well from the first image on for which
    /// the network is seen to run so.
    /// </summary>
    public void Want(MemoryLayout layout, IEnumerable<Convolution> convolutions)
    {
        gate.EnterWriteLock();
        try
        {
            LayKernels(false);
            Wanted = layout;
            kernels = layout == MemoryLayout.ChannelsLast ? [.. convolutions] : [];
            if (refusal is null && tried.Values.Any(found => found.Layout == layout))
            {
                LayKernels(true);
            }
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>Runs the network on its inputs, with the image in one order or the other.</summary>
    /// <param name="inputs">All inputs.</param>
    /// <param name="imageIndex">Which is the image.</param>
    /// <param name="isBatch">Whether that is [N, C, H, W] and another order is wanted: other images are contiguous.</param>
    /// <param name="run">Runs it, with the image channels-last if told so.</param>
    public TResult Run<TResult>(object?[] inputs, int imageIndex, bool isBatch, Func<object?[], bool, TResult> run)
    {
        if (!isBatch)
        {
            return run(inputs, false);
        }

        bool isLast = Choose(inputs, imageIndex, run) == MemoryLayout.ChannelsLast;
        gate.EnterReadLock();
        try
        {
            return RunOnce(inputs, isLast, run);
        }
        finally
        {
            gate.ExitReadLock();
        }
    }

    private TResult RunOnce<TResult>(object?[] inputs, bool isLast, Func<object?[], bool, TResult> run)
    {
        TResult answer = run(inputs, isLast);
        if (isLast && !keepsAnswers)
        {
            ChannelsLast.MakeContiguous(answer);
        }

        return answer;
    }

    private MemoryLayout Choose<TResult>(object?[] inputs, int imageIndex, Func<object?[], bool, TResult> run)
    {
        var image = (Tensor)inputs[imageIndex]!;
        long[] shape = image.shape;
        var key = (Wanted, network.training, image.dtype, Text.Sizes(shape));
        if (tried.TryGetValue(key, out TriedLayout? found))
        {
            return found.Layout;
        }

        // A network that runs itself inside of itself is running already, and cannot be tried.
        if (gate.IsReadLockHeld || gate.IsWriteLockHeld)
        {
            return MemoryLayout.Contiguous;
        }

        gate.EnterWriteLock();
        try
        {
            // Another thread may have asked for another order in between.
            if (Wanted == MemoryLayout.Contiguous)
            {
                return MemoryLayout.Contiguous;
            }

            if (tried.Keys.Count(other => other.Item1 == Wanted) >= ShapesTried)
            {
                return Nearest(image).Layout;
            }

            if (!tried.TryGetValue(key, out found) && Try(inputs, imageIndex, run) is var (layout, reason))
            {
                tried[key] = found = new TriedLayout(shape, network.training, layout, reason);
            }

            return found?.Layout ?? MemoryLayout.Contiguous;
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    private TriedLayout Nearest(Tensor image) =>
        tried
            .Where(entry => entry.Key.Item1 == Wanted)
            .OrderBy(entry => entry.Key.Training != network.training)
            .ThenBy(entry => Math.Abs(Math.Log((double)image.numel() / entry.Value.Shape.Aggregate(1L, (product, size) => product * size))))
            .First()
            .Value;

    /// <summary>Null if the network does not run on that image at all, which the caller is to see for himself.</summary>
    private (MemoryLayout Layout, string Reason)? Try<TResult>(object?[] inputs, int imageIndex, Func<object?[], bool, TResult> run)
    {
        var image = (Tensor)inputs[imageIndex]!;
        if (Wanted == MemoryLayout.Fastest && (network.training || image.device_type != DeviceType.CPU))
        {
            return (MemoryLayout.Contiguous, "what is fastest is tried in evaluation and on the processor alone");
        }

        if (refusal is not null)
        {
            return (MemoryLayout.Contiguous, refusal);
        }

        bool isLast = false;
        long ticks = 0;
        var probe = new NetworkProbe(network, Timed, network.training);
        using DisposeScope scope = NewDisposeScope();
        bool areLaid = laidKernels.Length > 0;
        (string Path, Tensor Value)[] expected = [];
        try
        {
            // Twice in each order: libtorch prepares what it keeps for a shape, and a view looks at what its network does. Once
            // kernels are laid they stay so: a graph that waits for its backward may have kept them.
            for (int count = 0; count < 2 && !areLaid; count++)
            {
                expected = Once(last: false);
            }
        }
        catch (ProbeException)
        {
            return null;
        }

        string? trouble = null;
        try
        {
            LayKernels(true);
            Once(last: true);
            (string Path, Tensor Value)[] found = Once(last: true);

            // Random numbers, which training may draw, fall on other elements in another order.
            bool isComparable = !network.training && !areLaid;
            if (isComparable && !expected.Zip(found).All(pair => Agreement.Agree(pair.First.Value, pair.Second.Value)))
            {
                trouble = "the network answers otherwise in channels-last";
            }
        }
        catch (ProbeException exception)
        {
            trouble = $"the network does not run in channels-last: {exception.Message.Split('\n')[0]}";
        }

        if (trouble is null)
        {
            return Wanted == MemoryLayout.ChannelsLast ? (MemoryLayout.ChannelsLast, "as asked for") : Faster(Ticks);
        }

        // Kernels are of one order for all shapes.
        refusal = laidKernels.Length > 0 ? trouble : null;
        LayKernels(false);
        return (MemoryLayout.Contiguous, trouble);

        object? Timed(Tensor copy)
        {
            object?[] given = [.. inputs.Select(input => input is Tensor tensor ? tensor.clone() : input)];
            given[imageIndex] = copy;
            long start = clock();
            TResult answer = RunOnce(given, isLast, run);
            ticks = clock() - start;
            return answer;
        }

        (string, Tensor)[] Once(bool last)
        {
            isLast = last;
            return probe.Run(image, scope);
        }

        double Ticks(bool last)
        {
            using DisposeScope inner = NewDisposeScope();
            isLast = last;
            probe.Run(image, inner);
            return ticks;
        }
    }

    private void LayKernels(bool last)
    {
        bool isInside = is_inference_mode_enabled() && ConversionRegistry.IsMadeOutside(network);
        using IDisposable? outside = isInside ? inference_mode(false) : null;
        if (!last)
        {
            ChannelsLast.TakeBackKernels(laidKernels);
            laidKernels = [];
        }
        else if (laidKernels.Length == 0)
        {
            laidKernels = ChannelsLast.LayKernels(kernels);
        }
    }

    /// <summary>The middle one of the ratios of runs that stand side by side.</summary>
    private static (MemoryLayout Layout, string Reason) Faster(Func<bool, double> ticks)
    {
        var ratios = new List<double>();
        double all = 0;
        while (ratios.Count < FewestPairs || (ratios.Count < MostPairs && all < EnoughMilliseconds * Stopwatch.Frequency / 1000))
        {
            // Forwards and backwards in turn, so that neither always comes second.
            bool lastFirst = ratios.Count % 2 == 1;
            double first = ticks(lastFirst);
            double second = ticks(!lastFirst);
            ratios.Add(lastFirst ? second / first : first / second);
            all += first + second;
        }

        double ratio = ratios.Order().ElementAt(ratios.Count / 2);
        return (
            ratio >= LeastGain ? MemoryLayout.ChannelsLast : MemoryLayout.Contiguous,
            FormattableString.Invariant($"channels-last is {ratio:0.00} times as fast as contiguous")
        );
    }
}
