using System.Globalization;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
manual_seed(3);
var x = rand(2, 1, 64, 64);

// A torchvision network, stacked.
var resnet = torchvision.models.resnet18();
resnet.eval();
Console.WriteLine($"resnet {resnet.forward(torch.cat(new[] { x, x, x }, 1)).sum().item<float>():0.000}");

// A network of one's own, stacked.
var lesions = new LesionNet();
var rgb = x.repeat(1, 3, 1, 1);
Console.WriteLine($"lesions {lesions.call(rgb).sum().item<float>():0.000}");

// The wrapper that the generator writes, and its check.
GrayscaleLesionNet gray = new LesionNet().ToGrayscale();
Console.WriteLine($"channels {gray.forward(x).shape[1]}");
try
{
    gray.forward(zeros(1, 3, 8, 8));
}
catch (ArgumentException)
{
    Console.WriteLine("refused");
}
