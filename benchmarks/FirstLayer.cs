using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>
/// The first layer alone, as it runs inside of a network: its output may come out in either order in memory. Stacked as people
/// write it, stacked and copied to channels-last, seen by a view of a network that has no other layer, and converted.
/// </summary>
internal sealed class FirstLayer : IDisposable
{
    private static readonly (string Name, int Filters, int Kernel, int Stride, int Padding)[] Kernels =
    [
        ("3x3, 16 filters", 16, 3, 1, 1),
        ("3x3, 64 filters", 64, 3, 1, 1),
        ("3x3, stride 2", 32, 3, 2, 1),
        ("4x4, stride 4", 96, 4, 4, 0),
        ("7x7, stride 2", 64, 7, 2, 3),
        ("11x11, stride 4", 64, 11, 4, 2),
        ("16x16, stride 16", 384, 16, 16, 0),
    ];

    private readonly (string Name, int Filters, int Kernel, int Stride, int Padding) kernel;
    private readonly Conv2d color;
    private readonly GrayscaleModule<Tensor, Tensor> gray;
    private readonly Module<Tensor, Tensor> viewed;
    private readonly Tensor image;
    private readonly IDisposable grad = no_grad();

    public FirstLayer(string name, int side, int batch)
    {
        manual_seed(1);
        kernel = Kernels.Single(found => found.Name == name);
        color = Make();
        gray = Make().ToGrayscale(new GrayscaleOptions { ChannelsLastAnswers = true });

        // A network of its own: a view also lets others' expanded images through from one channel.
        viewed = Sequential(("layer", Make()));
        viewed.eval();
        gray.eval();
        image = rand(batch, 1, side, side);
    }

    public static IEnumerable<(string Kernel, int Side, int Batch)> Rows(bool once) =>
        from kernel in Kernels
        from side in once ? [32] : (int[])[32, 128, 224, 512]
        from batch in once ? [1] : (int[])[1, 8]
        select (kernel.Name, side, batch);

    /// <summary>In the order of <see cref="SpeedTables.Ways"/>.</summary>
    public Action[] Ways =>
        [
            () => Color(cat(new[] { image, image, image }, 1)),
            () => Color(image.expand(-1, 3, -1, -1)),
            () => Color(Last.Copy(cat(new[] { image, image, image }, 1))),
            () => View(MemoryLayout.Contiguous),
            () => View(MemoryLayout.ChannelsLast),
            () => View(MemoryLayout.Fastest),
            () => Convert(MemoryLayout.Contiguous),
            () => Convert(MemoryLayout.ChannelsLast),
            () => Convert(MemoryLayout.Fastest),
        ];

    /// <summary>
    /// How many times as fast one channel can be where each way does its arithmetic and writes its bytes, and nothing else, as
    /// fast as this machine can: the longer of both counts.
    /// </summary>
    public double Limit(Machine machine)
    {
        double side = (((image.size(2) + (2 * kernel.Padding) - kernel.Kernel) / kernel.Stride) + 1) * kernel.Filters;
        double outputs = image.size(0) * side * (((image.size(3) + (2 * kernel.Padding) - kernel.Kernel) / kernel.Stride) + 1);
        double operations = 2 * outputs * kernel.Kernel * kernel.Kernel;
        return machine.Seconds(3 * operations, 4 * (outputs + (3 * image.numel()))) / machine.Seconds(operations, 4 * outputs);
    }

    public void Dispose()
    {
        color.Dispose();
        gray.Dispose();
        viewed.Dispose();
        image.Dispose();
        grad.Dispose();
    }

    private void Color(Tensor stacked)
    {
        color.forward(stacked).Dispose();
        stacked.Dispose();
    }

    private void View(MemoryLayout layout) =>
        viewed.AsGrayscale(layout: layout, channelsLastAnswers: true).forward(image).Dispose();

    private void Convert(MemoryLayout layout)
    {
        gray.UseMemoryLayout(layout);
        gray.forward(image).Dispose();
    }

    private Conv2d Make() => Conv2d(3, kernel.Filters, kernel.Kernel, kernel.Stride, kernel.Padding, bias: false);
}

/// <summary>What a color user can do about the order in memory, by hand.</summary>
internal static class Last
{
    /// <summary>The image copied to channels-last; the one that is given is disposed.</summary>
    public static Tensor Copy(Tensor image)
    {
        using Tensor given = image;
        using Tensor last = given.permute(0, 2, 3, 1);
        using Tensor laid = last.contiguous();
        return laid.permute(0, 3, 1, 2);
    }

    /// <summary>All kernels of a network in channels-last.</summary>
    public static void LayKernels(Module network)
    {
        using IDisposable grad = no_grad();
        foreach (Parameter kernel in network.parameters().Where(parameter => parameter.dim() == 4))
        {
            using Tensor copy = Copy(kernel.detach());
            kernel.set_(copy);
        }
    }
}

/// <summary>What this machine can do at best, measured: operations and written bytes in a second.</summary>
internal sealed record Machine(double Operations, double Bytes)
{
    public double Seconds(double operations, double bytes) => Math.Max(operations / Operations, bytes / Bytes);

    public static Machine Measure(bool once)
    {
        using IDisposable grad = no_grad();
        int side = once ? 64 : 1024;
        using Tensor matrix = rand(side, side);
        using Tensor memory = empty(once ? 1024 : 1 << 26);
        double multiplied = Fastest(() => matrix.mm(matrix).Dispose());
        double written = Fastest(() => memory.fill_(1));
        return new Machine(2.0 * side * side * side / multiplied, 4.0 * memory.numel() / written);

        static double Fastest(Action run) =>
            Enumerable
                .Range(0, 9)
                .Min(_ =>
                {
                    long start = System.Diagnostics.Stopwatch.GetTimestamp();
                    run();
                    return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
                });
    }
}
