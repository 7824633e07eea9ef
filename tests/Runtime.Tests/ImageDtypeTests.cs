using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Pixel values as they come from files and devices: bytes, 16-bit numbers, doubles.</summary>
public class ImageDtypeTests
{
    [Theory]
    [InlineData(ScalarType.Byte, 255)]
    [InlineData(ScalarType.Int16, 4095)]
    [InlineData(ScalarType.Int32, 65535)]
    [InlineData(ScalarType.Float64, 255)]
    public void With_a_scale_pixel_values_are_taken_in_any_dtype(ScalarType dtype, double largest)
    {
        manual_seed(3);
        using var net = new PlainNet();
        net.eval();
        using Tensor pixels = (rand(2, 1, 16, 16) * largest).round();
        using Tensor expected = net.forward((pixels / largest).expand(-1, 3, -1, -1));
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale(new GrayscaleOptions { InputScale = 1 / largest });
        using Tensor image = pixels.to(dtype);
        Assert.True(Bounds.LargestDifference(expected, gray.forward(image)) < 1e-5);
        Assert.True(Bounds.LargestDifference(expected, gray.call(image)) < 1e-5);
        Assert.Equal(dtype, image.dtype);

        // And in the dtype that the network has now.
        gray.to(ScalarType.Float64);
        Assert.True(Bounds.LargestDifference(expected, gray.forward(image).to(ScalarType.Float32)) < 1e-5);
    }

    [Theory]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Float64)]
    public void Without_a_scale_they_are_refused_with_what_to_do(ScalarType dtype)
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        using Tensor image = ones(1, 1, 16, 16, dtype: dtype);
        string message = Assert.Throws<ArgumentException>(() => gray.forward(image)).Message;
        Assert.Contains($"PlainNet takes images of dtype Float32: found {dtype}. Pass image.to(ScalarType.Float32)", message);
        Assert.Contains("InputScale", message);
        Assert.DoesNotContain('\n', message);
        using var bare = Conv2d(3, 4, 3);
        Assert.Contains($"found {dtype}", Assert.Throws<ArgumentException>(() => bare.ToGrayscale().call(image)).Message);
    }

    [Fact]
    public void A_network_that_converts_its_image_itself_takes_what_it_took()
    {
        using var net = new Converting();
        using Tensor image = (rand(1, 1, 16, 16) * 255).to(ScalarType.Byte);
        using Tensor expected = net.forward(image.expand(-1, 3, -1, -1));
        Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale().forward(image)) < 1e-4);
    }

    private sealed class Converting : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Conv2d conv1 = Conv2d(3, 4, 3);

        public Converting()
            : base("converting") => RegisterComponents();

        public override Tensor forward(Tensor image) => conv1.call(image.to(ScalarType.Float32) / 255);
    }
}
