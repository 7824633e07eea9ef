using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EquivalenceTable;

/// <summary>One row for each network of torchvision.</summary>
internal static class Networks
{
    private const int Side = 96;

    public static readonly IReadOnlyList<(string Name, Func<Module<Tensor, Tensor>> Make)> All =
    [
        ("alexnet", () => torchvision.models.alexnet()),
        ("googlenet", () => torchvision.models.googlenet()),
        ("googlenet, transform_input", () => torchvision.models.googlenet(transform_input: true)),
        ("inception_v3", () => torchvision.models.inception_v3()),
        ("inception_v3, transform_input", () => torchvision.models.inception_v3(transform_input: true)),
        ("mobilenet_v2", () => torchvision.models.mobilenet_v2()),
        ("mobilenet_v3_large", () => torchvision.models.mobilenet_v3_large()),
        ("mobilenet_v3_small", () => torchvision.models.mobilenet_v3_small()),
        ("resnet18", () => torchvision.models.resnet18()),
        ("resnet34", () => torchvision.models.resnet34()),
        ("resnet50", () => torchvision.models.resnet50()),
        ("resnet101", () => torchvision.models.resnet101()),
        ("resnet152", () => torchvision.models.resnet152()),
        ("resnext50_32x4d", () => torchvision.models.resnext50_32x4d()),
        ("resnext101_32x8d", () => torchvision.models.resnext101_32x8d()),
        ("resnext101_64x4d", () => torchvision.models.resnext101_64x4d()),
        ("wide_resnet50_2", () => torchvision.models.wide_resnet50_2()),
        ("wide_resnet101_2", () => torchvision.models.wide_resnet101_2()),
        ("vgg11", () => torchvision.models.vgg11()),
        ("vgg11_bn", () => torchvision.models.vgg11_bn()),
        ("vgg13", () => torchvision.models.vgg13()),
        ("vgg13_bn", () => torchvision.models.vgg13_bn()),
        ("vgg16", () => torchvision.models.vgg16()),
        ("vgg16_bn", () => torchvision.models.vgg16_bn()),
        ("vgg19", () => torchvision.models.vgg19()),
        ("vgg19_bn", () => torchvision.models.vgg19_bn()),
    ];

    public static (string Row, bool Within) Row(string name, Func<Module<Tensor, Tensor>> make)
    {
        manual_seed(1);
        using Module<Tensor, Tensor> network = make();
        network.eval();
        using Tensor image = rand(1, 1, Side, Side);
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        string stem = gray.Conversion.Layers[0];
        EquivalenceReport plain = gray.Verify([image]);
        gray.RestoreColor();

        gray = network.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, KeepColorWeights = true });
        EquivalenceReport normalized = gray.Verify([image]);
        gray.RestoreColor();

        // Of the first layer alone, once it is gray: the same kernels that a natively gray network would have.
        var layer = (Convolution)network.named_modules().Single(named => named.name == stem).module;
        using (no_grad())
        {
            layer.ToGrayscale();
        }

        using Tensor color = rand(1, 3, Side, Side);
        using Conv2d native = Native((Conv2d)layer);
        (double difference, double bound, bool within) = Comparison.ToColor(
            native,
            (conv, input) => ((Conv2d)conv).forward(input),
            color,
            LumaCoefficients.Bt709
        );

        LayerDifference first = plain.Layers.Single(difference => difference.Layer == stem);
        LayerDifference second = normalized.Layers.Single(difference => difference.Layer == stem);
        return (
            $"| {name} | {stem} | {first.Difference:0.0e+00} | {first.Bound:0.0e+00} | {second.Difference:0.0e+00} | "
                + $"{second.Bound:0.0e+00} | {difference:0.0e+00} | {bound:0.0e+00} | {plain.Output.Difference:0.0e+00} | "
                + $"{plain.Output.Magnitude:0.0e+00} |\n",
            plain.Holds && normalized.Holds && within
        );
    }

    private static Conv2d Native(Conv2d layer)
    {
        Conv2d native = Conv2d(
            1,
            layer.out_channels,
            (layer.kernel_size[0], layer.kernel_size[1]),
            (layer.stride[0], layer.stride[1]),
            (layer.padding![0], layer.padding[1]),
            bias: layer.bias is not null
        );
        using var grad = no_grad();
        native.weight.copy_(layer.weight);
        if (layer.bias is { } bias)
        {
            native.bias!.copy_(bias);
        }

        return native;
    }
}
