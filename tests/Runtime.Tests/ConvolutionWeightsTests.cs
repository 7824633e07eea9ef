using CsCheck;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public class ConvolutionWeightsTests
{
    public ConvolutionWeightsTests() => manual_seed(2);

    /// <summary>A layer of any shape: dimensions, kernel, stride, padding, dilation, groups, padding mode, bias, transposed.</summary>
    internal sealed record Shape(
        int Space,
        long Channels,
        long GroupOf,
        long OutPerGroup,
        long Kernel,
        long Stride,
        long Padding,
        long Dilation,
        PaddingModes Mode,
        bool Bias,
        bool Transposed,
        int Seed
    )
    {
        public long Groups => Channels / GroupOf;

        public Convolution Make()
        {
            manual_seed(Seed);
            long outputs = OutPerGroup * Groups;
            return (Space, Transposed) switch
            {
                (1, false) => Conv1d(Channels, outputs, Kernel, Stride, Padding, Dilation, Mode, Groups, Bias, dtype: ScalarType.Float64),
                (2, false) => Conv2d(Channels, outputs, Kernel, Stride, Padding, Dilation, Mode, Groups, Bias, dtype: ScalarType.Float64),
                (3, false) => Conv3d(Channels, outputs, Kernel, Stride, Padding, Dilation, Mode, Groups, Bias, dtype: ScalarType.Float64),
                (1, true) => ConvTranspose1d(
                    Channels,
                    outputs,
                    Kernel,
                    Stride,
                    Padding,
                    0,
                    Dilation,
                    PaddingModes.Zeros,
                    Groups,
                    Bias,
                    dtype: ScalarType.Float64
                ),
                (2, true) => ConvTranspose2d(
                    Channels,
                    outputs,
                    Kernel,
                    Stride,
                    Padding,
                    0,
                    Dilation,
                    PaddingModes.Zeros,
                    Groups,
                    Bias,
                    dtype: ScalarType.Float64
                ),
                _ => ConvTranspose3d(
                    Channels,
                    outputs,
                    Kernel,
                    Stride,
                    Padding,
                    0,
                    Dilation,
                    PaddingModes.Zeros,
                    Groups,
                    Bias,
                    dtype: ScalarType.Float64
                ),
            };
        }

        public Tensor Gray() => rand([2, 1, .. Enumerable.Repeat(9L, Space)], ScalarType.Float64);
    }

    internal static readonly Gen<Shape> Shapes =
        from space in Gen.Int[1, 3]
        from groups in Gen.Int[1, 3]
        from groupOf in Gen.Int[1, 3]
        from outputs in Gen.Int[1, 3]
        from kernel in Gen.Int[1, 3]
        from stride in Gen.Int[1, 2]
        from padding in Gen.Int[0, 2]
        from dilation in Gen.Int[1, 2]
        from mode in Gen.Int[0, 3].Select(mode => (PaddingModes)mode)
        from bias in Gen.Bool
        from transposed in Gen.Bool
        from seed in Gen.Int[0, 1000]
        where groups * groupOf > 1
        select new Shape(
            space,
            groups * groupOf,
            groupOf,
            outputs,
            kernel,
            stride,
            padding,
            dilation,
            transposed ? PaddingModes.Zeros : mode,
            bias,
            transposed,
            seed
        );

    [Fact]
    public void The_sum_gives_what_stacking_gives_for_every_shape() =>
        Shapes.Sample(
            shape =>
            {
                using Convolution layer = shape.Make();
                using Tensor gray = shape.Gray();
                using Tensor expected = layer.forward(Bounds.Stack(gray, (int)shape.Channels));
                layer.ToGrayscale();
                using Tensor found = layer.forward(gray);
                Assert.Equal(1, layer.in_channels);
                Assert.Equal(1, layer.groups);
                Assert.True(Bounds.LargestDifference(expected, found) < 1e-12, shape.ToString());
            },
            iter: 400,
            threads: 1
        );

    [Fact]
    public void Luma_gives_what_the_gray_layer_gives_for_every_shape() =>
        Shapes
            .Where(shape => shape.GroupOf == shape.Channels)
            .Sample(
                shape =>
                {
                    using Convolution layer = (shape with { Channels = 1, GroupOf = 1 }).Make();
                    using Tensor color = rand([2, 3, .. Enumerable.Repeat(9L, shape.Space)], ScalarType.Float64);
                    using Tensor luma =
                        (color.narrow(1, 0, 1) * 0.2126) + (color.narrow(1, 1, 1) * 0.7152) + (color.narrow(1, 2, 1) * 0.0722);
                    using Tensor expected = layer.forward(luma);
                    layer.ToColor(LumaCoefficients.Bt709);
                    using Tensor found = layer.forward(color);
                    Assert.Equal(3, layer.in_channels);
                    Assert.True(Bounds.LargestDifference(expected, found) < 1e-12, shape.ToString());
                },
                iter: 200,
                threads: 1
            );

    [Fact]
    public void Gray_to_color_to_gray_is_the_identity() =>
        Gen.Int[0, 10000]
            .Sample(
                seed =>
                {
                    manual_seed(seed);
                    using Tensor weight = randn([5, 1, 3, 3], ScalarType.Float64);
                    foreach (
                        LumaCoefficients luma in (LumaCoefficients[])
                            [
                                LumaCoefficients.Bt601,
                                LumaCoefficients.Bt709,
                                LumaCoefficients.Bt2020,
                                LumaCoefficients.Average,
                                new(0.5, 0.25, 0.25),
                                LumaCoefficients.Bt709.ForBgr(),
                            ]
                    )
                    {
                        using Tensor color = ConvolutionWeights.SpreadInputChannels(weight, luma);
                        using Tensor back = ConvolutionWeights.SumInputChannels(color);
                        Assert.True(Bounds.LargestDifference(weight, back) < 1e-14);
                    }
                },
                iter: 20,
                threads: 1
            );

    [Fact]
    public void TorchVisions_coefficients_sum_to_less_than_one()
    {
        Assert.Equal(0.9999, LumaCoefficients.TorchVision.Sum, 12);
        Assert.Equal(1, LumaCoefficients.Bt601.Sum, 12);
        Assert.Equal(1, LumaCoefficients.Bt709.Sum, 12);
        Assert.Equal(1, LumaCoefficients.Bt2020.Sum, 12);
        Assert.Equal(1, LumaCoefficients.Average.Sum, 12);
    }

    [Fact]
    public void It_is_the_sum_and_not_the_mean()
    {
        using Tensor weight = ones(2, 3, 1, 1);
        using Tensor gray = ConvolutionWeights.SumInputChannels(weight);
        Assert.Equal(3, gray[0, 0, 0, 0].item<float>());
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void It_sums_in_float64_and_rounds_once(ScalarType dtype)
    {
        using Tensor weight = randn(64, 3, 7, 7, dtype: ScalarType.Float64).to(dtype);
        using Tensor gray = ConvolutionWeights.SumInputChannels(weight);
        Assert.Equal(dtype, gray.dtype);
        using Tensor exact = weight.to(ScalarType.Float64).sum([1], keepdim: true).to(dtype);
        Assert.True(gray.Equals(exact));
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void A_converted_layer_is_within_its_bound_in_every_dtype(ScalarType dtype)
    {
        using Conv2d conv = Conv2d(3, 8, 5, padding: 2, dtype: dtype);
        using Tensor gray = rand(2, 1, 24, 24, dtype: dtype);
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        EquivalenceReport report = converted.Verify([gray]);
        Assert.True(report.Holds, report.ToString());
        Assert.True(report.Layers[0].Difference > 0 || dtype is ScalarType.Float16 or ScalarType.BFloat16, "Nothing was compared.");
    }

    [Fact]
    public void Color_opponent_filters_that_cancel_stay_within_the_bound()
    {
        using Conv2d conv = Conv2d(3, 4, 7, bias: false);
        using (no_grad())
        {
            conv.weight[TensorIndex.Colon, 2].copy_(-conv.weight[TensorIndex.Colon, 0] - conv.weight[TensorIndex.Colon, 1]);
        }

        EquivalenceReport report = conv.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }).Verify([rand(1, 1, 32, 32)]);
        Assert.True(report.Holds, report.ToString());
    }

    [Fact]
    public void The_bound_notices_a_kernel_that_is_wrong()
    {
        using Conv2d conv = Conv2d(3, 4, 3);
        GrayscaleModule<Tensor, Tensor> converted = conv.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        using (no_grad())
        {
            conv.weight.mul_(1.001f);
        }

        Assert.False(converted.Verify([rand(1, 1, 16, 16)]).Holds);
    }

    [Fact]
    public void Depthwise_kernels_stay_as_they_are()
    {
        using Tensor weight = randn(6, 1, 3, 3);
        using Tensor gray = ConvolutionWeights.SumInputChannels(weight, groups: 3);
        Assert.True(weight.Equals(gray));
    }

    [Theory]
    [InlineData(new long[] { 4, 3 }, 1, "wanted that of a 1-D, 2-D or 3-D convolution")]
    [InlineData(new long[] { 4, 3, 1, 1, 1, 1 }, 1, "wanted that of a 1-D, 2-D or 3-D convolution")]
    [InlineData(new long[] { 4, 1, 3, 3 }, 3, "wanted a number that divides 4")]
    public void What_is_no_kernel_is_refused(long[] shape, long groups, string message)
    {
        using Tensor weight = zeros(shape);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => ConvolutionWeights.SumInputChannels(weight, groups)).Message);
    }

    [Fact]
    public void Other_wrong_arguments_are_refused()
    {
        using Tensor color = zeros(4, 3, 3, 3);
        using Tensor gray = zeros(4, 1, 3, 3);
        using Tensor integers = zeros([4, 3, 3, 3], ScalarType.Int32);
        Assert.Contains(
            "3 input channels; wanted 1 in dimension 1",
            Assert.Throws<ArgumentException>(() => ConvolutionWeights.SpreadInputChannels(color, LumaCoefficients.Bt601)).Message
        );
        Assert.Contains("all zero", Assert.Throws<ArgumentException>(() => ConvolutionWeights.SpreadInputChannels(gray, default)).Message);
        Assert.Contains(
            "not all finite",
            Assert.Throws<ArgumentException>(() => ConvolutionWeights.SpreadInputChannels(gray, new(double.NaN, 1, 1))).Message
        );
        Assert.Contains("dtype Int32", Assert.Throws<ArgumentException>(() => ConvolutionWeights.SumInputChannels(integers)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ConvolutionWeights.SumInputChannels(color, 0));
        Assert.Throws<ArgumentNullException>(() => ConvolutionWeights.SumInputChannels(null!));
    }

    [Fact]
    public void Tiling_repeats_the_kernels_and_keeps_their_sum()
    {
        using Tensor weight = randn(4, 3, 3, 3, dtype: ScalarType.Float64);
        using Tensor tiled = ConvolutionWeights.TileInputChannels(weight, 6);
        Assert.Equal([4, 6, 3, 3], tiled.shape);
        Assert.True(Bounds.LargestDifference(weight.sum([1]), tiled.sum([1])) < 1e-14);
    }

    [Fact]
    public void The_argument_is_left_as_it_is()
    {
        using Tensor weight = randn(4, 3, 3, 3).requires_grad_();
        using Tensor before = weight.detach().clone();
        using Tensor gray = ConvolutionWeights.SumInputChannels(weight);
        Assert.True(before.Equals(weight));
        Assert.False(gray.requires_grad);
    }

    [Fact]
    public void Same_padding_is_converted()
    {
        foreach (long kernel in (long[])[2, 3, 4])
        {
            using Conv2d conv = Conv2d(3, 4, kernel, Padding.Same, dtype: ScalarType.Float64);
            using Tensor gray = rand(1, 1, 11, 13, dtype: ScalarType.Float64);
            using Tensor expected = conv.forward(Bounds.Stack(gray));
            Assert.True(Bounds.LargestDifference(expected, conv.ToGrayscale().forward(gray)) < 1e-12);
        }
    }
}
