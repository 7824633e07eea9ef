using ChannelGen.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Networks take any channels from which those that they were made for follow by factors and offsets.</summary>
public class ChannelMapTests
{
    public ChannelMapTests() => manual_seed(11);

    public static TheoryData<string> Named => new(Maps.Keys);

    /// <summary>The maps that have a use, with the network's channels and the new ones.</summary>
    private static Dictionary<string, (int Old, int New, ChannelMap Map)> Maps { get; } =
        new()
        {
            ["a pair of gray images"] = (6, 2, ChannelMap.Gray().Repeated(2)),
            ["a pair of normalized gray images"] = (6, 2, ChannelMap.Gray().Normalized(ChannelNormalization.ImageNet).Repeated(2)),
            ["stereo, five views"] = (15, 5, ChannelMap.Gray().Repeated(5)),
            ["gray and a mask"] = (4, 2, ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep())),
            ["coordinates and normalized gray"] = (
                5,
                3,
                ChannelMap.Beside(ChannelMap.Keep(2), ChannelMap.Gray().Scaled(1 / 255.0).Normalized(ChannelNormalization.ImageNet))
            ),
            ["a fourth channel of zeros is left out"] = (4, 3, ChannelMap.Beside(ChannelMap.Keep(3), ChannelMap.Constant())),
            ["a channel of ones is left out"] = (4, 1, ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Constant(1))),
            ["alpha is ignored"] = (3, 4, ChannelMap.Choose(4, 0, 1, 2)),
            ["three of thirteen bands"] = (3, 13, ChannelMap.Choose(13, 3, 2, 1)),
            ["BGR"] = (3, 3, ChannelMap.Choose(3, 2, 1, 0)),
            ["space to depth"] = (12, 4, ChannelMap.Gray().Repeated(4)),
            ["pixel_unshuffle by 2"] = (12, 4, ChannelMap.Gray().PixelUnshuffled(2)),
            ["pixel_unshuffle by 8"] = (192, 64, ChannelMap.Gray().PixelUnshuffled(8)),
            ["mono to stereo"] = (1, 2, ChannelMap.Average(2)),
            ["stereo to mono"] = (2, 1, ChannelMap.Gray(2)),
            ["gray to color"] = (1, 3, ChannelMap.Luma(LumaCoefficients.Bt709)),
            ["a table of numbers"] = (2, 3, new ChannelMap(new double[,] { { 1, -2, 0.5 }, { 0, 3, 0 } }, [0.25, -1])),
        };

    [Theory]
    [MemberData(nameof(Named))]
    public void A_network_is_converted_checked_kept_and_restored(string name)
    {
        (int old, int fresh, ChannelMap map) = Maps[name];
        Assert.Equal((old, fresh), (map.OldChannels, map.NewChannels));
        using var net = new PlainNet(old);
        net.eval();
        net.to(ScalarType.Float64);
        Parameter weight = net.Stem.weight;
        using Tensor before = weight.detach().clone();
        using Tensor image = randn(2, fresh, 32, 28, dtype: ScalarType.Float64);
        using Tensor oldImage = map.Apply(image);
        using Tensor expected = net.forward(oldImage);
        ChannelModule<Tensor, Tensor> converted = net.ToChannels(map, new ChannelOptions { KeepOldWeights = true });
        Assert.True(converted.Conversion.WasVerified);
        Assert.Equal(["conv1"], converted.Conversion.Layers);
        Assert.Equal([8, fresh, 3, 3], net.Stem.weight.shape);
        Assert.Same(weight, net.Stem.weight);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(image)) < 1e-12);
        Assert.Same(converted, net.ToChannels(map));
        Assert.Same(converted, converted.ToChannels(map));
        EquivalenceReport report = converted.Verify([image]);
        Assert.True(report.Holds, report.ToString());
        Assert.Contains($"wanted [N, {fresh}, H, W]", Assert.Throws<ArgumentException>(() => converted.forward(zeros(1, 7, 8, 8))).Message);
        Assert.Same(net, converted.Restore());
        Assert.True(before.Equals(net.Stem.weight));
        Assert.Equal(old, net.Stem.in_channels);
        Assert.Equal(0, Bounds.LargestDifference(expected, net.forward(oldImage)));
        Assert.DoesNotContain(net.state_dict().Keys, key => key.Contains("channel_map") || key.Contains("normalization"));
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void Checkpoints_of_before_and_of_now_are_loaded_from_networks_dictionaries_and_files(string name)
    {
        (int old, int fresh, ChannelMap map) = Maps[name];
        using var source = new PlainNet(old);
        using var second = new PlainNet(old);
        source.eval();
        second.eval();
        using Tensor image = randn(1, fresh, 20, 20);
        using Tensor expected = source.forward(map.Apply(image));
        ChannelModule<Tensor, Tensor> converted = second.ToChannels(map);
        bool isAmbiguous = old == fresh && !map.HasOffset;
        string folder = Directory.CreateTempSubdirectory().FullName;
        string oldFile = Path.Combine(folder, "old.dat");
        string newFile = Path.Combine(folder, "new.dat");
        string written = Path.Combine(folder, "written.dat");
        source.save(oldFile);
        StateDictConversion.FileToChannels(oldFile, newFile, "conv1", map);

        source.ToChannels(map).save(written);
        converted.load(written);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(image)) < 1e-4);
        foreach (string file in new[] { oldFile, newFile })
        {
            Scramble(second);
            if (isAmbiguous)
            {
                Assert.Contains("cannot be told", Assert.Throws<ArgumentException>(() => converted.load(file)).Message);
                continue;
            }

            converted.load(file);
            Assert.True(Bounds.LargestDifference(expected, converted.forward(image)) < 1e-4, file);
        }

        if (!map.HasOffset)
        {
            // Without offsets the file is that of a network that was made for the new channels.
            using var native = new PlainNet(fresh);
            native.eval();
            native.load(newFile);
            Assert.True(Bounds.LargestDifference(expected, native.forward(image)) < 1e-4);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_checkpoint_of_another_map_is_refused()
    {
        using var maskFirst = new PlainNet(4);
        using var maskLast = new PlainNet(4);
        using var gray = new PlainNet(4);
        ChannelModule<Tensor, Tensor> first = maskFirst.ToChannels(ChannelMap.Beside(ChannelMap.Keep(), ChannelMap.Gray()));
        ChannelModule<Tensor, Tensor> last = maskLast.ToChannels(ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep()));
        Dictionary<string, Tensor> theirs = first.state_dict();
        using Tensor before = maskLast.Stem.weight.detach().clone();
        Assert.Contains("another channel map", Assert.Throws<ArgumentException>(() => last.load_state_dict(theirs)).Message);
        Assert.True(before.Equals(maskLast.Stem.weight));
        Assert.Contains(
            "channel map",
            Assert.Throws<ArgumentException>(() => StateDictConversion.ToGrayscale(theirs, "conv1")).Message
        );
        GrayscaleModule<Tensor, Tensor> fourth = gray.ToGrayscale(new GrayscaleOptions { InChannels = 4 });
        using var halved = new PlainNet(4);
        Dictionary<string, Tensor> ofHalf = halved.ToChannels(ChannelMap.Gray(4).Scaled(0.5)).state_dict();
        Assert.Contains("another channel map", Assert.Throws<ArgumentException>(() => fourth.load_state_dict(ofHalf)).Message);
    }

    [Fact]
    public void A_dictionary_of_a_normalized_map_is_that_of_the_conversion_by_name()
    {
        using var source = new PlainNet();
        source.eval();
        using Tensor image = rand(1, 1, 20, 20) * 255;
        ChannelMap map = ChannelMap.Gray().Scaled(1 / 255.0).Normalized(ChannelNormalization.ImageNet);
        using Tensor expected = source.forward(map.Apply(image));
        Dictionary<string, Tensor> mapped = StateDictConversion.ToChannels(source.state_dict(), "conv1", map);
        using var other = new PlainNet();
        other.eval();
        GrayscaleModule<Tensor, Tensor> gray = other.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, InputScale = 1 / 255.0 }
        );
        gray.load_state_dict(mapped);
        Assert.True(Bounds.LargestDifference(expected, gray.forward(image)) < 1e-4);
    }

    [Fact]
    public void Pixel_unshuffle_lays_the_channels_as_TorchSharp_does()
    {
        ChannelMap map = ChannelMap.Gray().Normalized(ChannelNormalization.ImageNet).PixelUnshuffled(4);
        using Tensor gray = rand(2, 1, 16, 24, dtype: ScalarType.Float64);
        using Tensor color = ChannelMap.Gray().Normalized(ChannelNormalization.ImageNet).Apply(gray);
        using Tensor expected = functional.pixel_unshuffle(color, 4);
        Assert.Equal(0, Bounds.LargestDifference(expected, map.Apply(functional.pixel_unshuffle(gray, 4))));
    }

    [Fact]
    public void Focus_takes_the_pixels_of_a_block_as_images()
    {
        using Tensor gray = rand(1, 1, 8, 8);
        static Tensor Focus(Tensor x) =>
            cat([x[.., .., 0..8, 0..8], x.flip(-1), x.flip(-2), x * 2], 1);
        using Tensor expected = Focus(Bounds.Stack(gray));
        Assert.Equal(0, Bounds.LargestDifference(expected, ChannelMap.Gray().Repeated(4).Apply(Focus(gray))));
    }

    /// <summary>Random maps, layers, groups, padding modes and dimensions, in float64.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_map_holds_in_any_layer(int seed)
    {
        var random = new Random(seed);
        int groups = random.Next(1, 4);
        int old = groups * random.Next(1, 5);
        int fresh = random.Next(1, 7);
        bool hasOffset = random.Next(2) == 0;
        double Number() => random.Next(4) == 0 ? 0 : (random.NextDouble() * 4) - 2;
        var factors = new double[old, fresh];
        for (int index = 0; index < factors.Length; index++)
        {
            // A map of nothing but zeros leaves nothing to compare.
            factors[index / fresh, index % fresh] = index % fresh == 0 ? 1 + random.NextDouble() : Number();
        }

        var map = new ChannelMap(factors, hasOffset ? [.. Enumerable.Range(0, old).Select(_ => Number())] : null);
        PaddingModes mode = (PaddingModes)random.Next(4);
        long kernel = random.Next(1, 5);
        long padding = random.Next(0, (int)kernel);
        long stride = random.Next(1, 4);
        long dilation = random.Next(1, 3);
        bool transposed = random.Next(3) == 0;
        int space = random.Next(1, 4);
        long output = groups * random.Next(1, 4);
        ScalarType dtype = ScalarType.Float64;
        using Convolution layer = (space, transposed) switch
        {
            (1, false) => Conv1d(old, output, kernel, stride, padding, dilation, mode, groups, dtype: dtype),
            (2, false) => Conv2d(old, output, kernel, stride, padding, dilation, mode, groups, dtype: dtype),
            (3, false) => Conv3d(old, output, kernel, stride, padding, dilation, mode, groups, dtype: dtype),
            (1, true) => ConvTranspose1d(old, output, kernel, stride, padding, groups: groups, dilation: dilation, dtype: dtype),
            (2, true) => ConvTranspose2d(old, output, kernel, stride, padding, groups: groups, dilation: dilation, dtype: dtype),
            _ => ConvTranspose3d(old, output, kernel, stride, padding, groups: groups, dilation: dilation, dtype: dtype),
        };
        using Tensor image = randn([2, fresh, .. Enumerable.Repeat(11L, space)], dtype: dtype);
        using Tensor expected = layer.forward(map.Apply(image));
        ChannelModule<Tensor, Tensor> converted = layer.ToChannels(map);
        Assert.Equal((fresh, 1L), (layer.in_channels, layer.groups));
        Assert.True(Bounds.LargestDifference(expected, converted.forward(image)) < 1e-10);
        Assert.True(Bounds.LargestDifference(expected, converted.call(image)) < 1e-10);
    }

    public static TheoryData<int> Seeds => new(Enumerable.Range(0, 120));

    [Fact]
    public void A_network_that_treats_the_channels_otherwise_is_refused_and_stays()
    {
        using var net = new MaskTwiceNet();
        using Tensor image = rand(1, 4, 20, 20);
        using Tensor before = net.forward(image);
        Assert.Contains(
            "MaskTwiceNet was not converted",
            Assert.Throws<InvalidOperationException>(() => net.ToChannels(ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep()))).Message
        );
        Assert.Equal(0, Bounds.LargestDifference(before, net.forward(image)));

        // A map that is right in the image, and wrong in its order.
        using var plain = new PlainNet(4);
        ChannelMap map = ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep());
        plain.eval();
        using Tensor expected = plain.forward(image);
        ChannelModule<Tensor, Tensor> converted = plain.ToChannels(map);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(image.narrow(1, 2, 2))) > 1e-3);
    }

    [Fact]
    public void What_is_no_map_or_does_not_fit_is_refused_by_name()
    {
        Assert.Contains("2 rows", Assert.Throws<ArgumentException>(() => new ChannelMap(new double[2, 1], [1])).Message);
        Assert.Throws<ArgumentException>(() => new ChannelMap(new[,] { { double.NaN } }));
        Assert.Contains("from 0 to 2", Assert.Throws<ArgumentException>(() => ChannelMap.Choose(3, 0, 3)).Message);
        Assert.Throws<ArgumentException>(() => ChannelMap.Gray(4).Normalized(ChannelNormalization.ImageNet));
        Assert.Throws<ArgumentException>(() => ChannelMap.Gray().After(ChannelMap.Keep(2)));
        Assert.Throws<ArgumentException>(() => ChannelMap.Gray().Apply(rand(1, 2, 4, 4)));
        using var net = new PlainNet();
        Assert.Contains("Beside", Assert.Throws<ArgumentException>(() => net.ToChannels(ChannelMap.Constant())).Message);
        Assert.Contains(
            "no convolution with in_channels 6",
            Assert.Throws<InvalidOperationException>(() => net.ToChannels(ChannelMap.Gray().Repeated(2))).Message
        );
        Assert.Contains(
            "3 input channels, and the map gives 6 from 2",
            Assert
                .Throws<ArgumentException>(() => StateDictConversion.ToChannels(net.state_dict(), "conv1", ChannelMap.Gray().Repeated(2)))
                .Message
        );
        net.ToGrayscale();
        Assert.Throws<InvalidOperationException>(() => net.ToChannels(ChannelMap.Gray()));
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale().ToChannels(ChannelMap.Gray()));
    }

    [Fact]
    public void The_names_are_the_map()
    {
        using var byName = new PlainNet();
        using var byMap = new PlainNet();
        byMap.load_state_dict(byName.state_dict());
        byName.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, InputScale = 1 / 255.0 });
        byMap.ToChannels(ChannelMap.Gray().Scaled(1 / 255.0).Normalized(ChannelNormalization.ImageNet));
        Assert.True(byName.Stem.weight.Equals(byMap.Stem.weight));
        Assert.True(byName.Stem.get_buffer("normalization_kernel")!.Equals(byMap.Stem.get_buffer("normalization_kernel")!));
        Assert.Equal(ChannelMap.Gray(), new ChannelMap(new double[,] { { 1 }, { 1 }, { 1 } }));
        Assert.NotEqual(ChannelMap.Gray(2), ChannelMap.Gray());
        Assert.Equal("2 channels from 1: (1) + 0; (1) + 0", ChannelMap.Gray(2).ToString());
    }

    [Fact]
    public void A_transform_of_the_networks_own_is_folded_in()
    {
        using GoogleNet net = torchvision.models.googlenet(transform_input: true);
        net.eval();
        using Tensor image = rand(1, 4, 64, 64);
        ChannelMap map = ChannelMap.Choose(4, 3, 1, 0);
        using Tensor expected = net.forward(map.Apply(image));
        double largest = expected.abs().max().item<float>();
        Assert.True(Bounds.LargestDifference(expected, net.ToChannels(map).forward(image)) < 1e-4 * largest);
    }

    [Fact]
    public void Networks_of_two_inputs_take_a_map()
    {
        using var net = new PairNet();
        using Tensor image = rand(1, 2, 20, 20);
        using Tensor prior = rand(1, 4, 1, 1);
        ChannelMap map = ChannelMap.Gray().Repeated(2);
        using Tensor expected = net.forward(map.Apply(image), prior);
        ChannelModule<Tensor, Tensor, Tensor> converted = net.ToChannels(map, new ChannelOptions { Example = [image, prior] });
        Assert.True(Bounds.LargestDifference(expected, converted.forward(image, prior)) < 1e-5);
    }

    private static void Scramble(Module network)
    {
        using var grad = no_grad();
        foreach (Parameter parameter in network.parameters())
        {
            parameter.add_(0.5);
        }
    }

    /// <summary>The mask also weighs the features.</summary>
    private sealed class MaskTwiceNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(4, 3, 3, padding: 1);

        public MaskTwiceNet()
            : base(nameof(MaskTwiceNet)) => RegisterComponents();

        public override Tensor forward(Tensor image) => stem.call(image) * image.narrow(1, image.shape[1] - 1, 1) + image.narrow(1, 1, 1);
    }

    private sealed class PairNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(6, 4, 7, padding: 3);

        public PairNet()
            : base(nameof(PairNet)) => RegisterComponents();

        public override Tensor forward(Tensor images, Tensor prior) => stem.call(images) * prior;
    }
}
