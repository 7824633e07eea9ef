using ChannelGen.Convolutions;
using CsCheck;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>
/// The constant of a folded normalization is one number between the borders and others near them, from the answer to a small
/// image, for layers and images of every shape.
/// </summary>
public class BorderStripsTests
{
    private static readonly GrayscaleOptions ImageNet = new() { Normalization = ChannelNormalization.ImageNet };
    private static readonly double[] Means = [0.485, 0.456, 0.406];
    private static readonly double[] Deviations = [0.229, 0.224, 0.225];

    public BorderStripsTests() => manual_seed(6);

    /// <summary>One dimension of a layer and of an image for it.</summary>
    internal sealed record Axis(int Kernel, int Stride, int Padding, int Dilation, int Size)
    {
        public int Extent => ((Kernel - 1) * Dilation) + 1;
    }

    private static readonly Gen<Axis> Axes =
        from kernel in Gen.Int[1, 5]
        from stride in Gen.Int[1, 4]
        from padding in Gen.Int[0, 6]
        from dilation in Gen.Int[1, 3]
        from size in Gen.Int[1, 24]
        select new Axis(kernel, stride, padding, dilation, size);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_padded_axis_is_exact(int space) =>
        Axes.Array[space]
            .Where(axes => axes.All(axis => axis.Size + (2 * axis.Padding) >= axis.Extent))
            .Sample(
                axes =>
                    Check(
                        axes,
                        (kernel, stride, padding, dilation) =>
                            space switch
                            {
                                1 => Conv1d(3, 3, kernel[0], stride[0], padding[0], dilation[0], dtype: ScalarType.Float64),
                                2 => Conv2d(
                                    3,
                                    3,
                                    (kernel[0], kernel[1]),
                                    (stride[0], stride[1]),
                                    (padding[0], padding[1]),
                                    (dilation[0], dilation[1]),
                                    dtype: ScalarType.Float64
                                ),
                                _ => Conv3d(
                                    3,
                                    3,
                                    (kernel[0], kernel[1], kernel[2]),
                                    (stride[0], stride[1], stride[2]),
                                    (padding[0], padding[1], padding[2]),
                                    (dilation[0], dilation[1], dilation[2]),
                                    dtype: ScalarType.Float64
                                ),
                            }
                    ),
                iter: space == 3 ? 60 : 300,
                threads: 1
            );

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_transposed_axis_is_exact(int space) =>
        Axes.Array[space]
            .Where(axes => axes.All(axis => ((axis.Size - 1) * axis.Stride) + axis.Extent > 2 * axis.Padding))
            .Sample(
                axes =>
                    Check(
                        axes,
                        (kernel, stride, padding, dilation) =>
                            space switch
                            {
                                1 => ConvTranspose1d(
                                    3,
                                    3,
                                    kernel[0],
                                    stride[0],
                                    padding[0],
                                    Math.Min(stride[0] - 1, 1),
                                    dilation[0],
                                    dtype: ScalarType.Float64
                                ),
                                2 => ConvTranspose2d(
                                    3,
                                    3,
                                    (kernel[0], kernel[1]),
                                    (stride[0], stride[1]),
                                    (padding[0], padding[1]),
                                    (Math.Min(stride.Min() - 1, 1), 0),
                                    (dilation[0], dilation[1]),
                                    dtype: ScalarType.Float64
                                ),
                                _ => ConvTranspose3d(
                                    3,
                                    3,
                                    (kernel[0], kernel[1], kernel[2]),
                                    (stride[0], stride[1], stride[2]),
                                    (padding[0], padding[1], padding[2]),
                                    (0, 0, 0),
                                    (dilation[0], dilation[1], dilation[2]),
                                    dtype: ScalarType.Float64
                                ),
                            }
                    ),
                iter: space == 3 ? 60 : 200,
                threads: 1
            );

    [Theory]
    [InlineData(4, 1, 1)]
    [InlineData(4, 2, 3)]
    [InlineData(5, 3, 2)]
    [InlineData(2, 1, 4)]
    public void Same_padding_may_be_larger_at_the_end(int kernel, int across, int dilation)
    {
        foreach ((long height, long width) in ((long, long)[])[(3, 3), (11, 40), (200, 300)])
        {
            Check(
                [height, width],
                () => Conv2d(3, 3, (kernel, across), Padding.Same, dilation: (dilation, dilation + 1), dtype: ScalarType.Float64)
            );
        }

        Check([50], () => Conv1d(3, 3, kernel, Padding.Same, dilation: dilation, dtype: ScalarType.Float64));
        Check([9, 12, 15], () => Conv3d(3, 3, (kernel, across, 2), Padding.Same, dilation: (dilation, 1, 1), dtype: ScalarType.Float64));
    }

