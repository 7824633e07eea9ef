using BenchmarkDotNet.Attributes;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>Whole networks on one image, one thread: inference and a step of training; stacked, seen by a view, and converted.</summary>
public class WholeNetworks
{
    private Module<Tensor, Tensor> color = null!;
    private Module<Tensor, Tensor> gray = null!;
    private Module<Tensor, Tensor> viewed = null!;
    private optim.Optimizer ofColor = null!;
    private optim.Optimizer ofGray = null!;
    private optim.Optimizer ofViewed = null!;
    private Tensor image = null!;

    [Params("ResNet-20", "ResNet-18", "MobileNetV2", "MobileNetV3", "VGG-11", "AlexNet")]
    public string Network { get; set; } = "";

    [Params(128)]
    public int Side { get; set; } = 128;

    /// <summary>One for each row of the table, before its setup.</summary>
    internal static IEnumerable<WholeNetworks> Rows() =>
        ((string[])["AlexNet", "MobileNetV2", "MobileNetV3", "ResNet-18", "ResNet-20", "VGG-11"])
            .Select(network => new WholeNetworks { Network = network })
            .Append(new WholeNetworks { Network = "ResNet-20", Side = 32 });

    [GlobalSetup]
    public void Setup()
    {
        _ = SteadyMemory.Set();
        set_num_threads(1);
        manual_seed(1);
        color = Make();
        gray = Make();
        viewed = Make();
        color.eval();
        viewed.eval();
        gray.eval();
        gray = gray.ToGrayscale();
        ofColor = optim.SGD(color.parameters(), 1e-6);
        ofGray = optim.SGD(gray.parameters(), 1e-6);
        ofViewed = optim.SGD(viewed.parameters(), 1e-6);
        image = rand(1, 1, Side, Side);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        ofColor.Dispose();
        ofGray.Dispose();
        ofViewed.Dispose();
        color.Dispose();
        gray.Dispose();
        viewed.Dispose();
        image.Dispose();
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("inference")]
    public void InferenceStacked() => Infer(color, () => cat(new[] { image, image, image }, 1));

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceExpanded() => Infer(color, () => image.expand(-1, 3, -1, -1));

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceViewed() => Infer(viewed.AsGrayscale(), () => image.alias());

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceConverted() => Infer(gray, () => image.alias());

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepStacked() => Step(color, ofColor, () => cat(new[] { image, image, image }, 1));

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepExpanded() => Step(color, ofColor, () => image.expand(-1, 3, -1, -1));

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepViewed() => Step(viewed.AsGrayscale(), ofViewed, () => image.alias());

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepConverted() => Step(gray, ofGray, () => image.alias());

    private Module<Tensor, Tensor> Make() => Network switch
    {
        "ResNet-20" => new GrayscaleDemo.LesionNet(),
        "ResNet-18" => torchvision.models.resnet18(),
        "MobileNetV2" => torchvision.models.mobilenet_v2(),
        "MobileNetV3" => torchvision.models.mobilenet_v3_small(),
        "VGG-11" => torchvision.models.vgg11(),
        _ => torchvision.models.alexnet(),
    };

    private static void Infer(Module<Tensor, Tensor> network, Func<Tensor> input)
    {
        using var grad = no_grad();
        using Tensor x = input();
        network.forward(x).Dispose();
    }

    private static void Step(Module<Tensor, Tensor> network, optim.Optimizer optimizer, Func<Tensor> input)
    {
        using DisposeScope scope = NewDisposeScope();
        optimizer.zero_grad();
        network.forward(input()).square().mean().backward();
        optimizer.step();
    }
}
