using System.Diagnostics;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>How long the conversion itself takes, beside one forward pass on an image of 224 x 224.</summary>
internal static class ConversionTime
{
    private const int Runs = 7;

    public static (double Forward, double WithProbe, double WithoutProbe) Measure()
    {
        set_num_threads(1);
        using var grad = no_grad();
        using Tensor image = rand(1, 3, 224, 224);
        var forward = new List<double>();
        var probed = new List<double>();
        var plain = new List<double>();
        for (int run = 0; run <= Runs; run++)
        {
            using Module<Tensor, Tensor> first = torchvision.models.resnet18();
            using Module<Tensor, Tensor> second = torchvision.models.resnet18();
            double ofForward = Time(() => first.forward(image).Dispose());
            double ofProbe = Time(() => first.ToGrayscale());
            double ofPlain = Time(() => second.ToGrayscale(new GrayscaleOptions { Layer = "conv1", Probe = false }));
            if (run > 0)
            {
                forward.Add(ofForward);
                probed.Add(ofProbe);
                plain.Add(ofPlain);
            }
        }

        return (RuleTimes.Median(forward), RuleTimes.Median(probed), RuleTimes.Median(plain));
    }

    private static double Time(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
