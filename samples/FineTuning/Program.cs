using System.Globalization;
using ChannelGen;
using FineTuning;
using ScottPlot;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

// Fine-tunes one small color network on generated grayscale images, twice: stacked, and converted. With the steps of ChannelGen the
// two trainings are the same, loss by loss.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Steps = 120;
const int Batch = 16;
const double LearningRate = 0.05;
const double Momentum = 0.9;
const double WeightDecay = 1e-3;

using TextureNet stacked = TextureNet.Make(seed: 1);
using TextureNet other = TextureNet.Make(seed: 1);
using GrayscaleTextureNet converted = other.ToGrayscale();
using var ofStacked = optim.SGD(stacked.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
using var ofConverted = optim.SGD(converted.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);

var stackedLosses = new List<double>();
var convertedLosses = new List<double>();
IAnsiConsole progressConsole = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
progressConsole
    .Progress()
    .HideCompleted(true)
    .Start(progress =>
    {
        ProgressTask task = progress.AddTask("Training twice", maxValue: Steps);
        var random = new Random(2);
        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor images, Tensor labels) = Textures.Draw(Batch, random);
            stackedLosses.Add(Training.Step(ofStacked, () => stacked.call(images.expand(-1, 3, -1, -1)), labels, () => ofStacked.step()));
            convertedLosses.Add(Training.Step(ofConverted, () => converted.call(images), labels, () => converted.StepAsStacked(ofConverted)));
            task.Increment(1);
        }
    });

Console.WriteLine("step  stacked   converted");
for (int step = 0; step < Steps; step += 20)
{
    Console.WriteLine($"{step,4}  {stackedLosses[step]:0.000000}  {convertedLosses[step]:0.000000}");
}

double largest = stackedLosses.Zip(convertedLosses, (left, right) => Math.Abs(left - right)).Max();
Console.WriteLine($"Largest difference of {Steps} losses: {largest:0.0e+00}");

string output = Path.Combine(AppContext.BaseDirectory, "output");
Directory.CreateDirectory(output);
using var plot = new Plot();
double[] steps = [.. Enumerable.Range(0, Steps).Select(step => (double)step)];
var thick = plot.Add.Scatter(steps, stackedLosses.ToArray());
thick.LineWidth = 7;
thick.MarkerSize = 0;
thick.LegendText = "stacked";
var thin = plot.Add.Scatter(steps, convertedLosses.ToArray());
thin.LineWidth = 2;
thin.MarkerSize = 0;
thin.LegendText = "converted";
plot.XLabel("step");
plot.YLabel("loss");
plot.ShowLegend(Alignment.UpperRight);
string path = Path.Combine(output, "losses.png");
plot.SavePng(path, 720, 400);
Console.WriteLine($"Curves: {path}");
bool learned = stackedLosses.TakeLast(10).Average() < 0.7 * stackedLosses.Take(10).Average();
Console.WriteLine(largest < 1e-10 && learned ? "The trainings are the same." : "The trainings differ, or nothing was learned.");
return largest < 1e-10 && learned ? 0 : 1;
