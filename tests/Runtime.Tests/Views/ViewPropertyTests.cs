using CsCheck;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Random stacks of layers before, between and after convolutions: the view gives what the stacked image gives.</summary>
public class ViewPropertyTests
{
    /// <summary>What may stand before the first convolution; the number of channels stays, but for the last ones.</summary>
    private static readonly (string Name, Func<Module<Tensor, Tensor>> Make)[] Before =
    [
        ("ReLU", () => ReLU()),
        ("ReLU in place", () => ReLU(inplace: true)),
        ("Hardtanh in place", () => Hardtanh(-1, 1, inplace: true)),
        ("LeakyReLU", () => LeakyReLU(0.1)),
        ("PReLU", () => PReLU(3)),
        ("Sigmoid", () => Sigmoid()),
        ("Softmax over the channels", () => Softmax(1)),
        ("MaxPool", () => MaxPool2d(2, 1)),
        ("AvgPool", () => AvgPool2d(2, 1)),
        ("BatchNorm", () => BatchNorm2d(3)),
        ("InstanceNorm", () => InstanceNorm2d(3)),
        ("LocalResponseNorm", () => LocalResponseNorm(3)),
        ("ReflectionPad", () => ReflectionPad2d(1)),
        ("ZeroPad", () => ZeroPad2d(1)),
        ("Upsample", () => Upsample(scale_factor: [2, 1])),
        ("Dropout", () => Dropout(0.4)),
        ("Dropout2d", () => Dropout2d(0.4)),
        ("residual", () => Of((parts, x) => x + parts.Call("conv", x), ("conv", Conv2d(3, 3, 3, padding: 1)))),
        ("depthwise", () => Conv2d(3, 3, 3, padding: 1, groups: 3)),
        ("slice", () => Of((_, x) => x[.., .., 1..])),
        ("flip", () => Of((_, x) => x.flip(2))),
        ("shift of each channel", () => Of((parts, x) => x + parts.Buffer("shift"), ("shift", rand(1, 3, 1, 1)))),
        ("a plane is written to", () => Of(WritePlane)),
        // A Sequential disposes what its layers are given, so that none may give it back.
        ("all is written to", () => Of((_, x) => x.mul_(0.5).add_(0.1).clone())),
        ("noise", () => Of((_, x) => x + (0.1 * randn_like(x)))),
        ("nothing", () => Identity()),
    ];

    private static readonly (string Name, Func<Module<Tensor, Tensor>> Make)[] Stems =
    [
        ("3x3", () => Conv2d(3, 4, 3, padding: 1)),
        ("strided", () => Conv2d(3, 4, 3, stride: 2, padding: 1)),
        ("dilated and circular", () => Conv2d(3, 4, 3, padding: 2, dilation: 2, padding_mode: PaddingModes.Circular)),
        ("same", () => Conv2d(3, 4, (3, 5), padding: Padding.Same, bias: false)),
        ("transposed", () => ConvTranspose2d(3, 4, 3, stride: 2)),
        (
            "concatenated",
            () =>
                Of(
                    (parts, x) => parts.Call("merge", cat([parts.Call("stem", x), x], 1)),
                    ("stem", Conv2d(3, 5, 3, padding: 1)),
                    ("merge", Conv2d(8, 4, 1))
                )
        ),
        (
            "Focus",
            () =>
                Of(
                    (parts, x) =>
                        parts.Call(
                            "conv",
                            functional.pixel_unshuffle(x[.., .., ..(int)(x.shape[2] / 2 * 2), ..(int)(x.shape[3] / 2 * 2)], 2)
                        ),
                    ("conv", Conv2d(12, 4, 3, padding: 1))
                )
        ),
        ("twice", () => Of((parts, x) => parts.Call("conv", x) - parts.Call("conv", x.neg()), ("conv", Conv2d(3, 4, 3, padding: 1)))),
        ("run with forward", () => Of((parts, x) => parts.Layer("conv").forward(x), ("conv", Conv2d(3, 4, 3)))),
        // Not before others, which may write to what they are given: that fails for a stacked image too.
        (
            "expanded anew",
            () =>
                Of(
                    (parts, x) => parts.Call("conv", x.mean([1], keepdim: true).expand(-1, 3, -1, -1)),
                    ("conv", Conv2d(3, 4, 3, padding: 1))
                )
        ),
        (
            "and the sum of the channels",
            () => Of((parts, x) => parts.Call("conv", x) + x.sum(1, keepdim: true), ("conv", Conv2d(3, 4, 3, padding: 1)))
        ),
    ];

