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
    /// <summary>Runs everything; gives one of <see cref="ExitCodes"/>.</summary>
    /// <param name="paths">Images and folders; none for phantoms.</param>
    /// <param name="longestSide">Larger images are scaled down to it.</param>
    /// <param name="output">The folder for pictures and phantoms.</param>
    /// <param name="cancellation">Asked before each step.</param>
    public static int Run(string[] paths, int longestSide, string output, CancellationToken cancellation)
    {
        Directory.CreateDirectory(output);
        var complaints = new List<string>();
        IReadOnlyList<GrayImage> images = ImageFiles.Read(
            paths.Length > 0 ? paths : Phantoms.Write(Path.Combine(output, "phantoms")),
            longestSide,
            complaints
        );
        foreach (string complaint in complaints)
        {
            Console.Error.WriteLine(complaint);
        }

        if (images.Count == 0)
        {
            Console.Error.WriteLine("There is no image to run on.");
            return ExitCodes.Nothing;
        }

        try
        {
            return !Compare(images, output, cancellation) ? ExitCodes.AnswersDiffer
                : complaints.Count > 0 ? ExitCodes.SomeImagesUnusable
                : ExitCodes.Done;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return ExitCodes.Stopped;
        }
    }

    private static bool Compare(IReadOnlyList<GrayImage> images, string output, CancellationToken cancellation)
    {
        using var grad = no_grad();
        using ResNet resnet = Networks.ResNet18();
        using LesionNet lesions = Networks.Lesions();
        var options = new GrayscaleOptions { KeepColorWeights = true };
        using GrayscaleModule<Tensor, Tensor> grayResnet = Networks.ResNet18().ToGrayscale(options);
        using GrayscaleLesionNet grayLesions = Networks.Lesions().ToGrayscale(options);
        var answers = new List<(GrayImage, string, string)>();
        var measurements = new List<Measurement>();
        string kernels = Path.Combine(output, "kernels.png");
        string maps = Path.Combine(output, "feature-maps.png");
        AnsiConsole
            .Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .AutoClear(true)
            .Start(progress =>
            {
                ProgressTask task = progress.AddTask("Starting", maxValue: images.Count + (2 * Measurement.Steps(images.Count)) + 1);
                void Step(string next)
                {
                    cancellation.ThrowIfCancellationRequested();
                    task.Description = Markup.Escape(next);
                    task.Increment(1);
                }

                foreach (GrayImage image in images)
                {
                    Step($"Asking both networks about {image.Name}");
                    (long, double) first = StackingProgram.Classify(resnet, image.Pixels);
                    (long, double) second = StackingProgram.Classify(lesions, image.Pixels);
                    answers.Add((image, InWords(first), InWords(second)));
                }

                measurements.Add(Measurement.Of("ResNet-18", resnet, grayResnet, images, Step));
                measurements.Add(Measurement.Of("LesionNet (a ResNet-20)", lesions, grayLesions, images, Step));
                Step("Drawing");
                KernelPicture.Write(kernels, resnet, grayResnet);
                FeatureMapPicture.Write(maps, resnet, grayResnet, images.MaxBy(image => image.Pixels.numel())!.Pixels);
            });
        cancellation.ThrowIfCancellationRequested();

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 160; // a file has no width, and 80 columns would be assumed
        }

        AnsiConsole.Write(Report.Answers(answers));
        AnsiConsole.WriteLine("Converted to gray, and compared with the same network on stacked images:");
        measurements.ForEach(row => AnsiConsole.Write(Report.Gain(row, images)));
        AnsiConsole.WriteLine();
        AnsiConsole.WriteLine("Pictures of what the first layer of the ResNet-18 has and does:");
        Console.WriteLine($"  {kernels}\n  {maps}");
        bool holds = measurements.TrueForAll(row => row.Holds);
        AnsiConsole.WriteLine(
            holds ? "Every difference is within what rounding explains." : "A difference is larger than rounding explains."
        );
        return holds;
    }

    private static string InWords((long Class, double Score) answer) => $"{answer.Class}: {answer.Score:0.000}";
}
