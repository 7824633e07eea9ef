using System.Globalization;
using Networks;
using TorchSharp;
using Training;
using static TorchSharp.torch;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
manual_seed(3);
var x = rand(4, 1, 32, 32);
var color = rand(4, 3, 32, 32);

// This stack stays, and comes first.
var shown = torch.cat(new[] { x, x, x }, 1);
Print("shown", shown);

var trainer = new Trainer(new LesionNet());
foreach (double loss in trainer.Train(x, tensor(new long[] { 0, 1, 2, 3 }), 5))
{
    Console.WriteLine($"loss {loss:0.0000}");
}

Console.WriteLine($"distance {Trainer.Distance(x, color):0.0000}");
Print("gray", trainer.Net.forward(ToRgb(x)));
Print("color", trainer.Net.forward(ToRgb(color)));
Print("own", new GrayLesionNet().call(x));
Print("patient", new PatientNet().forward(image: x.expand(-1, 3, -1, -1), age: ones(1)));

// Normalized for each channel: CG0004, whose fix converts this network, and one whose numbers are not in sight.
var resnet = torchvision.models.resnet18();
resnet.eval();
var fresh = rand(4, 1, 32, 32);
Print(
    "normalized",
    resnet.forward(torchvision.transforms.functional.normalize(fresh.repeat(1, 3, 1, 1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
);
double[] means = [.. color.mean([0, 2, 3]).data<float>().Select(mean => (double)mean)];
Print(
    "computed",
    trainer.Net.forward(torchvision.transforms.functional.normalize(torch.cat(new[] { x, x, x }, 1), means, [0.2, 0.3, 0.4]))
);

static Tensor ToRgb(Tensor image) => image.shape[1] == 1 ? image.repeat(1, 3, 1, 1) : image;

static void Print(string name, Tensor tensor) => Console.WriteLine($"{name} {tensor.sum().item<float>():0.000}");
