using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>The check gives networks of short dtypes images that these can hold, whatever the scale of the input.</summary>
public class HalfPrecisionCheckTests
{
    [Theory]
    [InlineData(ScalarType.Float16, 1 / 255.0)]
    [InlineData(ScalarType.Float16, 1 / 65535.0)]
    [InlineData(ScalarType.BFloat16, 1 / 255.0)]
    [InlineData(ScalarType.BFloat16, 1 / 65535.0)]
    public void A_layer_and_a_network_with_scaled_and_normalized_input_are_converted(ScalarType dtype, double scale)
    {
        manual_seed(3);
        var options = new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, InputScale = scale };
        using Conv2d layer = Conv2d(3, 8, 5, 2, 2, dtype: dtype);
        Assert.True(layer.ToGrayscale(options).Conversion.WasVerified);
        using Sequential net = Sequential(
            ("stem", Conv2d(3, 8, 3, padding: 1, dtype: dtype)),
            ("relu", ReLU()),
            ("head", Conv2d(8, 4, 1, dtype: dtype))
        );
        Assert.True(net.ToGrayscale(options).Conversion.WasVerified);
    }
}
