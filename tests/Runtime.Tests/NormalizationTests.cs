using CsCheck;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public class NormalizationTests
{
    public NormalizationTests() => manual_seed(3);

    [Fact]
    public void It_is_exact_at_the_borders_for_every_shape() =>
        ConvolutionWeightsTests.Shapes.Sample(
            shape =>
            {
                double[] means = [.. Enumerable.Range(0, (int)shape.Channels).Select(channel => 0.3 + (0.1 * channel))];
                double[] deviations = [.. Enumerable.Range(0, (int)shape.Channels).Select(channel => 0.2 + (0.05 * channel))];
                using Convolution layer = shape.Make();
                using Tensor gray = shape.Gray() * 255;
                using Tensor expected = layer.forward(Normalized(gray, means, deviations, 1 / 255.0));
                GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(
                    new GrayscaleOptions { Normalization = new ChannelNormalization(means, deviations), InputScale = 1 / 255.0 }
                );
                Assert.True(Bounds.LargestDifference(expected, converted.call(gray)) < 1e-10, shape.ToString());
            },
            iter: 300,
            threads: 1
        );

    [Fact]
    public void The_common_recipe_of_one_mean_is_off_and_this_is_not()
    {
        using Conv2d conv = Conv2d(3, 16, 7, stride: 2, padding: 3, bias: false, dtype: ScalarType.Float64);
        using Tensor gray = rand(1, 1, 64, 64, dtype: ScalarType.Float64);
        using Tensor expected = conv.forward(Normalized(gray, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1));
        using Tensor summed = ConvolutionWeights.SumInputChannels(conv.weight);
        using Tensor recipe = functional.conv2d((gray - 0.449) / 0.226, summed, null, [2, 2], [3, 3]);
        Assert.True(Bounds.LargestDifference(expected, recipe) > 1e-2);
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        Assert.True(Bounds.LargestDifference(expected, converted.call(gray)) < 1e-12);
    }

    [Theory]
    [InlineData(0.0, 0.0, 0.0, 0.2, 0.3, 0.4)]
    [InlineData(0.5, 0.4, 0.3, 1.0, 1.0, 1.0)]
    [InlineData(0.0, 0.0, 0.0, 0.5, 0.5, 0.5)]
    [InlineData(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)]
    public void Deviations_alone_and_means_alone_are_normalizations_too(double r, double g, double b, double devR, double devG, double devB)
    {
        double[] means = [r, g, b];
        double[] deviations = [devR, devG, devB];
        using ResNet network = torchvision.models.resnet18();
        network.eval();
        using var grad = no_grad();
        using Tensor gray = rand(1, 1, 64, 64);
        using Tensor expected = network.forward(Normalized(gray, means, deviations, 1));
        GrayscaleModule<Tensor, Tensor> converted = network.ToGrayscale(
            new GrayscaleOptions { Normalization = new ChannelNormalization(means, deviations) }
        );
        using Tensor found = converted.forward(gray);
        Assert.True(Bounds.LargestDifference(expected, found) < 2e-4);
    }

    [Fact]
    public void Any_image_size_and_batch_is_exact()
    {
        using ResNet color = torchvision.models.resnet18();
        using ResNet gray = torchvision.models.resnet18();
        gray.load_state_dict(color.state_dict());
        color.eval();
        gray.eval();
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, InputScale = 1 / 255.0 }
        );
        using var grad = no_grad();
        foreach (
            (long batch, long height, long width) in ((long, long, long)[])
                [(1, 64, 64), (2, 70, 64), (1, 64, 90), (1, 33, 47), (3, 64, 64), (1, 65, 65)]
        )
        {
            using Tensor image = rand(batch, 1, height, width) * 255;
            using Tensor expected = color.forward(Normalized(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1 / 255.0));
            using Tensor found = converted.forward(image);
            Assert.True(Bounds.LargestDifference(expected, found) < 2e-4, $"{height} x {width}");
        }
    }

    [Fact]
    public void Half_precision_and_unbatched_images_work()
    {
        using Conv2d conv = Conv2d(3, 4, 3, padding: 1).to(ScalarType.BFloat16);
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        using Tensor image = rand(1, 8, 8, dtype: ScalarType.BFloat16);
        Assert.Equal([4, 8, 8], converted.call(image).shape);
        Assert.Equal(ScalarType.BFloat16, converted.call(image).dtype);
    }

    [Fact]
    public void A_layer_that_is_run_through_forward_is_refused_since_no_hook_would_see_it()
    {
        using var net = new ForwardOnlyNet();
        var error = Assert.Throws<InvalidOperationException>(() =>
            net.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })
        );
        Assert.Contains("run the layer with call, not forward", error.Message);
        Assert.All(net.named_modules(), named => Assert.Equal(3, ((Conv2d)named.module).in_channels));
    }

    [Fact]
    public void The_users_hooks_see_what_they_saw()
    {
        using var net = new PlainNet();
        net.eval();
        Tensor? seen = null;
        net.Stem.register_forward_hook(
            (_, _, output) =>
            {
                seen = output.clone().DetachFromDisposeScope();
                return output;
            }
        );
        using Tensor gray = rand(1, 1, 16, 16);
        net.call(Normalized(gray, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1));
        using Tensor before = seen!;
        net.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }).call(gray);
        using Tensor after = seen!;
        Assert.True(Bounds.LargestDifference(before, after) < 1e-5);
    }

    [Theory]
    [InlineData("GoogleNet", false)]
    [InlineData("GoogleNet", true)]
    [InlineData("InceptionV3", false)]
    [InlineData("InceptionV3", true)]
    public void Transform_input_is_folded(string name, bool normalize)
    {
        using Module<Tensor, Tensor> net =
            name == "GoogleNet"
                ? torchvision.models.googlenet(transform_input: true)
                : torchvision.models.inception_v3(transform_input: true);
        net.eval();
        using var grad = no_grad();
        using Tensor gray = rand(1, 1, 96, 96);
        using Tensor expected = net.forward(
            normalize ? Normalized(gray, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1) : Bounds.Stack(gray)
        );
        var options = new GrayscaleOptions { Normalization = normalize ? ChannelNormalization.ImageNet : null, KeepColorWeights = true };
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(options);
        using Tensor found = converted.forward(gray);
        double magnitude = expected.abs().max().item<float>();
        Assert.True(
            Bounds.LargestDifference(expected, found) < 1e-3 * Math.Max(magnitude, 1e-3),
            $"{Bounds.LargestDifference(expected, found)} of {magnitude}"
        );
        converted.RestoreColor();
        using Tensor restored = net.forward(
            normalize ? Normalized(gray, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 1) : Bounds.Stack(gray)
        );
        Assert.Equal(0, Bounds.LargestDifference(expected, restored));
    }

    [Fact]
    public void The_way_back_takes_normalized_color_images()
    {
        using Conv2d conv = Conv2d(3, 4, 3, padding: 1, dtype: ScalarType.Float64);
        using Tensor color = rand(1, 3, 12, 12, dtype: ScalarType.Float64);
        var luma = LumaCoefficients.Bt601;
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, InputScale = 0.5 }
        );
        using Tensor gray = (color.narrow(1, 0, 1) * luma.Red) + (color.narrow(1, 1, 1) * luma.Green) + (color.narrow(1, 2, 1) * luma.Blue);
        using Tensor expected = converted.call(gray).clone();
        Module<Tensor, Tensor> back = converted.ToColor(luma);
        using Tensor mean = tensor(new[] { 0.485, 0.456, 0.406 }).view(1, 3, 1, 1);
        using Tensor deviation = tensor(new[] { 0.229, 0.224, 0.225 }).view(1, 3, 1, 1);
        Assert.True(Bounds.LargestDifference(expected, back.call(((color * 0.5) - mean) / deviation)) < 1e-12);
    }

    [Fact]
    public void Gray_networks_of_normalized_images_become_color_networks_of_normalized_images()
    {
        using Conv2d conv = Conv2d(1, 4, 3, padding: 1, dtype: ScalarType.Float64);
        using Tensor color = rand(1, 3, 12, 12, dtype: ScalarType.Float64);
        var luma = LumaCoefficients.Bt709;
        using Tensor gray = (color.narrow(1, 0, 1) * luma.Red) + (color.narrow(1, 1, 1) * luma.Green) + (color.narrow(1, 2, 1) * luma.Blue);
        using Tensor expected = conv.forward((gray - 0.4) / 0.25);
        ColorModule<Tensor, Tensor> converted = conv.ToColor(
            luma,
            new ColorOptions { Normalization = ChannelNormalization.ImageNet, GrayNormalization = new ChannelNormalization([0.4], [0.25]) }
        );
        using Tensor mean = tensor(new[] { 0.485, 0.456, 0.406 }).view(1, 3, 1, 1);
        using Tensor deviation = tensor(new[] { 0.229, 0.224, 0.225 }).view(1, 3, 1, 1);
        Assert.True(Bounds.LargestDifference(expected, converted.call((color - mean) / deviation)) < 1e-12);
        converted.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, conv.call((gray - 0.4) / 0.25)) < 1e-12);
    }

    [Theory]
    [InlineData(new[] { 0.5, 0.5 }, new[] { 0.5 })]
    [InlineData(new double[0], new double[0])]
    [InlineData(new[] { double.NaN }, new[] { 0.5 })]
    [InlineData(new[] { 0.5 }, new[] { 0.0 })]
    [InlineData(new[] { 0.5 }, new[] { double.PositiveInfinity })]
    public void A_normalization_that_is_none_is_refused(double[] means, double[] deviations) =>
        Assert.Throws<ArgumentException>(() => new ChannelNormalization(means, deviations));

    [Fact]
    public void Options_that_mean_nothing_are_refused_and_the_network_stays()
    {
        using var net = new PlainNet();
        Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { InputScale = 0 }));
        Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { InputScale = double.NaN }));
        Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { InChannels = 1 }));
        Assert.Throws<ArgumentException>(() =>
            net.ToGrayscale(new GrayscaleOptions { Normalization = new ChannelNormalization([0.1, 0.2], [1, 1]) })
        );
        Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { ImageShape = [1, 0, 28, 28] }));
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale(new GrayscaleOptions { InChannels = 5 }));
        Assert.Equal([8, 3, 3, 3], net.Stem.weight.shape);
    }

    private static Tensor Normalized(Tensor gray, double[] means, double[] deviations, double scale) =>
        cat([.. means.Select((mean, channel) => ((gray * scale) - mean) / deviations[channel])], 1);
}
