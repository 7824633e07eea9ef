using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Networks of several images, lists of images, several first layers, and layers of other dimensions beside them.</summary>
public class ImageInputTests
{
    public ImageInputTests() => manual_seed(31);

    [Fact]
    public void A_list_of_images_is_taken_with_and_without_a_batch()
    {
        using var detector = new ListNet();
        List<Tensor> grays = [rand(1, 20, 24), rand(1, 30, 16)];
        using Tensor expected = detector.forward([.. grays.Select(gray => Bounds.Stack(gray, dim: 0))]);
        GrayscaleModule<List<Tensor>, Tensor> converted = detector.ToGrayscale();
        Assert.True(converted.Conversion.WasVerified);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(grays)) < 1e-5);
        Assert.Same(converted, detector.ToGrayscale());
        Assert.Contains(
            "wanted [N, 1, H, W]",
            Assert.Throws<ArgumentException>(() => converted.forward([rand(1, 20, 24), rand(3, 20, 24)])).Message
        );

        using var batched = new ArrayNet();
        Tensor[] pair = [rand(2, 1, 20, 24), rand(2, 1, 20, 24)];
        using Tensor answer = batched.forward([.. pair.Select(gray => Bounds.Stack(gray))], 0.5f);
        Assert.True(Bounds.LargestDifference(answer, batched.ToGrayscale().forward(pair, 0.5f)) < 1e-5);
    }

    [Fact]
    public void A_pyramid_given_as_a_list_is_checked_on_the_example()
    {
        using var net = new ListPyramidNet();
        List<Tensor> pyramid = [rand(1, 2, 32, 32), rand(1, 2, 16, 16), rand(1, 2, 8, 8)];
        ChannelMap map = ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep());
        using Tensor expected = net.forward([.. pyramid.Select(level => map.Apply(level))]);
        ChannelModule<List<Tensor>, Tensor> converted = net.ToChannels(map, new ChannelOptions { Example = [pyramid] });
        Assert.Equal(["fine", "middle", "coarse"], converted.Conversion.Layers);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(pyramid)) < 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pyramid_that_the_network_makes_reaches_all_of_its_stems(bool normalizes)
    {
        using var net = new PyramidNet(normalizes);
        using Tensor gray = rand(1, 1, 32, 32);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.Equal(["coarse", "fine"], converted.Conversion.Layers.Order());
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        using var named = new PyramidNet(normalizes);
        using Tensor other = named.forward(Bounds.Stack(gray));
        converted = named.ToGrayscale(new GrayscaleOptions { Layers = ["fine", "coarse"] });
        Assert.True(Bounds.LargestDifference(other, converted.forward(gray)) < 1e-5);
    }

    [Fact]
    public void Several_images_are_named()
    {
        using var net = new TwoResolutionsNet();
        using Tensor full = rand(1, 1, 24, 24);
        using Tensor half = rand(1, 1, 12, 12);
        using Tensor expected = net.forward(Bounds.Stack(full), Bounds.Stack(half));
        GrayscaleOptions options = new() { Image = "full, half", Example = [full, half] };
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale(options);
        Assert.Equal(["large", "small"], converted.Conversion.Layers.Order());
        Assert.True(Bounds.LargestDifference(expected, converted.forward(full, half)) < 1e-5);
        Assert.Throws<ArgumentException>(() => converted.forward(full, Bounds.Stack(half)));

        // A distance between two images, each normalized by the network.
        using var distance = new DistanceNet();
        distance.eval();
        using Tensor left = rand(1, 1, 24, 24);
        using Tensor right = rand(1, 1, 24, 24);
        using Tensor before = distance.forward(Bounds.Stack(left), Bounds.Stack(right));
        Assert.True(
            Bounds.LargestDifference(before, distance.ToGrayscale(new GrayscaleOptions { Image = "left, right" }).forward(left, right))
                < 1e-5
        );
        using var unknown = new DistanceNet();
        Assert.Contains(
            "names 'top'",
            Assert.Throws<ArgumentException>(() => unknown.ToGrayscale(new GrayscaleOptions { Image = "left, top" })).Message
        );
    }

    [Fact]
    public void The_image_that_is_named_is_the_one_that_is_checked_without_a_probe()
    {
        using var net = new SignalNet();
        using Tensor signal = rand(1, 3, 40);
        using Tensor gray = rand(1, 1, 20, 20);
        GrayscaleOptions options = new() { Image = "image", Layer = "stem", Probe = false };
        using Tensor expected = net.forward(signal, Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale(options);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(signal, gray)) < 1e-5);
        Assert.Throws<ArgumentException>(() => converted.forward(signal, Bounds.Stack(gray)));
    }

    [Fact]
    public void A_convolution_over_a_sequence_beside_the_stem_does_not_say_what_images_look_like()
    {
        using var net = new SignalNet();
        using Tensor signal = rand(1, 3, 40);
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(signal, Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { Image = "image" });
        Assert.Equal(["stem"], converted.Conversion.Layers);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(signal, gray)) < 1e-5);

        // Attention over channels, in a network that is gray by nature.
        using var attention = new AttentionNet();
        using Tensor color = rand(1, 3, 20, 20);
        using Tensor luma = ChannelMap.Luma(LumaCoefficients.Bt601).Apply(color);
        using Tensor before = attention.forward(luma);
        ColorModule<Tensor, Tensor> ofColor = attention.ToColor(LumaCoefficients.Bt601);
        Assert.Equal(["stem"], ofColor.Conversion.Layers);
        Assert.True(Bounds.LargestDifference(before, ofColor.forward(color)) < 1e-5);
    }

    private sealed class ListNet : Module<List<Tensor>, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public ListNet()
            : base(nameof(ListNet)) => RegisterComponents();

        public override Tensor forward(List<Tensor> images) => stack(images.Select(image => stem.call(image.unsqueeze(0)).mean([2, 3])));
    }

    private sealed class ArrayNet : Module<Tensor[], float, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public ArrayNet()
            : base(nameof(ArrayNet)) => RegisterComponents();

        public override Tensor forward(Tensor[] images, float weight) => stem.call(cat(images, 0)) * (weight + 1);
    }

    private sealed class ListPyramidNet : Module<List<Tensor>, Tensor>
    {
        private readonly Conv2d fine = Conv2d(4, 2, 7, padding: 3);
        private readonly Conv2d middle = Conv2d(4, 2, 5, padding: 2);
        private readonly Conv2d coarse = Conv2d(4, 2, 3, padding: 1);

        public ListPyramidNet()
            : base(nameof(ListPyramidNet)) => RegisterComponents();

        public override Tensor forward(List<Tensor> levels) =>
            cat([fine.call(levels[0]).flatten(2), middle.call(levels[1]).flatten(2), coarse.call(levels[2]).flatten(2)], 2);
    }

    private sealed class PyramidNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d coarse = Conv2d(3, 2, 3, padding: 1);
        private readonly Conv2d fine = Conv2d(3, 2, 5, padding: 2);
        private readonly Tensor mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1);
        private readonly bool normalizes;

        public PyramidNet(bool normalizes)
            : base(nameof(PyramidNet))
        {
            this.normalizes = normalizes;
            RegisterComponents();
        }

        public override Tensor forward(Tensor image)
        {
            Tensor given = normalizes ? (image - mean) / 0.225 : image;
            Tensor half = functional.interpolate(given, scale_factor: [0.5, 0.5], mode: InterpolationMode.Bilinear);
            return fine.call(given) + functional.interpolate(coarse.call(half), scale_factor: [2, 2]);
        }
    }

    private sealed class TwoResolutionsNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d large = Conv2d(3, 2, 5, stride: 2, padding: 2);
        private readonly Conv2d small = Conv2d(3, 2, 3, padding: 1);

        public TwoResolutionsNet()
            : base(nameof(TwoResolutionsNet)) => RegisterComponents();

        public override Tensor forward(Tensor full, Tensor half) => large.call(full) + small.call(half);
    }

    private sealed class DistanceNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 6, 3, padding: 1);
        private readonly Tensor shift = tensor(new[] { -0.03f, -0.088f, -0.188f }).reshape(1, 3, 1, 1);
        private readonly Tensor scale = tensor(new[] { 0.458f, 0.448f, 0.45f }).reshape(1, 3, 1, 1);

        public DistanceNet()
            : base(nameof(DistanceNet)) => RegisterComponents();

        public override Tensor forward(Tensor left, Tensor right) =>
            (stem.call((left - shift) / scale) - stem.call((right - shift) / scale)).square().mean([1], keepdim: true);
    }

    private sealed class SignalNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv1d over = Conv1d(3, 4, 5, padding: 2);
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public SignalNet()
            : base(nameof(SignalNet)) => RegisterComponents();

        public override Tensor forward(Tensor signal, Tensor image) =>
            stem.call(image) * over.call(signal).mean([2]).unsqueeze(-1).unsqueeze(-1);
    }

    private sealed class AttentionNet : Module<Tensor, Tensor>
    {
        private readonly Conv1d attention = Conv1d(1, 1, 3, padding: 1);
        private readonly Conv2d stem = Conv2d(1, 8, 3, padding: 1);

        public AttentionNet()
            : base(nameof(AttentionNet)) => RegisterComponents();

        public override Tensor forward(Tensor image)
        {
            Tensor features = stem.call(image);
            Tensor weights = attention.call(features.mean([2, 3]).unsqueeze(1)).squeeze(1).sigmoid();
            return features * weights.unsqueeze(-1).unsqueeze(-1);
        }
    }
}
