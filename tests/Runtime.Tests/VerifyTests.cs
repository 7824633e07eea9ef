using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Verify on images whose layers do not all fit into memory at once.</summary>
public class VerifyTests
{
    [Fact]
    public void A_large_image_is_compared_some_layers_at_a_time()
    {
        manual_seed(1);
        using var net = Sequential(
            ("conv", Conv2d(3, 64, 3)),
            ("relu", ReLU()),
            ("tanh", Tanh()),
            ("pool", MaxPool2d(8)),
            ("last", Conv2d(64, 2, 1))
        );
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(
            new GrayscaleOptions { KeepColorWeights = true, Normalization = ChannelNormalization.ImageNet }
        );
        using Tensor image = rand(1, 1, 1000, 1000);
        EquivalenceReport report = converted.Verify([image]);
        Assert.Equal(["conv", "relu", "tanh", "pool", "last", "(output)"], report.Layers.Select(layer => layer.Layer));
        Assert.True(report.Holds, report.ToString());
        Assert.StartsWith("The conversion holds: 'conv' differs from the stacked run by rounding alone", report.Verdict);
        Assert.All(report.Layers, layer => Assert.InRange(layer.Difference, 1e-12, 1e-4));
        Assert.Equal((64L * 998 * 998 * 27, 64L * 998 * 998 * 9), report.Multiplications);
    }

    [Fact]
    public void A_changed_weight_shows_in_whichever_channel_it_is()
    {
        manual_seed(1);
        using var conv = Conv2d(3, 64, 3);
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        using Tensor image = rand(1, 1, 600, 600);
        Assert.True(converted.Verify([image]).Holds);
        using (no_grad())
        {
            conv.weight[3, 0, 0, 0] += 0.01;
        }

        EquivalenceReport report = converted.Verify([image]);
        Assert.False(report.Holds);
        Assert.InRange(report.Layers[0].Difference, 0.009, 0.011);
        Assert.StartsWith("THE CONVERSION DOES NOT HOLD: '(itself)' differs from the stacked run by 1.0e-02", report.Verdict);
        Assert.Contains("convert the color network again", report.Verdict);
        Assert.EndsWith(report.Verdict + "\n", report.ToString());
    }

    [Fact]
    public void Where_no_converted_layer_was_seen_the_verdict_says_that_nothing_is_shown()
    {
        using var net = new ForwardOnlyNet();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        EquivalenceReport report = converted.Verify([rand(1, 1, 20, 20)]);
        Assert.False(report.Holds);
        Assert.StartsWith("Nothing is shown: no converted layer was seen to run.", report.Verdict);
    }
}
