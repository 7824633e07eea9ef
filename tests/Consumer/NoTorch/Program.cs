using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

var conv = Conv1d(2, 4, 5, padding: 2);
var mono = rand(1, 1, 40);
var stereo = conv.forward(cat([mono, mono], 1));
var difference = (stereo - conv.ToGrayscale().forward(mono)).abs().max().item<float>();
Console.WriteLine(difference < 1e-5 ? "same" : $"differs by {difference}");
