using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public class ToColorTests
{
    public ToColorTests() => manual_seed(4);

    [Fact]
    public void A_natively_gray_network_takes_color()
    {
        using var net = new PlainNet(1);
        net.eval();
        using Tensor color = rand(2, 3, 32, 32);
        using Tensor luma = (color.narrow(1, 0, 1) * 0.299) + (color.narrow(1, 1, 1) * 0.587) + (color.narrow(1, 2, 1) * 0.114);
        using Tensor expected = net.forward(luma);
        Parameter weight = net.Stem.weight;
        ColorModule<Tensor, Tensor> converted = net.ToColor(LumaCoefficients.Bt601);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(color)) < 1e-5);
        Assert.Same(weight, net.Stem.weight);
        Assert.Same(converted, net.ToColor(LumaCoefficients.Bt601));
        Assert.Contains(
            "found an image of shape [1, 1, 16, 16], wanted [N, 3, H, W]",
            Assert.Throws<ArgumentException>(() => converted.forward(zeros(1, 1, 16, 16))).Message
        );
        Assert.Throws<InvalidOperationException>(() => net.ToColor(LumaCoefficients.Bt709));
    }

    [Fact]
    public void Agreement_with_torchvisions_own_transform()
    {
        using var net = new PlainNet(1);
        net.eval();
        using Tensor color = rand(1, 3, 32, 32);
        using Tensor gray = torchvision.transforms.functional.rgb_to_grayscale(color);
        using Tensor expected = net.forward(gray);
        Assert.True(Bounds.LargestDifference(expected, net.ToColor(LumaCoefficients.TorchVision).forward(color)) < 1e-5);
    }

    [Fact]
    public void There_and_back_is_the_identity()
    {
        using var net = new PlainNet(1);
        using Tensor before = net.Stem.weight.detach().clone();
        Assert.Same(net, net.ToColor(LumaCoefficients.Bt709).ToGrayscale());
        Assert.True(Bounds.LargestDifference(before, net.Stem.weight) < 1e-7);
        Assert.Equal(1, net.Stem.in_channels);
    }

    [Fact]
    public void The_color_kernels_that_are_kept_come_back_exactly()
    {
        using var net = new PlainNet();
        using Tensor before = net.Stem.weight.detach().clone();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        Assert.Same(net, gray.RestoreColor());
        Assert.True(before.Equals(net.Stem.weight));
        Assert.Equal(3, net.Stem.in_channels);
        Assert.Contains("converted back", Assert.Throws<InvalidOperationException>(() => gray.forward(rand(1, 1, 16, 16))).Message);
        Assert.NotSame(gray, net.ToGrayscale());
    }

    [Fact]
    public void Without_them_the_way_back_is_luma()
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        Assert.Contains("KeepColorWeights", Assert.Throws<InvalidOperationException>(() => gray.RestoreColor()).Message);
        using Tensor color = rand(1, 3, 16, 16);
        using Tensor luma = (color.narrow(1, 0, 1) * 0.2126) + (color.narrow(1, 1, 1) * 0.7152) + (color.narrow(1, 2, 1) * 0.0722);
        net.eval();
        using Tensor expected = gray.forward(luma);
        Assert.Same(net, gray.ToColor(LumaCoefficients.Bt709));
        Assert.True(Bounds.LargestDifference(expected, net.forward(color)) < 1e-5);
    }

    [Fact]
    public void BGR_reverses_the_luma()
    {
        using Conv2d conv = Conv2d(1, 2, 3);
        using Tensor gray = conv.weight.detach().clone();
        conv.ToColor(LumaCoefficients.Bt601.ForBgr());
        Assert.True(Bounds.LargestDifference(gray * 0.114, conv.weight.narrow(1, 0, 1)) < 1e-7);
    }

    [Fact]
    public void A_color_network_is_refused()
    {
        using var net = new PlainNet();
        Assert.Contains(
            "no convolution with in_channels 1",
            Assert.Throws<InvalidOperationException>(() => net.ToColor(LumaCoefficients.Bt601)).Message
        );
    }

    [Fact]
    public void A_multispectral_network_takes_any_number_of_channels()
    {
        using ResNet net = torchvision.models.resnet18();
        net.eval();
        MultispectralModule<Tensor> converted = net.ToChannels(12);
        Assert.Equal([1, 1000], converted.forward(rand(1, 12, 64, 64)).shape);
        Assert.Same(converted, net.ToChannels(12));
        Assert.Throws<ArgumentException>(() => converted.forward(rand(1, 3, 64, 64)));
        Assert.Throws<ArgumentOutOfRangeException>(() => torchvision.models.resnet18().ToChannels(0));
    }

    [Fact]
    public void The_networks_kept_weights_verify()
    {
        using var net = new TwoBranchNet();
        EquivalenceReport report = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true })
            .Verify([rand(1, 1, 20, 20), rand(2, 1, 30, 24)]);
        Assert.True(report.Holds, report.ToString());
        Assert.Equal(2, report.Images);
        Assert.Equal(2, report.Layers.Count(layer => layer.Bound is not null));
        Assert.Equal(2 * ((3 * 3 * 49) + (3 * 3 * 9)), 3 * (report.Parameters.Before - report.Parameters.After));
        Assert.Equal(report.Multiplications.Before, 3 * report.Multiplications.After);
        Assert.Contains("(output)", report.ToString());
        Assert.Equal([3, 1, 7, 7], ((Conv2d)net.named_modules().Single(named => named.name == "wide").module).weight.shape);
    }
}
