using System.Diagnostics;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>One line of the table.</summary>
internal sealed record Measurement(
    string Network,
    string Layer,
    long ParametersBefore,
    long ParametersAfter,
    LayerDifference FirstLayer,
    LayerDifference Output,
    double LatencyRatio,
    long BytesBefore,
    long BytesAfter,
    bool Holds
)
{
    private const int Pairs = 15;

    /// <summary>Converts a network, compares it with itself as it was on every image, and times both in pairs.</summary>
    /// <param name="name">What the table calls it.</param>
    /// <param name="color">A network in color, which stays so.</param>
    /// <param name="gray">The same network again, converted with its color kernels kept.</param>
    /// <param name="images">Gray images.</param>
    public static Measurement Of(
        string name,
        Module<Tensor, Tensor> color,
        GrayscaleModule<Tensor, Tensor> gray,
        IReadOnlyList<GrayImage> images
    )
    {
        EquivalenceReport report = gray.Verify(images.Select(image => image.Pixels));
        string layer = gray.Conversion.Layers[0];
        Tensor largest = images.MaxBy(image => image.Pixels.numel())!.Pixels;
        long bytes = images.Sum(image => image.Pixels.numel() * image.Pixels.element_size());
        return new Measurement(
            name,
            layer,
            report.Parameters.Before,
            report.Parameters.After,
            report.Layers.Single(difference => difference.Layer == layer),
            report.Output,
            Latency(color, gray, largest),
            3 * bytes,
            bytes,
            report.Holds
        );
    }

    /// <summary>The median over pairs of runs of how long the converted network takes, as a part of the stacked one's time.</summary>
    private static double Latency(Module<Tensor, Tensor> color, Module<Tensor, Tensor> gray, Tensor image)
    {
        using var grad = no_grad();
        var ratios = new List<double>();
        for (int pair = 0; pair <= Pairs; pair++)
        {
            double stacked = Time(() =>
            {
                // Both ways are timed against each other, so this one stacks on purpose.
#pragma warning disable CG0001
                using Tensor rgb = cat(new[] { image, image, image }, 1);
#pragma warning restore CG0001
                color.forward(rgb).Dispose();
            });
            double converted = Time(() => gray.forward(image).Dispose());
            if (pair > 0)
            {
                // The first pair warms up.
                ratios.Add(converted / stacked);
            }
        }

        ratios.Sort();
        return ratios[ratios.Count / 2];
    }

    private static double Time(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
