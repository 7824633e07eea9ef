using System.Diagnostics;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>What was gained by converting one network.</summary>
/// <param name="Network">What the report calls it.</param>
/// <param name="Layer">The first layer's path.</param>
/// <param name="LayerWeights">The first layer's weights, stacked and converted.</param>
/// <param name="Parameters">The whole network's parameters, stacked and converted.</param>
/// <param name="FirstLayer">How far its output differs, on the image where that comes nearest to its bound.</param>
/// <param name="Output">How far the answers differ, on the image where that is most.</param>
/// <param name="SameClasses">On how many images both give the same class.</param>
/// <param name="Holds">Whether rounding explains every difference of the first layer, on every image.</param>
/// <param name="Speed">On the largest image.</param>
internal sealed record Measurement(
    string Network,
    string Layer,
    (long Stacked, long Converted) LayerWeights,
    (long Stacked, long Converted) Parameters,
    LayerDifference FirstLayer,
    LayerDifference Output,
    int SameClasses,
    bool Holds,
    Speed Speed
)
{
    private const int Pairs = 15;

    /// <summary>How often <see cref="Of"/> calls its step.</summary>
    public static int Steps(int images) => images + Pairs + 1;

    /// <summary>Compares a converted network with itself as it was, on every image, and times both in pairs.</summary>
    /// <param name="name">What the report calls it.</param>
    /// <param name="color">A network in color, which stays so.</param>
    /// <param name="gray">The same network again, converted with its color kernels kept.</param>
    /// <param name="images">Gray images.</param>
    /// <param name="step">Told what comes next, before each step; it may throw to stop.</param>
    public static Measurement Of(
        string name,
        Module<Tensor, Tensor> color,
        GrayscaleModule<Tensor, Tensor> gray,
        IReadOnlyList<GrayImage> images,
        Action<string> step
    )
    {
        using var grad = no_grad();
        string layer = gray.Conversion.Layers[0];
        var reports = new List<EquivalenceReport>();
        int same = 0;
        foreach (GrayImage image in images)
        {
            step($"{name}: comparing {image.Name}");
            reports.Add(gray.Verify([image.Pixels]));
            same += Stacked(color, image.Pixels, Class) == Converted(gray, image.Pixels, Class) ? 1 : 0;
        }

        return new Measurement(
            name,
            layer,
            (Weights(color, layer), Weights(gray, layer)),
            reports[0].Parameters,
            reports.Select(report => report.Layers.Single(found => found.Layer == layer)).MaxBy(found => found.Difference / found.Bound!)!,
            reports.MaxBy(report => report.Output.Difference)!.Output,
            same,
            reports.TrueForAll(report => report.Holds),
            Speed.Of(Times(name, color, gray, images.MaxBy(image => image.Pixels.numel())!.Pixels, step))
        );
    }

    private static List<(double Stacked, double Converted)> Times(
        string name,
        Module<Tensor, Tensor> color,
        Module<Tensor, Tensor> gray,
        Tensor image,
        Action<string> step
    )
    {
        var times = new List<(double Stacked, double Converted)>();
        for (int pair = 0; pair <= Pairs; pair++)
        {
            step($"{name}: timing, {pair} of {Pairs}");
            times.Add((Stacked(color, image, Elapsed), Converted(gray, image, Elapsed)));
        }

        times.RemoveAt(0); // it warmed up
        return times;

        static double Elapsed(Func<Tensor> run)
        {
            long start = Stopwatch.GetTimestamp();
            run().Dispose();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    private static T Stacked<T>(Module<Tensor, Tensor> color, Tensor image, Func<Func<Tensor>, T> measure) =>
        measure(() =>
        {
            // Both ways are compared with each other, so this one stacks on purpose.
#pragma warning disable CG0001
            using Tensor rgb = cat(new[] { image, image, image }, 1);
#pragma warning restore CG0001
            return color.forward(rgb);
        });

    private static T Converted<T>(Module<Tensor, Tensor> gray, Tensor image, Func<Func<Tensor>, T> measure) =>
        measure(() => gray.forward(image));

    private static long Class(Func<Tensor> run)
    {
        using Tensor scores = run();
        using Tensor strongest = scores.argmax(1);
        return strongest.item<long>();
    }

    private static long Weights(Module network, string layer) =>
        network.named_parameters().Single(parameter => parameter.name == layer + ".weight").parameter.numel();
}
