using Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

manual_seed(1);
var net = new LesionNet();
var gray = new GrayLesionNet();
using var optimizer = torch.optim.Adam(net.parameters(), 0.01, weight_decay: 0.001);
var average = net.parameters().Select(parameter => parameter.detach().clone()).ToList();

for (int step = 0; step < 5; step++)
{
    using var scope = NewDisposeScope();
    var x = rand(4, 1, 12, 12, ScalarType.Float64);
    var labels = randint(0, 2, 4);
    optimizer.zero_grad();
    var loss = functional.cross_entropy(net.forward(torch.cat(new[] { x, x, x }, 1)), labels);
    loss.backward();
    optimizer.step();
    using (no_grad())
    {
        foreach (var (kept, parameter) in average.Zip(net.parameters()))
        {
            kept.mul_(0.9).add_(parameter, 0.1);
        }
    }

    Console.WriteLine($"loss {loss.item<double>():0.000000000}");
}

using (no_grad())
{
    Console.WriteLine($"average {average.Sum(kept => kept.sum().item<double>()):0.000000000}");
    Console.WriteLine($"scores {gray.call(ones(1, 1, 8, 8, ScalarType.Float64)).sum().item<double>():0.000000000}");
    Console.WriteLine($"color {Score(net, ones(1, 3, 8, 8, ScalarType.Float64)):0.000000000}");
    Console.WriteLine($"given {Viewed(net, ones(1, 1, 8, 8, ScalarType.Float64)):0.000000000}");
}

static double Score(Module<Tensor, Tensor> network, Tensor image) => network.call(image).sum().item<double>();

static double Viewed(LesionNet network, Tensor image) => network.call(image.expand(-1, 3, -1, -1)).sum().item<double>();
