using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Views of torchvision's networks, in evaluation, and of small ones in training.</summary>
public class ViewTorchvisionTests
{
    public static TheoryData<string> Names => ["alexnet", "googlenet", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "vgg11"];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_gives_what_the_network_gives_for_the_stacked_image(string name)
    {
        manual_seed(5);
        using IDisposable grad = no_grad();
        using Module<Tensor, Tensor> net = TorchvisionTests.Networks[name].Make();
        net.eval();
        Dictionary<string, Tensor> before = StackedRun.State(net);
        for (int run = 0; run < 3; run++)
        {
            using Tensor gray = rand(1, 1, 96, 96);
            using Tensor expected = net.call(Bounds.Stack(gray));
            using Tensor actual = run == 1 ? net.AsGrayscale().forward(gray) : net.AsGrayscale().call(gray);
            Assert.True(Bounds.LargestDifference(expected, actual) <= 1e-4 * expected.abs().max().item<float>());
        }

        StackedRun.AssertEqual(before, StackedRun.State(net), "the state");
        Assert.True(
            name == "googlenet" || net.AsGrayscale().Layers[0] is { CallsFromOneChannel: 3, CallsFromAllChannels: 0 },
            net.AsGrayscale().Layers[0].ToString()
        );
        net.AsGrayscale().Dispose();
        Assert.DoesNotContain("ChannelGen", StackedRun.Hooks(net), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet_v2")]
    public void Trained_it_is_the_stacked_training(string name)
    {
        double[][] losses =
        [
            .. ((bool[])[true, false]).Select(stacks =>
            {
                manual_seed(6);
                using Module<Tensor, Tensor> net = TorchvisionTests.Networks[name].Make();
                net.to(ScalarType.Float64);
                var optimizer = optim.SGD(net.parameters(), 0.01, momentum: 0.9);
                return Enumerable
                    .Range(0, 4)
                    .Select(step =>
                    {
                        using DisposeScope scope = NewDisposeScope();
                        manual_seed(step);
                        Tensor gray = rand(4, 1, 64, 64, dtype: ScalarType.Float64);
                        optimizer.zero_grad();
                        Tensor loss = (stacks ? net.call(Bounds.Stack(gray)) : net.AsGrayscale().call(gray)).square().mean();
                        loss.backward();
                        optimizer.step();
                        return loss.item<double>();
                    })
                    .ToArray();
            }),
        ];
        Assert.All(
            losses[0].Zip(losses[1]),
            pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-10 * (1 + Math.Abs(pair.First)))
        );
    }
}
