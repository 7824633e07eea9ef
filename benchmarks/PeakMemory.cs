using System.Diagnostics;
using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>The most memory that a process of its own takes for the first layer on a batch of large images.</summary>
internal static class PeakMemory
{
    public static long Measure(bool stacked)
    {
        using var grad = no_grad();
        using Conv2d conv = Conv2d(3, 16, 7, 4, 3, bias: false);
        using Tensor image = rand(8, 1, 2048, 2048);
        Module<Tensor, Tensor> gray = stacked ? conv : conv.ToGrayscale();
        long before = Process.GetCurrentProcess().PeakWorkingSet64;
        using Tensor input = stacked ? cat(new[] { image, image, image }, 1) : image.alias();
        gray.forward(input).Dispose();
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 - before;
    }

    /// <summary>Verifies a ResNet-18 on one gray image of 3000 x 2500, and says how much memory this process has had at most.</summary>
    public static string OfVerify()
    {
        using Module<Tensor, Tensor> net = torchvision.models.resnet18();
        using Tensor image = rand(1, 1, 3000, 2500);
        EquivalenceReport report = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }).Verify([image]);
        using Process self = Process.GetCurrentProcess();
        return FormattableString.Invariant(
            $"{report}Verify of a ResNet-18 on 3000 x 2500: at most {self.PeakWorkingSet64 / Math.Pow(2, 30):0.00} GiB of memory.\n"
        );
    }

    /// <summary>Both, in bytes.</summary>
    public static (long Stacked, long Converted) MeasureBoth() => (Run("stacked"), Run("converted"));

    private static long Run(string way)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(PeakMemory).Assembly.Location);
        }

        start.ArgumentList.Add("peak");
        start.ArgumentList.Add(way);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.Parse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
