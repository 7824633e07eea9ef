using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>A convolution is a network too; its wrapper gives the same through forward as through call.</summary>
public class BareConvolutionTests
{
    private static readonly double[] Means = [0.485, 0.456, 0.406];
    private static readonly double[] Deviations = [0.229, 0.224, 0.225];

    public BareConvolutionTests() => manual_seed(5);

    public static TheoryData<string> Layers => ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "without padding", "reflect"];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Forward_adds_the_normalization_as_call_does(string kind)
    {
        using Convolution layer = Make(kind, 3);
        using Tensor gray = Image(kind, 1);
        using Tensor expected = layer.forward(Normalized(gray));
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        using Tensor ofForward = converted.forward(gray);
        using Tensor ofCall = converted.call(gray);
        Assert.True(Bounds.LargestDifference(expected, ofForward) < 1e-12);
        Assert.Equal(0, Bounds.LargestDifference(ofForward, ofCall));
    }

    [Fact]
    public void An_image_without_a_batch_is_no_exception()
    {
        using Convolution layer = Make("Conv2d", 3);
        using Tensor gray = Image("Conv2d", 1);
        using Tensor one = gray[0];
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        using Tensor batch = converted.forward(gray);
        using Tensor alone = converted.forward(one);
        Assert.True(Bounds.LargestDifference(batch[0], alone) < 1e-12);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void So_does_the_way_to_color(string kind)
    {
        using Convolution layer = Make(kind, 1);
        using Tensor color = Image(kind, 3);
        var luma = LumaCoefficients.Bt601;
        using Tensor gray = (color.narrow(1, 0, 1) * luma.Red) + (color.narrow(1, 1, 1) * luma.Green) + (color.narrow(1, 2, 1) * luma.Blue);
        using Tensor expected = layer.forward((gray - 0.4) / 0.25);
        ColorModule<Tensor, Tensor> converted = layer.ToColor(
            luma,
            new ColorOptions { Normalization = ChannelNormalization.ImageNet, GrayNormalization = new ChannelNormalization([0.4], [0.25]) }
        );
        using Tensor normalized = cat([.. Means.Select((mean, channel) => (color.narrow(1, channel, 1) - mean) / Deviations[channel])], 1);
        using Tensor ofForward = converted.forward(normalized);
        using Tensor ofCall = converted.call(normalized);
        Assert.True(Bounds.LargestDifference(expected, ofForward) < 1e-12);
        Assert.Equal(0, Bounds.LargestDifference(ofForward, ofCall));
    }

    [Fact]
    public void Verify_holds_of_what_forward_gives_and_leaves_it_so()
    {
        using Convolution layer = Make("Conv2d", 3);
        using Tensor gray = Image("Conv2d", 1);
        using Tensor expected = layer.forward(Normalized(gray));
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, KeepColorWeights = true }
        );
        Assert.True(converted.Verify([gray]).Holds);
        using Tensor ofForward = converted.forward(gray);
        Assert.True(Bounds.LargestDifference(expected, ofForward) < 1e-12);
    }

    [Fact]
    public void The_users_hooks_run_through_call_alone_and_see_the_sum()
    {
        using Convolution layer = Make("Conv2d", 3);
        using Tensor gray = Image("Conv2d", 1);
        using Tensor expected = layer.forward(Normalized(gray));
        var seen = new List<double>();
        layer.register_forward_hook(
            (_, _, output) =>
            {
                seen.Add(Bounds.LargestDifference(expected, output));
                return output * 2;
            }
        );
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, ImageShape = gray.shape }
        );

        // The check ran them too, and put back what they had written down.
        using Tensor ofForward = converted.forward(gray);
        Assert.Empty(seen);
        using Tensor ofCall = converted.call(gray);
        Assert.True(Assert.Single(seen) < 1e-12);
        Assert.True(Bounds.LargestDifference(ofForward * 2, ofCall) < 1e-12);
    }

    [Fact]
    public void In_a_sequence_it_gives_the_same_as_alone()
    {
        using Convolution layer = Make("Conv2d", 3);
        using Tensor gray = Image("Conv2d", 1);
        using Tensor expected = layer.forward(Normalized(gray));
        using Sequential sequence = Sequential(layer.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }));
        using Tensor found = sequence.forward(gray);
        Assert.True(Bounds.LargestDifference(expected, found) < 1e-12);
    }

    private static Convolution Make(string kind, long channels) =>
        kind switch
        {
            "Conv1d" => Conv1d(channels, 4, 5, stride: 2, padding: 2, dtype: ScalarType.Float64),
            "Conv3d" => Conv3d(channels, 4, 3, padding: 1, dtype: ScalarType.Float64),
            "ConvTranspose2d" => ConvTranspose2d(channels, 4, 3, stride: 2, padding: 1, dtype: ScalarType.Float64),
            "without padding" => Conv2d(channels, 4, 4, stride: 4, dtype: ScalarType.Float64),
            "reflect" => Conv2d(channels, 4, 3, padding: 1, padding_mode: PaddingModes.Reflect, dtype: ScalarType.Float64),
            _ => Conv2d(channels, 4, 3, padding: 1, dtype: ScalarType.Float64),
        };

    private static Tensor Image(string kind, long channels) =>
        rand(
            [
                2,
                channels,
                .. Enumerable.Repeat(
                    12L,
                    kind == "Conv1d" ? 1
                        : kind == "Conv3d" ? 3
                        : 2
                ),
            ],
            ScalarType.Float64
        );

    private static Tensor Normalized(Tensor gray) => cat([.. Means.Select((mean, channel) => (gray - mean) / Deviations[channel])], 1);
}