    private static readonly (string Name, Func<Module<Tensor, Tensor>> Make)[] After =
    [
        ("BatchNorm", () => BatchNorm2d(4)),
        ("Tanh", () => Tanh()),
        ("pool", () => AdaptiveAvgPool2d(3)),
        ("Softmax", () => Softmax(1)),
        ("three channels again", () => Sequential(("to", Conv2d(4, 3, 1)), ("from", Conv2d(3, 4, 1)))),
        ("dropout", () => Dropout(0.3)),
    ];

    private static readonly Gen<(int[] Before, int Stem, int[] After, int Height, int Width, int Batch, int Seed)> Networks = Gen.Select(
        Gen.Int[0, Before.Length - 1].Array[0, 3],
        Gen.Int[0, Stems.Length - 1],
        Gen.Int[0, After.Length - 1].Array[0, 2],
        Gen.Int[6, 13],
        Gen.Int[6, 13],
        Gen.Int[2, 3],
        Gen.Int[0, 1 << 20]
    );

    /// <summary>In float64, with all that either run leaves behind.</summary>
    [Fact]
    public void In_any_order() =>
        Networks.Sample(
            sample =>
                StackedRun.Compare(() => Made(sample), _ => randn(sample.Batch, 1, sample.Height, sample.Width, dtype: ScalarType.Float64)),
            iter: 60,
            threads: 1,
            print: Words
        );

    /// <summary>In float32, as far as rounding goes; what decides by values is left out.</summary>
    [Fact]
    public void In_any_order_in_single_precision() =>
        Networks.Sample(
            sample =>
            {
                using DisposeScope scope = NewDisposeScope();
                using Module<Tensor, Tensor> net = Made(sample);
                net.eval();
                for (int run = 0; run < 3; run++)
                {
                    Tensor gray = randn(sample.Batch, 1, sample.Height, sample.Width);
                    manual_seed(run);
                    Tensor expected = net.call(Bounds.Stack(gray));
                    manual_seed(run);
                    Tensor actual = net.AsGrayscale().call(gray);
                    Assert.InRange(Bounds.LargestDifference(expected, actual), 0, 1e-4 * (1 + expected.abs().max().item<float>()));
                }
            },
            iter: 60,
            threads: 1,
            print: Words
        );

