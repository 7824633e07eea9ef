using ChannelGen.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("checkpoints-").FullName;

    public CheckpointTests() => manual_seed(9);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void TorchSharps_own_loading_broadcasts_a_wrong_shape()
    {
        using var color = new PlainNet();
        using var gray = new PlainNet(1);
        color.load_state_dict(gray.state_dict());
        Assert.Equal([8, 3, 3, 3], color.Stem.weight.shape);
    }

    [Fact]
    public void A_gray_network_loads_color_and_gray_checkpoints()
    {
        using var color = new PlainNet();
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        gray.load_state_dict(color.state_dict());
        using Tensor expected = ConvolutionWeights.SumInputChannels(color.Stem.weight);
        Assert.True(expected.Equals(net.Stem.weight));

        using var other = new PlainNet();
        other.ToGrayscale().load_state_dict(gray.state_dict());
        Assert.True(expected.Equals(other.Stem.weight));
        Assert.Equal(color.state_dict().Keys.Order(), gray.state_dict().Keys.Order());
    }

    [Fact]
    public void Files_in_TorchSharps_format_load_in_either_form()
    {
        using var color = new PlainNet();
        color.save(Path.Combine(folder, "color.dat"));
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        var loaded = new Dictionary<string, bool>();
        gray.load(Path.Combine(folder, "color.dat"), loadedParameters: loaded);
        using Tensor expected = ConvolutionWeights.SumInputChannels(color.Stem.weight);
        Assert.True(expected.Equals(net.Stem.weight));
        Assert.All(loaded.Values, Assert.True);
        Assert.Contains("bn1.running_mean", loaded.Keys);

        gray.save(Path.Combine(folder, "gray.dat"));
        using var again = new PlainNet();
        again.ToGrayscale().load(Path.Combine(folder, "gray.dat"));
        Assert.True(expected.Equals(again.Stem.weight));

        using var native = new PlainNet(1);
        native.load(Path.Combine(folder, "gray.dat"));
        Assert.True(expected.Equals(native.Stem.weight));
    }

    [Fact]
    public void A_natively_gray_network_that_takes_color_loads_both()
    {
        using var trained = new PlainNet(1);
        using var net = new PlainNet(1);
        ColorModule<Tensor, Tensor> color = net.ToColor(LumaCoefficients.Bt709);
        color.load_state_dict(trained.state_dict());
        using Tensor expected = ConvolutionWeights.SpreadInputChannels(trained.Stem.weight, LumaCoefficients.Bt709);
        Assert.True(expected.Equals(net.Stem.weight));
        color.load_state_dict(color.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone()));
        Assert.True(expected.Equals(net.Stem.weight));
    }

    [Fact]
    public void Normalization_travels_with_the_checkpoint()
    {
        var options = new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet };
        using var first = new PlainNet();
        GrayscaleModule<Tensor, Tensor> saved = first.ToGrayscale(options);
        saved.save(Path.Combine(folder, "normalized.dat"));
        using var second = new PlainNet();
        GrayscaleModule<Tensor, Tensor> loaded = second.ToGrayscale(options);
        saved.eval();
        loaded.eval();
        using Tensor image = rand(1, 1, 16, 16);
        loaded.forward(image);
        loaded.load(Path.Combine(folder, "normalized.dat"));
        Assert.True(Bounds.LargestDifference(saved.forward(image), loaded.forward(image)) < 1e-6);

        using var color = new PlainNet();
        loaded.load_state_dict(color.state_dict(), strict: false);
        color.eval();
        GrayscaleModule<Tensor, Tensor> expected = color.ToGrayscale(options);
        Assert.True(Bounds.LargestDifference(expected.forward(image), loaded.forward(image)) < 1e-5);

        using var plain = new PlainNet();
        var error = Assert.Throws<ArgumentException>(() => loaded.load_state_dict(plain.ToGrayscale().state_dict(), strict: false));
        Assert.Contains("'conv1.normalization_kernel' is missing", error.Message);
    }

    [Theory]
    [InlineData(
        "conv1.weight",
        new long[] { 8, 2, 3, 3 },
        "'conv1.weight' has shape [8, 2, 3, 3]; wanted [8, 1, 3, 3] (as the network is now) or [8, 3, 3, 3]"
    )]
    [InlineData("conv1.weight", new long[] { 1 }, "'conv1.weight' has shape [1]; wanted")]
    [InlineData("fc.weight", new long[] { 1, 8 }, "'fc.weight' has shape [1, 8]; wanted [4, 8]")]
    [InlineData("bn1.running_mean", new long[] { 1 }, "'bn1.running_mean' has shape [1]; wanted [8]")]
    public void A_wrong_shape_is_refused_and_nothing_is_loaded(string key, long[] shape, string message)
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        Dictionary<string, Tensor> before = gray.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        using var other = new PlainNet();
        Dictionary<string, Tensor> wrong = new(other.state_dict()) { [key] = ones(shape) };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => gray.load_state_dict(wrong)).Message);
        Assert.All(gray.state_dict(), entry => Assert.True(before[entry.Key].Equals(entry.Value)));
    }

    [Fact]
    public void Missing_and_unexpected_entries_are_as_strict_says()
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        using var other = new PlainNet();
        Dictionary<string, Tensor> partial = new(other.state_dict());
        partial.Remove("fc.bias");
        partial["extra"] = ones(1);
        string message = Assert.Throws<InvalidOperationException>(() => gray.load_state_dict(partial)).Message;
        Assert.Contains("The entries of the checkpoint are not those of the network: missing 'fc.bias' and unexpected 'extra'.", message);
        (IList<string> missing, IList<string> unexpected) = gray.load_state_dict(partial, strict: false);
        Assert.Equal(["fc.bias"], missing);
        Assert.Equal(["extra"], unexpected);
        using Tensor expected = ConvolutionWeights.SumInputChannels(other.Stem.weight);
        Assert.True(expected.Equals(net.Stem.weight));
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.backbone.")]
    public void Keys_with_others_in_front_are_the_networks_own(string prefix)
    {
        using var color = new PlainNet();
        Dictionary<string, Tensor> prefixed = color.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value);
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        gray.load_state_dict(prefixed);
        using Tensor expected = ConvolutionWeights.SumInputChannels(color.Stem.weight);
        Assert.True(expected.Equals(net.Stem.weight));

        // What is beside them is unexpected, and two networks in one are not told apart.
        prefixed["head.scale"] = ones(1);
        Assert.Contains(
            "not those of the network: unexpected 'head.scale'.",
            Assert.Throws<InvalidOperationException>(() => gray.load_state_dict(prefixed)).Message
        );
        Assert.Equal(["head.scale"], gray.load_state_dict(prefixed, strict: false).unexpected_keyes);
        foreach ((string key, Tensor value) in color.state_dict())
        {
            prefixed["ema." + key] = value;
        }

        var error = Assert.Throws<ArgumentException>(() => gray.load_state_dict(prefixed));
        Assert.Contains($"under '{prefix}' and under 'ema.'", error.Message);

        // In files, by the network's own name for the layer.
        string file = Path.Combine(folder, "prefixed.dat");
        StateDictFile.Write(file, color.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value));
        StateDictConversion.FileToGrayscale(file, file, "conv1");
        using var other = new PlainNet();
        var loaded = new Dictionary<string, bool>();
        other.ToGrayscale().load(file, loadedParameters: loaded);
        Assert.True(expected.Equals(other.Stem.weight));
        Assert.True(loaded["conv1.weight"]);
    }

    [Fact]
    public void A_dictionary_converted_with_a_normalization_is_that_of_the_converted_network()
    {
        using var color = new PlainNet();
        Dictionary<string, Tensor> found = StateDictConversion.ToGrayscale(
            color.state_dict(),
            "conv1",
            normalization: ChannelNormalization.ImageNet
        );
        using var net = new PlainNet();
        net.load_state_dict(color.state_dict());
        Dictionary<string, Tensor> expected = net.ToGrayscale(
                new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
            )
            .state_dict();
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        Assert.All(expected, entry => Assert.True(entry.Value.Equals(found[entry.Key]), entry.Key));
        Assert.Throws<ArgumentException>(() =>
            StateDictConversion.ToGrayscale(color.state_dict(), "conv1", normalization: new ChannelNormalization([0.1, 0.2], [1, 1]))
        );
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("backbone.encoder.")]
    public void What_stands_before_the_keys_stands_before_what_is_added(string prefix)
    {
        using var color = new PlainNet();
        Dictionary<string, Tensor> prefixed = color.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value);
        ChannelNormalization normalization = ChannelNormalization.ImageNet;
        ChannelMap map = ChannelMap.Gray().Normalized(normalization);
        Dictionary<string, Tensor> gray = StateDictConversion.ToGrayscale(prefixed, "conv1", normalization: normalization);
        Dictionary<string, Tensor> mapped = StateDictConversion.ToChannels(prefixed, "conv1", map);
        Assert.Contains($"{prefix}conv1.channel_map", mapped.Keys);
        Assert.All(gray.Keys.Concat(mapped.Keys), key => Assert.StartsWith(prefix, key));

        using Tensor image = rand(2, 1, 16, 16);
        using Tensor normalized = ((image.expand(-1, 3, -1, -1) - tensor(normalization.Mean.ToArray(), [3, 1, 1]))
            / tensor(normalization.Std.ToArray(), [3, 1, 1])).to(ScalarType.Float32);
        color.eval();
        using Tensor expected = color.forward(normalized);
        using var one = new PlainNet();
        using var other = new PlainNet();
        one.eval();
        other.eval();
        GrayscaleModule<Tensor, Tensor> asGray = one.ToGrayscale(new GrayscaleOptions { Normalization = normalization });
        ChannelModule<Tensor, Tensor> asMapped = other.ToChannels(map);
        asGray.load_state_dict(gray);
        asMapped.load_state_dict(mapped);
        Assert.InRange(Bounds.LargestDifference(expected, asGray.call(image)), 0, 1e-5);
        Assert.InRange(Bounds.LargestDifference(expected, asMapped.call(image)), 0, 1e-5);
    }

    [Fact]
    public void A_normalization_is_not_dropped_when_a_state_dict_becomes_color()
    {
        using var normalized = new PlainNet();
        Dictionary<string, Tensor> refused = normalized
            .ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })
            .state_dict();
        Assert.Contains(
            "'conv1.normalization_kernel'",
            Assert.Throws<ArgumentException>(() => StateDictConversion.ToColor(refused, "conv1", LumaCoefficients.Bt709)).Message
        );
    }

    [Fact]
    public void A_file_that_is_cut_short_anywhere_is_refused_and_nothing_is_loaded()
    {
        using Sequential color = Sequential(("conv", Conv2d(3, 2, 3)));
        string whole = Path.Combine(folder, "whole.dat");
        color.save(whole);
        byte[] bytes = File.ReadAllBytes(whole);
        using Sequential net = Sequential(("conv", Conv2d(3, 2, 3)));
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        using Tensor before = ((Conv2d)net.named_children().Single().module).weight.detach().clone();
        long tensors = Bounds.LiveTensors();
        for (int length = 0; length < bytes.Length; length += 3)
        {
            string cut = Path.Combine(folder, "cut.dat");
            File.WriteAllBytes(cut, bytes[..length]);
            Assert.Throws<InvalidDataException>(() => gray.load(cut));
            Assert.Throws<InvalidDataException>(() => StateDictFile.Read(cut));
        }

        Assert.Equal(tensors, Bounds.LiveTensors());
        Assert.True(before.Equals(((Conv2d)net.named_children().Single().module).weight));
    }

    [Theory]
    [InlineData("PK\u0003\u0004 a zip file, such as PyTorch writes")]
    [InlineData("{\"__metadata__\":{}}")]
    [InlineData("\u0001\u0003abc\u0063\u0001\u0001")]
    public void A_foreign_file_is_refused(string content)
    {
        string path = Path.Combine(folder, "foreign.dat");
        File.WriteAllText(path, content);
        using var net = new PlainNet();
        Assert.Throws<InvalidDataException>(() => net.ToGrayscale().load(path));
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => StateDictFile.Read(path)).Message);
        Assert.Throws<FileNotFoundException>(() => net.ToGrayscale().load(Path.Combine(folder, "none.dat")));
    }

    [Fact]
    public void NaN_in_a_checkpoint_is_passed_on()
    {
        using var color = new PlainNet();
        using (no_grad())
        {
            color.Stem.weight[1, 2, 0, 0] = float.NaN;
        }

        using var net = new PlainNet();
        net.ToGrayscale().load_state_dict(color.state_dict());
        Assert.True(net.Stem.weight[1, 0, 0, 0].isnan().item<bool>());
    }

    [Fact]
    public void Files_are_converted_to_files_both_ways()
    {
        using var color = new PlainNet();
        string source = Path.Combine(folder, "color.dat");
        string target = Path.Combine(folder, "gray.dat");
        color.save(source);
        StateDictConversion.FileToGrayscale(source, target, "conv1");
        using var native = new PlainNet(1);
        native.load(target);
        using Tensor expected = ConvolutionWeights.SumInputChannels(color.Stem.weight);
        Assert.True(expected.Equals(native.Stem.weight));

        StateDictConversion.FileToColor(target, target, "conv1", LumaCoefficients.Bt601);
        using var back = new PlainNet();
        back.load(target);
        using Tensor spread = ConvolutionWeights.SpreadInputChannels(expected, LumaCoefficients.Bt601);
        Assert.True(spread.Equals(back.Stem.weight));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void A_conversion_of_a_file_that_fails_leaves_the_target_as_it_was()
    {
        using var color = new PlainNet();
        string source = Path.Combine(folder, "color.dat");
        string target = Path.Combine(folder, "target.dat");
        color.save(source);
        File.WriteAllText(target, "precious");
        Assert.Contains(
            "has no 'conv9.weight'. Its first kernels: 'conv1.weight'",
            Assert.Throws<ArgumentException>(() => StateDictConversion.FileToGrayscale(source, target, "conv9")).Message
        );
        Assert.Throws<ArgumentException>(() => StateDictConversion.FileToGrayscale(source, target, "fc"));
        Assert.Throws<ArgumentException>(() => StateDictConversion.FileToColor(source, target, "conv1", LumaCoefficients.Bt601));
        Assert.Equal("precious", File.ReadAllText(target));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }
}
