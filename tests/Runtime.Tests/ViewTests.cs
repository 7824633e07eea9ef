using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>A grayscale view gives what the network gives for the stacked image, and changes nothing.</summary>
public class ViewTests
{
    public ViewTests() => manual_seed(40);

    [Fact]
    public void Of_a_network_is_the_network_on_the_stacked_image()
    {
        using var net = new PlainNet();
        net.eval();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        using Tensor gray = rand(2, 1, 16, 16);
        for (int run = 0; run < 3; run++)
        {
            Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray)), view.forward(gray)) < 1e-6);
            Assert.True(Bounds.LargestDifference(net.call(Bounds.Stack(gray)), view.call(gray)) < 1e-6);
        }

        ViewedLayer layer = Assert.Single(view.Layers);
        Assert.Equal(new ViewedLayer("conv1", 6, 0, FullChannelReasons.None), layer);
        Assert.Equal("'conv1': 6 of 6 calls computed from one channel", layer.ToString());
    }

    [Fact]
    public void Is_found_again_and_is_another_after_it_is_disposed()
    {
        using var net = new PlainNet();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        Assert.Same(view, net.AsGrayscale());
        Assert.Same(view, view.AsGrayscale());
        Assert.Same(net, view.Network);
        Assert.NotSame(view, net.AsGrayscale(channels: 3, image: "image"));
        view.Dispose();
        Assert.NotSame(view, net.AsGrayscale());
        Assert.Throws<ObjectDisposedException>(() => view.forward(rand(1, 1, 16, 16)));
    }

    [Fact]
    public void A_color_image_is_handed_on_as_it_is()
    {
        using var net = new PlainNet();
        net.eval();
        using Tensor color = rand(2, 3, 16, 16);
        Assert.Equal(net.forward(color), net.AsGrayscale().forward(color));
        Assert.Equal(FullChannelReasons.TensorOfItsOwn, net.AsGrayscale().Layers[0].Reasons);
    }

    public static TheoryData<string> Convolutions => [.. Layers.Keys];

    private static readonly Dictionary<string, Func<ScalarType, Module<Tensor, Tensor>>> Layers = new()
    {
        ["Conv1d"] = dtype => Conv1d(3, 4, 5, padding: 2, dtype: dtype),
        ["Conv2d"] = dtype => Conv2d(3, 4, 3, stride: 2, padding: 1, dtype: dtype),
        ["Conv3d"] = dtype => Conv3d(3, 4, 3, padding: 1, dtype: dtype),
        ["same padding"] = dtype => Conv2d(3, 4, (3, 5), padding: Padding.Same, dilation: (2, 1), dtype: dtype),
        ["valid padding"] = dtype => Conv2d(3, 4, (3, 3), padding: Padding.Valid, dtype: dtype),
        ["reflected padding"] = dtype => Conv2d(3, 4, 5, padding: 4, padding_mode: PaddingModes.Reflect, dtype: dtype),
        ["replicated padding"] = dtype => Conv2d(3, 4, 3, padding: 6, padding_mode: PaddingModes.Replicate, dtype: dtype),
        ["circular padding"] = dtype => Conv2d(3, 4, 3, padding: 5, padding_mode: PaddingModes.Circular, dtype: dtype),
        ["circular padding of a Conv1d"] = dtype => Conv1d(3, 4, 3, padding: 2, padding_mode: PaddingModes.Circular, dtype: dtype),
        ["reflected padding of a Conv3d"] = dtype => Conv3d(3, 4, 3, padding: 1, padding_mode: PaddingModes.Reflect, dtype: dtype),
        ["dilated"] = dtype => Conv2d(3, 4, 3, padding: 2, dilation: 3, dtype: dtype),
        ["without bias"] = dtype => Conv2d(3, 4, 3, bias: false, dtype: dtype),
        ["depthwise"] = dtype => Conv2d(3, 3, 3, groups: 3, dtype: dtype),
        ["depthwise, several filters"] = dtype => Conv2d(3, 12, 3, groups: 3, dtype: dtype),
        ["ConvTranspose1d"] = dtype => ConvTranspose1d(3, 4, 3, stride: 2, padding: 1, output_padding: 1, dtype: dtype),
        ["ConvTranspose2d"] = dtype => ConvTranspose2d(3, 4, 4, stride: 2, padding: 1, dtype: dtype),
        ["ConvTranspose3d"] = dtype => ConvTranspose3d(3, 4, 3, dtype: dtype),
        ["ConvTranspose2d in groups"] = dtype => ConvTranspose2d(3, 6, 3, groups: 3, dtype: dtype),
        ["ConvTranspose2d with much padding"] = dtype => ConvTranspose2d(3, 4, 3, padding: 4, dtype: dtype),
        ["a pair of channels"] = dtype => Conv1d(2, 4, 3, dtype: dtype),
        ["four channels in two groups"] = dtype => Conv2d(4, 6, 3, groups: 2, dtype: dtype),
        ["transposed, four channels in two groups"] = dtype => ConvTranspose2d(4, 6, 3, groups: 2, dtype: dtype),
    };

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Of_any_convolution_alone_and_inside_a_network(string name)
    {
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16])
        {
            using Module<Tensor, Tensor> layer = Layers[name](dtype);
            var convolution = (Convolution)layer;
            using Sequential net = Sequential(("layer", layer), ("relu", ReLU()));
            int channels = (int)convolution.in_channels;
            long[] space = [.. Enumerable.Repeat(9L, convolution.SpatialDimensions())];
            foreach (
                long[] shape in (long[][])
                    [
                        [2, 1, .. space],
                        [1, .. space],
                    ]
            )
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor gray = randn(shape, dtype);
                Tensor stacked = Bounds.Stack(gray, channels, shape.Length - space.Length - 1);
                double bound = Bounds.OfRounding(convolution, stacked);
                Assert.InRange(Bounds.LargestDifference(layer.forward(stacked), layer.AsGrayscale().forward(gray)), 0, bound);
                Assert.InRange(Bounds.LargestDifference(layer.call(stacked), layer.AsGrayscale().call(gray)), 0, bound);
                GrayscaleView<Tensor, Tensor> view = net.AsGrayscale(channels);
                Assert.InRange(Bounds.LargestDifference(net.forward(stacked), view.forward(gray)), 0, bound);
                Assert.InRange(Bounds.LargestDifference(net.forward(stacked), view.forward(gray)), 0, bound);
            }

            Assert.Equal(new ViewedLayer("layer", 4, 0, FullChannelReasons.None), Assert.Single(net.AsGrayscale(channels).Layers));
            Assert.Equal(new ViewedLayer("", 4, 0, FullChannelReasons.None), Assert.Single(layer.AsGrayscale().Layers));
        }
    }

    [Fact]
    public void Inputs_of_a_complex_convolution_are_no_matter()
    {
        using Conv2d layer = Conv2d(3, 4, 3, dtype: ScalarType.ComplexFloat32);
        using Tensor gray = randn(1, 1, 8, 8, dtype: ScalarType.ComplexFloat32);
        using Tensor difference = (layer.forward(Bounds.Stack(gray)) - layer.AsGrayscale().forward(gray)).abs().max();
        Assert.True(difference.item<float>() < 1e-5);
    }
}
