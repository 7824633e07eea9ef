using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Layers that share a parameter, and networks that share a layer.</summary>
public class SharedLayerTests
{
    public SharedLayerTests() => manual_seed(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_convolutions_of_one_parameter_are_converted_once_and_restored(bool normalized)
    {
        using var net = new SiameseNet();
        using Tensor gray = rand(1, 1, 20, 20);
        Tensor stacked = Bounds.Stack(gray);
        using Tensor before = net.forward(stacked);
        using Tensor color = rand(1, 3, 20, 20);
        using Tensor ofColor = net.forward(color);
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(
            new GrayscaleOptions { KeepColorWeights = true, Normalization = normalized ? ChannelNormalization.ImageNet : null }
        );
        Assert.Equal([4, 1, 3, 3], net.Left.weight.shape);
        Assert.Same(net.Left.weight, net.Right.weight);
        Assert.Equal((36L, 108L), converted.Conversion.FirstLayerParameters);
        if (!normalized)
        {
            Assert.True(Bounds.LargestDifference(before, converted.forward(gray)) < 1e-5);
        }

        Assert.True(converted.Verify([gray]).Holds);
        converted.RestoreColor();
        Assert.Equal([4, 3, 3, 3], net.Left.weight.shape);
        Assert.Equal(0, Bounds.LargestDifference(ofColor, net.forward(color)));
    }

    [Fact]
    public void Two_convolutions_of_one_parameter_are_as_they_were_after_a_refusal()
    {
        using var net = new SiameseNet(alsoElsewhere: true);
        using Tensor color = rand(1, 3, 20, 20);
        using Tensor before = net.forward(color);
        net.forward(color).sum().backward();
        using Tensor gradient = net.Left.weight.grad!.clone();
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Equal([4, 3, 3, 3], net.Left.weight.shape);
        Assert.Equal(3, net.Left.in_channels);
        Assert.Equal(0, Bounds.LargestDifference(before, net.forward(color)));
        Assert.Equal(0, Bounds.LargestDifference(gradient, net.Left.weight.grad!));
    }

    [Fact]
    public void The_way_back_with_luma_spreads_a_shared_parameter_once()
    {
        using var net = new SiameseNet();
        using Tensor gray = rand(1, 1, 20, 20);
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        using Tensor ofGray = converted.forward(gray);
        converted.ToColor(LumaCoefficients.Bt601);
        Assert.Equal([4, 3, 3, 3], net.Right.weight.shape);
        Assert.True(Bounds.LargestDifference(ofGray, net.forward(Bounds.Stack(gray))) < 1e-5);
    }

    [Fact]
    public void A_shared_parameter_takes_one_step()
    {
        using var stacked = new SiameseNet();
        using var net = new SiameseNet();
        net.load_state_dict(stacked.state_dict());
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        using var ofStacked = optim.SGD(stacked.parameters(), 0.1);
        using var ofConverted = optim.SGD(net.parameters(), 0.1);
        using Tensor gray = rand(2, 1, 16, 16);
        stacked.forward(Bounds.Stack(gray)).square().mean().backward();
        converted.forward(gray).square().mean().backward();
        ofStacked.step();
        converted.StepAsStacked(ofConverted);
        using Tensor sum = stacked.parameters().First().sum(1, keepdim: true);
        Assert.True(Bounds.LargestDifference(sum, net.parameters().First()) < 1e-6);
    }

    [Fact]
    public void Two_networks_with_one_stem_converted_at_once_leave_a_whole_weight()
    {
        for (int attempt = 0; attempt < 40; attempt++)
        {
            using Conv2d stem = Conv2d(3, 4, 3, padding: 1);
            using Sequential one = Sequential(("stem", stem), ("relu", ReLU()));
            using Sequential other = Sequential(("stem", stem), ("tanh", Tanh()));
            using Tensor sum = stem.weight.detach().sum(1, keepdim: true);
            int converted = 0;
            Parallel.ForEach(
                [one, other],
                net =>
                {
                    try
                    {
                        net.ToGrayscale();
                        Interlocked.Increment(ref converted);
                    }
                    catch (InvalidOperationException exception)
                    {
                        Assert.Contains("in_channels 1", exception.Message);
                    }
                }
            );
            Assert.False(stem.weight.IsInvalid);
            Assert.Equal(1, stem.in_channels);
            Assert.True(Bounds.LargestDifference(sum, stem.weight) < 1e-6);
            Assert.Equal(1, converted);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_network_converted_from_many_threads_is_converted_once(bool normalized)
    {
        using var net = new PlainNet();
        using Tensor sum = net.Stem.weight.detach().sum(1, keepdim: true);
        GrayscaleOptions options = new() { Normalization = normalized ? new ChannelNormalization([0.5, 0.5, 0.5], [1, 1, 1]) : null };
        var wrappers = new GrayscaleModule<Tensor, Tensor>[8];
        Parallel.For(0, wrappers.Length, index => wrappers[index] = net.ToGrayscale(options));
        Assert.All(wrappers, wrapper => Assert.Same(wrappers[0], wrapper));
        Assert.True(Bounds.LargestDifference(sum, net.Stem.weight) < 1e-6);
    }

    private sealed class SiameseNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d left = Conv2d(3, 4, 3, padding: 1);
        private readonly Conv2d right = Conv2d(3, 4, 3, padding: 1);
        private readonly bool alsoElsewhere;

        public SiameseNet(bool alsoElsewhere = false)
            : base(nameof(SiameseNet))
        {
            this.alsoElsewhere = alsoElsewhere;
            right.weight = left.weight;
            RegisterComponents();
        }

        public Conv2d Left => left;

        public Conv2d Right => right;

        public override Tensor forward(Tensor image)
        {
            Tensor features = left.call(image) * functional.sigmoid(right.call(image));
            return alsoElsewhere ? features + image.sum(1, keepdim: true) : features;
        }
    }
}
