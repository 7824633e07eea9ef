using BenchmarkDotNet.Attributes;
using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>The first layer alone: stacked in three ways, seen by a view of a network that has no other layer, and converted.</summary>
public class FirstLayer
{
    private Conv2d color = null!;
    private Conv2d gray = null!;
    private Module<Tensor, Tensor> viewed = null!;
    private Tensor image = null!;
    private IDisposable grad = null!;

    [Params("7x7, stride 2", "3x3")]
    public string Kernel { get; set; } = "";

    [Params(224, 512)]
    public int Side { get; set; }

    [Params(1, 8)]
    public int Batch { get; set; }

    [Params("one", "all")]
    public string Threads { get; set; } = "";

    /// <summary>One for each row of the table, before its setup.</summary>
    internal static IEnumerable<FirstLayer> Rows() =>
        from kernel in (string[])["3x3", "7x7, stride 2"]
        from side in (int[])[224, 512]
        from batch in (int[])[1, 8]
        from threads in (string[])["all", "one"]
        select new FirstLayer
        {
            Kernel = kernel,
            Side = side,
            Batch = batch,
            Threads = threads,
        };

    [GlobalSetup]
    public void Setup()
    {
        _ = SteadyMemory.Set();
        set_num_threads(Threads == "one" ? 1 : Environment.ProcessorCount);
        grad = no_grad();
        manual_seed(1);
        Conv2d Make() => Kernel == "3x3" ? Conv2d(3, 32, 3, 1, 1, bias: false) : Conv2d(3, 64, 7, 2, 3, bias: false);
        color = Make();
        gray = Make();
        gray.ToGrayscale();

        // A network of its own: a view also lets others' expanded images through from one channel.
        viewed = Sequential(("layer", Make()));
        image = rand(Batch, 1, Side, Side);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        color.Dispose();
        gray.Dispose();
        viewed.Dispose();
        image.Dispose();
        grad.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Cat()
    {
        using Tensor stacked = cat(new[] { image, image, image }, 1);
        color.forward(stacked).Dispose();
    }

    [Benchmark]
    public void Repeat()
    {
        using Tensor stacked = image.repeat(1, 3, 1, 1);
        color.forward(stacked).Dispose();
    }

    [Benchmark]
    public void Expand()
    {
        using Tensor stacked = image.expand(-1, 3, -1, -1);
        color.forward(stacked).Dispose();
    }

    [Benchmark]
    public void Viewed() => viewed.AsGrayscale().forward(image).Dispose();

    [Benchmark]
    public void Converted() => gray.forward(image).Dispose();
}
