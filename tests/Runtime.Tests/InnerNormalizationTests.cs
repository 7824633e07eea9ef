using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a network does to its image before the first layer is folded in where it can be, and refused by name where not.</summary>
public class InnerNormalizationTests
{
    public InnerNormalizationTests() => manual_seed(21);

    public static TheoryData<string> Kinds =>
        new(
            "buffers",
            "scaling layer",
            "BatchNorm2d",
            "BatchNorm2d of now",
            "resized",
            "clamped",
            "blur",
            "blur layer",
            "shifted blur layer",
            "blur of equal channels"
        );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void It_is_folded_with_every_padding_and_stays_checked(string kind)
    {
        foreach (PaddingModes mode in new[] { PaddingModes.Zeros, PaddingModes.Reflect, PaddingModes.Replicate, PaddingModes.Circular })
        {
            using var net = new InnerNet(kind, mode);
            net.eval();
            net.to(ScalarType.Float64);
            Parameter weight = net.Stem.weight;
            using Tensor before = weight.detach().clone();
            using Tensor gray = randn(2, 1, 24, 20, dtype: ScalarType.Float64) * 3;
            using Tensor expected = net.forward(Bounds.Stack(gray));
            GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
            Assert.True(converted.Conversion.WasVerified);
            Assert.Equal(["stem"], converted.Conversion.Layers);
            Assert.Equal([6, 1, 3, 3], net.Stem.weight.shape);
            Assert.Same(weight, net.Stem.weight);
            Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-10);
            Assert.True(Bounds.LargestDifference(expected, converted.call(gray)) < 1e-10);
            if (kind == "blur layer")
            {
                // An image without a batch.
                Assert.True(Bounds.LargestDifference(expected[0], converted.forward(gray[0])) < 1e-10);
            }

            EquivalenceReport report = converted.Verify([gray]);
            Assert.True(report.Holds, report.ToString());
            converted.RestoreColor();
            Assert.True(before.Equals(net.Stem.weight));
            Assert.Equal(0, Bounds.LargestDifference(expected, net.forward(Bounds.Stack(gray))));
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void It_is_folded_in_shorter_dtypes(ScalarType dtype)
    {
        using var net = new InnerNet("buffers", PaddingModes.Zeros);
        net.eval();
        net.to(dtype);
        using Tensor gray = rand(1, 1, 24, 20).to(dtype);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        double bound = Bounds.OfRounding(net.Stem, Bounds.Stack(gray)) * 10;
        Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale().forward(gray)) < bound);
    }

    [Fact]
    public void A_pair_of_images_that_the_network_normalizes_becomes_a_pair_of_gray_ones()
    {
        using var net = new InnerNet("pair", PaddingModes.Zeros);
        net.eval();
        net.to(ScalarType.Float64);
        ChannelMap map = ChannelMap.Gray().Repeated(2);
        using Tensor pair = randn(1, 2, 24, 20, dtype: ScalarType.Float64);
        using Tensor expected = net.forward(map.Apply(pair));
        ChannelModule<Tensor, Tensor> converted = net.ToChannels(map);
        Assert.Equal([6, 2, 3, 3], net.Stem.weight.shape);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(pair)) < 1e-10);
    }

    [Fact]
    public void With_a_normalization_of_the_images_besides()
    {
        using var net = new InnerNet("buffers", PaddingModes.Zeros);
        net.eval();
        net.to(ScalarType.Float64);
        using Tensor gray = rand(1, 1, 24, 20, dtype: ScalarType.Float64) * 255;
        ChannelMap map = ChannelMap.Gray().Scaled(1 / 255.0).Normalized(ChannelNormalization.ImageNet);
        using Tensor expected = net.forward(map.Apply(gray));
        GrayscaleOptions options = new() { Normalization = ChannelNormalization.ImageNet, InputScale = 1 / 255.0 };
        Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale(options).forward(gray)) < 1e-10);
    }

    [Theory]
    [InlineData("relu", "do not follow from one of them by factors and offsets")]
    [InlineData("unlike blur", "do not follow from one of them by factors and offsets")]
    [InlineData("padded", "do not follow from one of them by factors and offsets")]
    public void What_is_no_scale_and_offset_is_refused_in_words_that_name_the_view(string kind, string words)
    {
        using var net = new InnerNet(kind, PaddingModes.Zeros);
        net.eval();
        using Tensor color = rand(1, 3, 24, 20);
        using Tensor before = net.forward(color);
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("'stem'", message);
        Assert.Contains(words, message);
        Assert.Contains("AsGrayscale()", message);
        Assert.Equal(0, Bounds.LargestDifference(before, net.forward(color)));
    }

    [Fact]
    public void A_BatchNorm_in_training_mode_is_refused_with_the_reason()
    {
        using var net = new InnerNet("BatchNorm2d", PaddingModes.Zeros);
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("'norm' (BatchNorm2d) is in training mode", message);
        Assert.Contains("call eval() first", message);
        net.eval();
        Assert.True(net.ToGrayscale().Conversion.WasVerified);
    }

    [Theory]
    [InlineData("training")]
    [InlineData("buffer")]
    [InlineData("color")]
    public void A_normalization_that_has_changed_since_is_an_error_and_no_wrong_number(string change)
    {
        using var net = new InnerNet("BatchNorm2d", PaddingModes.Zeros);
        net.eval();
        using Tensor gray = rand(2, 1, 24, 20);
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Func<Tensor> run = () => converted.forward(gray);
        switch (change)
        {
            case "training":
                converted.train();
                break;
            case "buffer":
                net.Norm!.running_mean!.add_(tensor(new[] { 0.5f, 0, 0 }));
                break;
            default:
                run = () => net.forward(rand(2, 3, 24, 20));
                break;
        }

        Assert.Contains("AsGrayscale()", Assert.Throws<InvalidOperationException>(run).Message);
    }

    [Fact]
    public void A_checkpoint_with_the_same_normalization_is_loaded_and_another_is_an_error()
    {
        using var source = new InnerNet("BatchNorm2d", PaddingModes.Zeros);
        using var same = new InnerNet("BatchNorm2d", PaddingModes.Zeros);
        source.eval();
        same.eval();
        using Tensor gray = rand(2, 1, 24, 20);
        using Tensor expected = source.forward(Bounds.Stack(gray));
        Dictionary<string, Tensor> color = source.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        GrayscaleModule<Tensor, Tensor> converted = same.ToGrayscale();
        converted.load_state_dict(color);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        source.ToGrayscale();
        converted.load_state_dict(source.state_dict());
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        using var third = new InnerNet("BatchNorm2d", PaddingModes.Zeros);
        third.eval();
        third.Norm!.running_mean!.add_(tensor(new[] { 0, 0.25f, 0 }));
        Dictionary<string, Tensor> other = third.ToGrayscale().state_dict();
        string message = Assert.Throws<ArgumentException>(() => converted.load_state_dict(other)).Message;
        Assert.Contains("folded with another normalization", message);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        color["norm.running_mean"] = rand(3);
        converted.load_state_dict(color);
        Assert.Contains("AsGrayscale()", Assert.Throws<InvalidOperationException>(() => converted.forward(gray)).Message);
    }

    /// <summary>One stem, and something before it.</summary>
    private sealed class InnerNet : Module<Tensor, Tensor>
    {
        private readonly string kind;
        private readonly Conv2d stem;
        private readonly BatchNorm2d? norm;
        private readonly Conv2d? blur;
        private readonly Tensor mean;
        private readonly Tensor std;
        private readonly Tensor kernel;

        public InnerNet(string kind, PaddingModes mode)
            : base(nameof(InnerNet))
        {
            this.kind = kind;
            long channels = kind == "pair" ? 6 : 3;
            long copies = channels / 3;
            stem = Conv2d(channels, 6, 3, stride: 2, padding: 1, padding_mode: mode);
            mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1).repeat(1, copies, 1, 1);
            std = tensor(new[] { 0.229f, 0.224f, 0.225f }).reshape(1, 3, 1, 1).repeat(1, copies, 1, 1);
            kernel = (tensor(new[] { 1f, 2, 1 }).reshape(3, 1) * tensor(new[] { 1f, 2, 1 }) / 16).repeat(3, 1, 1, 1);
            if (kind == "unlike blur")
            {
                kernel[2, 0, 1, 1] = 3;
            }

            if (kind.StartsWith("BatchNorm", StringComparison.Ordinal))
            {
                norm = BatchNorm2d(3);
                if (kind == "BatchNorm2d")
                {
                    using var grad = no_grad();
                    norm.running_mean!.copy_(mean.flatten());
                    norm.running_var!.copy_(std.flatten().square());
                    norm.weight!.copy_(tensor(new[] { 1f, 0.5f, -2f }));
                    norm.bias!.copy_(tensor(new[] { 0.1f, 0, 0.3f }));
                }
            }

            if (kind.EndsWith("blur layer", StringComparison.Ordinal))
            {
                blur = Conv2d(3, 3, 3, padding: 1, groups: 3, bias: kind == "shifted blur layer");
                using var grad = no_grad();
                blur.weight.copy_(kernel);
                blur.weight.requires_grad = false;
            }

            RegisterComponents();
        }

        public Conv2d Stem => stem;

        public BatchNorm2d? Norm => norm;

        public override Tensor forward(Tensor image) => stem.call(Prepared(image));

        private Tensor Prepared(Tensor image) =>
            kind switch
            {
                "buffers" or "pair" => (image - mean) / std,
                "scaling layer" => ((image / 255) - (mean * 2)) * std,
                "resized" => functional.interpolate((image - mean) / std, scale_factor: [2, 2], mode: InterpolationMode.Bilinear),
                "clamped" => (image.clamp(0, 1) - mean) / std,
                "relu" => functional.relu((image - mean) / std),
                "padded" => functional.pad((image - mean) / std, [2, 2, 2, 2]),
                "blur" or "unlike blur" => functional.conv2d(image, kernel, padding: [1, 1], groups: 3),
                "blur of equal channels" => functional.conv2d(image, kernel, groups: 3) * std[0, 0, 0, 0],
                _ when norm is not null => norm.call(image),
                _ => blur!.call(image),
            };
    }
}
