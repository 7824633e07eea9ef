using ChannelGen.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What belongs to a conversion is kept in one place, and follows what happens to the network.</summary>
public class ConversionStateTests
{
    public ConversionStateTests() => manual_seed(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kept_weights_follow_a_load(bool normalized)
    {
        using var net = new PlainNet();
        using var source = new PlainNet();
        source.eval();
        net.eval();
        using Tensor color = rand(1, 3, 20, 20);
        using Tensor expected = source.forward(color);
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(
            new GrayscaleOptions { KeepColorWeights = true, Normalization = normalized ? ChannelNormalization.ImageNet : null }
        );
        converted.load_state_dict(source.state_dict(), strict: !normalized);
        Assert.True(converted.Verify([rand(1, 1, 20, 20)]).Holds);
        Assert.Equal(0, Bounds.LargestDifference(expected, converted.RestoreColor().forward(color)));
    }

    [Fact]
    public void After_a_gray_checkpoint_there_are_no_color_weights_to_restore()
    {
        using var net = new PlainNet();
        using var source = new PlainNet();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        converted.load_state_dict(source.ToGrayscale().state_dict());
        Assert.False(converted.Conversion.KeepsOldWeights);
        Assert.Contains(
            "a gray checkpoint has been loaded",
            Assert.Throws<InvalidOperationException>(() => converted.RestoreColor()).Message
        );
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Verify_holds_after_a_move_to_another_dtype(ScalarType dtype)
    {
        using Sequential net = Sequential(("conv", Conv2d(3, 4, 3)), ("relu", ReLU()));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        net.to(dtype);
        Assert.True(converted.Verify([rand(1, 1, 20, 20, dtype: dtype)]).Holds);
    }

    [Fact]
    public void Options_given_to_a_wrapper_are_refused_if_they_are_others()
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        Assert.Same(gray, gray.ToGrayscale(new GrayscaleOptions { Layer = "conv1" }));
        Assert.Contains(
            "other options",
            Assert.Throws<InvalidOperationException>(() => gray.ToGrayscale(new GrayscaleOptions { InputScale = 2 })).Message
        );
        Assert.Throws<InvalidOperationException>(() =>
            gray.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })
        );
        Assert.Throws<InvalidOperationException>(() => gray.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }));
        using var native = new PlainNet(1);
        ColorModule<Tensor, Tensor> color = native.ToColor(LumaCoefficients.Bt601);
        Assert.Same(color, color.ToColor(LumaCoefficients.Bt601));
        Assert.Contains("other options", Assert.Throws<InvalidOperationException>(() => color.ToColor(LumaCoefficients.Bt709)).Message);
        Assert.Throws<InvalidOperationException>(() =>
            color.ToColor(LumaCoefficients.Bt601, new ColorOptions { Normalization = ChannelNormalization.ImageNet })
        );
    }

    [Fact]
    public void A_normalized_checkpoint_is_refused_where_its_constant_would_be_lost()
    {
        using var normalized = new PlainNet();
        using var plain = new PlainNet();
        Dictionary<string, Tensor> checkpoint = normalized
            .ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })
            .state_dict();
        GrayscaleModule<Tensor, Tensor> gray = plain.ToGrayscale();
        using Tensor before = plain.Stem.weight.detach().clone();
        Assert.Contains(
            "Nothing was loaded",
            Assert.Throws<ArgumentException>(() => gray.load_state_dict(checkpoint, strict: false)).Message
        );
        Assert.Equal(0, Bounds.LargestDifference(before, plain.Stem.weight));
        Assert.Contains(
            "normalization_kernel",
            Assert.Throws<ArgumentException>(() => StateDictConversion.ToColor(checkpoint, "conv1", LumaCoefficients.Bt601)).Message
        );
        Assert.Contains(
            "normalization_kernel",
            Assert.Throws<ArgumentException>(() => StateDictConversion.ToGrayscale(checkpoint, "conv1")).Message
        );
    }

    [Theory]
    [InlineData(1 / 255.0, 1)]
    [InlineData(1, 1 / 65535.0)]
    [InlineData(1 / 255.0, 0.25)]
    public void The_scale_travels_with_the_checkpoint(double of, double into)
    {
        using var source = new PlainNet();
        using var target = new PlainNet();
        source.eval();
        target.eval();
        GrayscaleModule<Tensor, Tensor> from = source.ToGrayscale(new GrayscaleOptions { InputScale = of });
        GrayscaleModule<Tensor, Tensor> to = target.ToGrayscale(new GrayscaleOptions { InputScale = into });
        using Tensor gray = rand(1, 1, 20, 20);
        to.load_state_dict(from.state_dict());
        Assert.True(Bounds.LargestDifference(from.forward(gray / of), to.forward(gray / into)) < 1e-5);

        // And once more: the checkpoint of what was loaded is that of its own network.
        using var third = new PlainNet();
        third.eval();
        GrayscaleModule<Tensor, Tensor> again = third.ToGrayscale(new GrayscaleOptions { InputScale = into });
        again.load_state_dict(to.state_dict());
        Assert.True(Bounds.LargestDifference(from.forward(gray / of), again.forward(gray / into)) < 1e-5);
    }

    [Fact]
    public void The_scale_is_undone_when_a_state_dict_becomes_color()
    {
        using var source = new PlainNet();
        source.eval();
        GrayscaleModule<Tensor, Tensor> gray = source.ToGrayscale(new GrayscaleOptions { InputScale = 1 / 255.0 });
        using Tensor image = rand(1, 1, 20, 20);
        using Tensor expected = gray.forward(image * 255);
        Dictionary<string, Tensor> color = StateDictConversion.ToColor(gray.state_dict(), "conv1", LumaCoefficients.Bt601);
        using var target = new PlainNet();
        target.eval();
        target.load_state_dict(color);
        Assert.True(Bounds.LargestDifference(expected, target.forward(Bounds.Stack(image))) < 1e-5);
    }

    [Theory]
    [InlineData("relu")]
    [InlineData("leaky")]
    public void An_image_that_the_network_writes_to_is_left_as_it_was(string kind)
    {
        using Sequential net = Sequential(
            ("first", kind == "relu" ? ReLU(inplace: true) : LeakyReLU(0.2, inplace: true)),
            ("conv", Conv2d(3, 4, 3))
        );
        using Tensor gray = randn(1, 1, 20, 20);
        using Tensor before = gray.clone();
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        Assert.Equal(0, Bounds.LargestDifference(before, gray));
    }
}
