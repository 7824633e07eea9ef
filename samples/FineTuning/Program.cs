using System.Globalization;
using ChannelGen;
using FineTuning;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

// Fine-tunes one small color network on generated grayscale images in four ways: stacked, through the view, and converted with and
// without the steps of ChannelGen. The first three are the same training, loss by loss; the last is another.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Steps = 120;
const int Batch = 16;
const double LearningRate = 0.05;
const double Momentum = 0.9;
const double WeightDecay = 1e-3;

using TextureNet stacked = TextureNet.Make(seed: 1);
using TextureNet viewed = TextureNet.Make(seed: 1);
using GrayscaleTextureNet converted = TextureNet.Make(seed: 1).ToGrayscale();
using GrayscaleTextureNet unaided = TextureNet.Make(seed: 1).ToGrayscale();
using var ofStacked = optim.SGD(stacked.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
using var ofViewed = optim.SGD(viewed.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
using var ofConverted = optim.SGD(converted.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
using var ofUnaided = optim.SGD(unaided.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
Training[] trainings =
[
    new("stacked", ofStacked, images => stacked.call(images.expand(-1, 3, -1, -1)), () => ofStacked.step()),
    new("view", ofViewed, images => viewed.AsGrayscale().call(images), () => ofViewed.step()),
    new("converted, StepAsStacked", ofConverted, images => converted.call(images), () => converted.StepAsStacked(ofConverted)),
    new("converted, plain step", ofUnaided, images => unaided.call(images), () => ofUnaided.step()),
];

AnsiConsole
    .Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
    .Progress()
    .AutoClear(true)
    .Start(progress =>
    {
        ProgressTask task = progress.AddTask("Training in four ways", maxValue: Steps);
        var random = new Random(2);
        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor images, Tensor labels) = Textures.Draw(Batch, random);
            Array.ForEach(trainings, training => training.Step(images, labels));
            task.Increment(1);
        }
    });

var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("step").RightAligned());
Array.ForEach(trainings, training => table.AddColumn(new TableColumn(training.Name).RightAligned()));
for (int step = 0; step < Steps; step += 20)
{
    table.AddRow([$"{step}", .. trainings.Select(training => $"{training.Losses[step]:0.000000}")]);
}

table.AddRow(
    ["differs by", .. trainings.Select(training => $"{training.LargestDifferenceFrom(trainings[0]):0.0e+00}")]
);
AnsiConsole.Write(table);

string output = Path.Combine(AppContext.BaseDirectory, "output");
Directory.CreateDirectory(output);
string path = Path.Combine(output, "losses.png");
LossPicture.Write(path, trainings);
Console.WriteLine($"Curves: {path}");
bool learned = trainings[0].Losses.TakeLast(10).Average() < 0.7 * trainings[0].Losses.Take(10).Average();
bool same = trainings[1..3].All(training => training.LargestDifferenceFrom(trainings[0]) < 1e-10);
Console.WriteLine(
    same && learned
        ? "The trainings are the same: stacked, view, and converted with StepAsStacked."
        : "The trainings differ, or nothing was learned."
);
return same && learned ? 0 : 1;
