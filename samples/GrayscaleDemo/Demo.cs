using System.Globalization;
using ChannelGen;
using Spectre.Console;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>The main job on real input: networks for color, run on gray images once stacked and once converted.</summary>
internal static class Demo
{
    private const string Help =
        "Usage: GrayscaleDemo [FOLDER_OR_IMAGE...]\nRuns color networks on grayscale PNG or JPEG images, stacked and converted. "
            + "Without arguments it draws Shepp-Logan phantoms.";

    /// <returns>0 if every image could be used, 1 if some could not, 2 if none could.</returns>
    public static int Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (args is ["--help" or "-h"])
        {
            Console.WriteLine(Help);
            return 0;
        }

        // TorchVision decodes images with what it is given; nothing is the default.
        torchvision.io.DefaultImager = new torchvision.io.SkiaImager();
        string output = Path.Combine(AppContext.BaseDirectory, "output");
        Directory.CreateDirectory(output);
        var complaints = new List<string>();
        IReadOnlyList<GrayImage> images = ImageFiles.Read(
            args.Length > 0 ? args : Phantoms.Write(Path.Combine(output, "phantoms")),
            complaints
        );
        foreach (string complaint in complaints)
        {
            Console.Error.WriteLine(complaint);
        }

        if (images.Count == 0)
        {
            Console.Error.WriteLine("There is no image to run on.");
            return 2;
        }

        PrintAnswers(images);
        bool holds = PrintComparison(images, Path.Combine(output, "feature-maps.png"));
        return !holds ? 3
            : complaints.Count > 0 ? 1
            : 0;
    }

    /// <summary>What the stacking program answers; the same numbers after its fix.</summary>
    private static void PrintAnswers(IReadOnlyList<GrayImage> images)
    {
        using var grad = no_grad();
        using ResNet resnet = Networks.ResNet18();
        using LesionNet lesions = Networks.Lesions();
        Console.WriteLine("Answers (class: score)");
        foreach (GrayImage image in images)
        {
            (long Class, double Score) first = StackingProgram.Classify(resnet, image.Pixels);
            (long Class, double Score) second = StackingProgram.Classify(lesions, image.Pixels);
            Console.WriteLine(
                $"  {image.Name}: ResNet-18 {first.Class}: {first.Score:0.000}, LesionNet {second.Class}: {second.Score:0.000}"
            );
        }
    }

    private static bool PrintComparison(IReadOnlyList<GrayImage> images, string picture)
    {
        var measurements = new List<Measurement>();
        double factor = 1;
        IAnsiConsole progressConsole = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        progressConsole
            .Progress()
            .HideCompleted(true)
            .Start(progress =>
            {
                ProgressTask task = progress.AddTask("Comparing networks", maxValue: 3);
                using ResNet resnet = Networks.ResNet18();
                using GrayscaleModule<Tensor, Tensor> grayResnet = Networks
                    .ResNet18()
                    .ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
                measurements.Add(Measurement.Of("ResNet-18", resnet, grayResnet, images));
                task.Increment(1);

                using LesionNet lesions = Networks.Lesions();
                using GrayscaleLesionNet grayLesions = Networks.Lesions().ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
                measurements.Add(Measurement.Of("LesionNet (ResNet-20)", lesions, grayLesions, images));
                task.Increment(1);

                factor = FeatureMapPicture.Write(picture, resnet, grayResnet, images.MaxBy(image => image.Pixels.numel())!.Pixels);
                task.Increment(1);
            });

        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns(
            "network",
            "layer",
            "parameters",
            "first layer differs by",
            "may by rounding",
            "answers differ by",
            "latency",
            "input bytes"
        );
        foreach (Measurement row in measurements)
        {
            table.AddRow(
                row.Network,
                row.Layer,
                $"{row.ParametersBefore:N0} -> {row.ParametersAfter:N0}",
                $"{row.FirstLayer.Difference:0.0e+00}",
                $"{row.FirstLayer.Bound:0.0e+00}{(row.Holds ? "" : " EXCEEDED")}",
                $"{row.Output.Difference:0.0e+00} of {row.Output.Magnitude:0.0}",
                $"x {row.LatencyRatio:0.00}",
                $"{row.BytesBefore:N0} -> {row.BytesAfter:N0}"
            );
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings());
        console.Profile.Width = Math.Max(console.Profile.Width, 160);
        console.WriteLine();
        console.WriteLine($"{images.Count} image{(images.Count == 1 ? "" : "s")}, stacked against converted:");
        console.Write(table);
        Console.WriteLine($"Feature maps of the first layer (stacked, converted, difference x {factor:0e+00}): {picture}");
        bool holds = measurements.TrueForAll(row => row.Holds);
        Console.WriteLine(holds ? "Every difference is within what rounding explains." : "A difference is larger than rounding explains.");
        return holds;
    }
}
