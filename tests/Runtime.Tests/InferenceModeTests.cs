using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Converted inside inference_mode, a network still trains.</summary>
public class InferenceModeTests
{
    public InferenceModeTests() => manual_seed(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_network_converted_inside_inference_mode_trains_on(bool normalized)
    {
        using var net = new PlainNet();
        using Sequential bare = Sequential(Conv2d(3, 4, 3));
        GrayscaleModule<Tensor, Tensor> converted,
            other;
        using (inference_mode())
        {
            GrayscaleOptions options = new() { Normalization = normalized ? ChannelNormalization.ImageNet : null };
            converted = net.ToGrayscale(options);
            other = bare.ToGrayscale(options);
            Assert.True(is_inference_mode_enabled());
        }

        AssertTrains(net.Stem, () => converted.call(rand(2, 1, 16, 16)));
        AssertTrains((Conv2d)bare[0], () => other.call(rand(2, 1, 16, 16)));
    }

    [Fact]
    public void A_checkpoint_loaded_inside_inference_mode_trains_on()
    {
        using var net = new PlainNet();
        using var source = new PlainNet();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        using (inference_mode())
        {
            converted.load_state_dict(source.state_dict());
        }

        AssertTrains(net.Stem, () => converted.call(rand(2, 1, 16, 16)));
    }

    [Fact]
    public void A_network_made_inside_inference_mode_is_converted_there()
    {
        using (inference_mode())
        {
            using var net = new PlainNet();
            net.eval();
            using Tensor gray = rand(1, 1, 16, 16);
            using Tensor expected = net.forward(Bounds.Stack(gray));
            Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale().forward(gray)) < 1e-5);
        }
    }

    [Fact]
    public void A_network_converted_to_color_or_back_inside_inference_mode_trains_on()
    {
        using var net = new PlainNet(1);
        using var color = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = color.ToGrayscale(
            new GrayscaleOptions { KeepColorWeights = true, Normalization = ChannelNormalization.ImageNet }
        );
        ColorModule<Tensor, Tensor> converted;
        using (inference_mode())
        {
            converted = net.ToColor(LumaCoefficients.Bt601);
            gray.RestoreColor();
        }

        AssertTrains(net.Stem, () => converted.call(rand(2, 3, 16, 16)));
        AssertTrains(color.Stem, () => color.call(rand(2, 3, 16, 16)));
    }

    private static void AssertTrains(Conv2d stem, Func<Tensor> call)
    {
        using Tensor before = stem.weight.detach().clone();
        using var optimizer = optim.SGD([stem.weight], 0.1);
        call().square().sum().backward();
        optimizer.step();
        Assert.True(Bounds.LargestDifference(before, stem.weight) > 0);
    }
}
