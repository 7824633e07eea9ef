using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Every factory of torchvision.models, both ways.</summary>
public class TorchvisionTests
{
    public static readonly IReadOnlyDictionary<string, (Func<Module<Tensor, Tensor>> Make, string Stem)> Networks = new Dictionary<
        string,
        (Func<Module<Tensor, Tensor>>, string)
    >
    {
        ["alexnet"] = (() => torchvision.models.alexnet(), "features.0"),
        ["googlenet"] = (() => torchvision.models.googlenet(), "conv1.conv"),
        ["inception_v3"] = (() => torchvision.models.inception_v3(), "Conv2d_1a_3x3.conv"),
        ["mobilenet_v2"] = (() => torchvision.models.mobilenet_v2(), "features.0.0"),
        ["mobilenet_v3_large"] = (() => torchvision.models.mobilenet_v3_large(), "features.0.0"),
        ["mobilenet_v3_small"] = (() => torchvision.models.mobilenet_v3_small(), "features.0.0"),
        ["resnet18"] = (() => torchvision.models.resnet18(), "conv1"),
        ["resnet50"] = (() => torchvision.models.resnet50(), "conv1"),
        ["resnext50_32x4d"] = (() => torchvision.models.resnext50_32x4d(), "conv1"),
        ["wide_resnet50_2"] = (() => torchvision.models.wide_resnet50_2(), "conv1"),
        ["vgg11"] = (() => torchvision.models.vgg11(), "features.0"),
        ["vgg11_bn"] = (() => torchvision.models.vgg11_bn(), "features.0"),
    };

    public static TheoryData<string> Names => [.. Networks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Converted_it_gives_what_it_gave(string name)
    {
        manual_seed(5);
        using var grad = no_grad();
        (Func<Module<Tensor, Tensor>> make, string stem) = Networks[name];
        using Module<Tensor, Tensor> net = make();
        net.eval();
        using Tensor gray = rand(1, 1, 96, 96);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        Assert.Equal([stem], converted.Conversion.Layers);
        using Tensor found = converted.forward(gray);
        double magnitude = expected.abs().max().item<float>();
        Assert.True(
            Bounds.LargestDifference(expected, found) <= 1e-3 * magnitude,
            $"{Bounds.LargestDifference(expected, found)} of {magnitude}"
        );
        EquivalenceReport report = converted.Verify([gray]);
        Assert.True(report.Holds, report.ToString());
        Assert.Same(net, converted.RestoreColor());
        using Tensor restored = net.forward(Bounds.Stack(gray));
        Assert.Equal(0, Bounds.LargestDifference(expected, restored));
    }
}
