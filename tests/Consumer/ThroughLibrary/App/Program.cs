using ChannelGen;
using Library;
using static TorchSharp.torch;

GrayscaleClassifier gray = new Classifier().ToGrayscale();
Console.WriteLine($"classes {gray.forward(rand(1, 1, 16, 16)).shape[1]}");
Console.WriteLine($"luma {LumaCoefficients.Bt709.Sum:0.0}");
