using BenchmarkDotNet.Attributes;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>Whole networks on one image, one thread: inference and a step of training; stacked, seen by a view, and converted.</summary>
public class WholeNetworks
{
    // One network that takes each form in turn: two of a kind differ by where their weights lie in memory, and by more than the
    // first layer does.
    private Module<Tensor, Tensor> network = null!;
    private optim.Optimizer optimizer = null!;
    private GrayscaleView<Tensor, Tensor>? view;
    private GrayscaleModule<Tensor, Tensor>? converted;
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
        network = Make();
        network.eval();
        optimizer = optim.SGD(network.parameters(), 1e-6);
        image = rand(1, 1, Side, Side);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        optimizer.Dispose();
        network.Dispose();
        image.Dispose();
        view = null;
        converted = null;
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("inference")]
    public void InferenceStacked() => Infer(Color(), () => cat(new[] { image, image, image }, 1));

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceExpanded() => Infer(Color(), () => image.expand(-1, 3, -1, -1));

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceViewed() => Infer(Viewed(), () => image.alias());

    [Benchmark]
    [BenchmarkCategory("inference")]
    public void InferenceConverted() => Infer(Converted(), () => image.alias());

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepStacked() => Step(Color(), () => cat(new[] { image, image, image }, 1));

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepExpanded() => Step(Color(), () => image.expand(-1, 3, -1, -1));

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepViewed() => Step(Viewed(), () => image.alias());

    [Benchmark]
    [BenchmarkCategory("training")]
    public void StepConverted() => Step(Converted(), () => image.alias());

    private Module<Tensor, Tensor> Color()
    {
        view?.Dispose();
        view = null;
        converted?.RestoreColor();
        converted = null;
        return network;
    }

    private GrayscaleView<Tensor, Tensor> Viewed() => view ??= Color().AsGrayscale();

    private GrayscaleModule<Tensor, Tensor> Converted() =>
        converted ??= Color().ToGrayscale(new GrayscaleOptions { KeepColorWeights = true, Probe = false });

    private Module<Tensor, Tensor> Make() =>
        Network switch
        {
            "ResNet-20" => new GrayscaleDemo.LesionNet(),
            "ResNet-18" => torchvision.models.resnet18(),
            "MobileNetV2" => torchvision.models.mobilenet_v2(),
            "MobileNetV3" => torchvision.models.mobilenet_v3_small(),
            "VGG-11" => torchvision.models.vgg11(),
            _ => torchvision.models.alexnet(),
        };

    private static void Infer(Module<Tensor, Tensor> form, Func<Tensor> input)
    {
        using var grad = no_grad();
        using Tensor x = input();
        form.forward(x).Dispose();
    }

    private void Step(Module<Tensor, Tensor> form, Func<Tensor> input)
    {
        using DisposeScope scope = NewDisposeScope();
        optimizer.zero_grad();
        form.forward(input()).square().mean().backward();
        optimizer.step();
    }
}