    private static readonly Gen<(
        int Out,
        int Kernel,
        int Stride,
        int Padding,
        int Dilation,
        int Space,
        int Channels,
        int Groups,
        bool IsTransposed,
        bool HasBias,
        int Mode,
        int Seed
    )> Layers = Gen.Select(
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 3]),
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[2, 5], Gen.Int[1, 3]),
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 1 << 20]),
        (a, b, c) => (a.Item1, a.Item2, a.Item3, a.Item4, b.Item1, b.Item2, b.Item3, b.Item4, c.Item1, c.Item2, c.Item3, c.Item4)
    );

    /// <summary>One convolution with any of its options, alone and inside a network, within the rounding bound.</summary>
    [Fact]
    public void One_convolution_of_any_kind() =>
        Layers.Sample(
            sample =>
            {
                using DisposeScope scope = NewDisposeScope();
                manual_seed(sample.Seed);
                int channels = sample.Channels / sample.Groups * sample.Groups;
                if (channels < 2)
                {
                    return;
                }

                using Convolution layer = Layer(sample, channels);
                using Sequential net = Sequential(("layer", layer));
                long[] shape = [2, 1, .. Enumerable.Repeat((long)(sample.Kernel * sample.Dilation) + 5, sample.Space)];
                for (int run = 0; run < 3; run++)
                {
                    Tensor gray = randn(shape);
                    Tensor stacked = Bounds.Stack(gray, channels);
                    double bound = Bounds.OfRounding(layer, stacked);
                    Tensor expected = layer.forward(stacked);
                    if (expected.numel() == 0)
                    {
                        // A transposed convolution whose padding takes all of its output away.
                        return;
                    }

                    Assert.InRange(Bounds.LargestDifference(expected, layer.AsGrayscale().call(gray)), 0, bound);
                    Assert.InRange(Bounds.LargestDifference(expected, net.AsGrayscale(channels).call(gray)), 0, bound);
                    Assert.InRange(Bounds.LargestDifference(expected, net.call(gray.expand(stacked.shape))), 0, bound);
                }

                Assert.Equal(FullChannelReasons.None, Assert.Single(net.AsGrayscale(channels).Layers).Reasons);
            },
            iter: 200,
            threads: 1
        );

    private static Convolution Layer(
        (
            int Out,
            int Kernel,
            int Stride,
            int Padding,
            int Dilation,
            int Space,
            int Channels,
            int Groups,
            bool IsTransposed,
            bool HasBias,
            int Mode,
            int Seed
        ) of,
        int channels
    )
    {
        int outs = of.Out * of.Groups;
        PaddingModes[] modes = [PaddingModes.Zeros, PaddingModes.Reflect, PaddingModes.Replicate, PaddingModes.Circular];
        PaddingModes mode = of.IsTransposed ? PaddingModes.Zeros : modes[of.Mode];
        return (of.IsTransposed, of.Space) switch
        {
            (false, 1) => Conv1d(channels, outs, of.Kernel, of.Stride, of.Padding, of.Dilation, mode, of.Groups, of.HasBias),
            (false, 2) => Conv2d(channels, outs, of.Kernel, of.Stride, of.Padding, of.Dilation, mode, of.Groups, of.HasBias),
            (false, _) => Conv3d(channels, outs, of.Kernel, of.Stride, of.Padding, of.Dilation, mode, of.Groups, of.HasBias),
            (true, 1) => ConvTranspose1d(
                channels,
                outs,
                of.Kernel,
                of.Stride,
                of.Padding,
                dilation: of.Dilation,
                groups: of.Groups,
                bias: of.HasBias
            ),
            (true, 2) => ConvTranspose2d(
                channels,
                outs,
                of.Kernel,
                of.Stride,
                of.Padding,
                dilation: of.Dilation,
                groups: of.Groups,
                bias: of.HasBias
            ),
            (true, _) => ConvTranspose3d(
                channels,
                outs,
                of.Kernel,
                of.Stride,
                of.Padding,
                dilation: of.Dilation,
                groups: of.Groups,
                bias: of.HasBias
            ),
        };
    }

    private static Sequential Made((int[] Before, int Stem, int[] After, int Height, int Width, int Batch, int Seed) sample)
    {
        manual_seed(sample.Seed);
        var parts = new List<(string, Module<Tensor, Tensor>)>();
        parts.AddRange(sample.Before.Select((index, place) => ($"before{place}", Before[index].Make())));
        parts.Add(("stem", Stems[sample.Stem].Make()));
        parts.AddRange(sample.After.Select((index, place) => ($"after{place}", After[index].Make())));
        return Sequential(parts);
    }

    private static string Words((int[] Before, int Stem, int[] After, int Height, int Width, int Batch, int Seed) sample) =>
        $"{string.Join(", ", sample.Before.Select(index => Before[index].Name))}; {Stems[sample.Stem].Name}; "
        + $"{string.Join(", ", sample.After.Select(index => After[index].Name))}; "
        + $"[{sample.Batch}, 1, {sample.Height}, {sample.Width}], seed {sample.Seed}";

    private static Tensor WritePlane(Parts parts, Tensor image)
    {
        image.select(1, 1).mul_(0.5);
        return image.clone();
    }

    private static Net<Tensor, Tensor> Of(Func<Parts, Tensor, Tensor> run, params (string Name, object Part)[] parts) => new(run, parts);
}