    [Theory]
    [InlineData(PaddingModes.Zeros)]
    [InlineData(PaddingModes.Reflect)]
    [InlineData(PaddingModes.Replicate)]
    [InlineData(PaddingModes.Circular)]
    [InlineData(PaddingModes.Constant)]
    public void Every_padding_mode_is_exact(PaddingModes mode)
    {
        foreach ((long height, long width) in ((long, long)[])[(5, 7), (40, 41), (300, 200)])
        {
            Check([height, width], () => Conv2d(3, 3, (5, 4), (2, 3), (3, 2), (1, 1), mode, dtype: ScalarType.Float64));
        }
    }

    /// <summary>Outputs of which neither all numbers nor a row of them are few.</summary>
    [Fact]
    public void Large_outputs_are_exact_in_every_form()
    {
        Check([100_000], () => Conv1d(3, 8, 9, 4, 4, dtype: ScalarType.Float64));
        Check([9, 20_000], () => Conv2d(3, 8, 5, 1, 2, dtype: ScalarType.Float64));
        Check([20_000, 9], () => Conv2d(3, 8, 5, 1, 2, dtype: ScalarType.Float64));
        Check([4, 6, 5000], () => Conv3d(3, 4, 3, 1, 1, dtype: ScalarType.Float64));
        Check([30, 40, 50], () => Conv3d(3, 4, 3, 2, 1, dtype: ScalarType.Float64));
        Check([300, 200], () => ConvTranspose2d(3, 4, 4, 2, 1, dtype: ScalarType.Float64));
        Check([6, 9000], () => ConvTranspose2d(3, 4, (3, 7), (3, 2), (0, 5), dtype: ScalarType.Float64));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Each_element_is_rounded_once_as_with_a_whole_map(ScalarType dtype)
    {
        foreach (
            (long side, long padding, bool channelsLast) in ((long, long, bool)[])
                [(20, 3, false), (20, 3, true), (150, 3, false), (150, 3, true), (2500, 3, false), (20, 0, false), (150, 0, true)]
        )
        {
            using Conv2d layer = Conv2d(3, 8, 7, 2, padding).to(dtype);
            using Tensor map = layer.Run(ones([1, 1, side, side / 2], ScalarType.Float64), Constant(layer)).to(dtype);
            GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(ImageNet);
            using var grad = no_grad();
            using Tensor image = Laid(rand(2, 1, side, side / 2, dtype: dtype), channelsLast);
            using Tensor plain = layer.forward(image);
            using Tensor found = converted.call(image);
            Assert.Equal(plain.stride(), found.stride());
            Assert.True((plain + map).Equals(found), $"{side}, {padding}, channels last: {channelsLast}");
        }
    }

    [Fact]
    public void Channels_last_is_exact_and_stays_so()
    {
        foreach ((long height, long width) in ((long, long)[])[(9, 8), (64, 70), (400, 300)])
        {
            Check([height, width], () => Conv2d(3, 8, 7, 2, 3, dtype: ScalarType.Float64), channelsLast: true);
            Check([height, width], () => Conv2d(3, 8, 4, 4, dtype: ScalarType.Float64), channelsLast: true);
            Check(
                [height, width],
                () => Conv2d(3, 8, 3, 1, 1, padding_mode: PaddingModes.Reflect, dtype: ScalarType.Float64),
                channelsLast: true
            );
        }
    }

    private static void Check(Axis[] axes, Func<long[], long[], long[], long[], Convolution> make) =>
        Check(
            [.. axes.Select(axis => (long)axis.Size)],
            () =>
                make(
                    [.. axes.Select(axis => (long)axis.Kernel)],
                    [.. axes.Select(axis => (long)axis.Stride)],
                    [.. axes.Select(axis => (long)axis.Padding)],
                    [.. axes.Select(axis => (long)axis.Dilation)]
                )
        );

    /// <summary>A layer gives for a gray image what it gave for the stacked and normalized one, twice.</summary>
    private static void Check(long[] size, Func<Convolution> make, bool channelsLast = false)
    {
        using DisposeScope scope = NewDisposeScope();
        using var grad = no_grad();
        using Convolution layer = make();
        Tensor gray = Laid(rand([2, 1, .. size], ScalarType.Float64), channelsLast);
        Tensor expected = layer.forward(Normalized(gray));
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(ImageNet);
        for (int run = 0; run < 2; run++)
        {
            double difference = Bounds.LargestDifference(expected, converted.call(gray));
            Assert.True(difference < 1e-12, $"{difference} for {string.Join(" x ", size)}");
        }
    }

    private static Tensor Laid(Tensor image, bool channelsLast)
    {
        if (!channelsLast)
        {
            return image;
        }

        // The same memory: one channel is channels-last as it is.
        long height = image.shape[2];
        long width = image.shape[3];
        return image.as_strided(image.shape, [height * width, 1, width, 1]);
    }

    private static Tensor Normalized(Tensor gray) => cat([.. Means.Select((mean, channel) => (gray - mean) / Deviations[channel])], 1);

    private static Tensor Constant(Convolution layer) =>
        KernelTransform.Constant(layer.weight, layer.Layout("layer"), ChannelMap.ToGray(3, 1, ChannelNormalization.ImageNet));
}
