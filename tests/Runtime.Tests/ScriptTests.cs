using ChannelGen.Runtime.Tests.Files;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Script = TorchSharp.torch.jit.ScriptModule<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace ChannelGen.Runtime.Tests;

public sealed class ScriptTests : IDisposable
{
    private const string Forward = """
        y = torch.relu(torch.conv2d(x, self.conv1.weight, self.conv1.bias, [2, 2], [1, 1], [1, 1], 1))
        z = torch.conv2d(y, getattr(self.features, "0").weight, None, [1, 1], [1, 1], [1, 1], 1)
        return torch.mul(torch.mean(z, [2, 3]), self.scale)
        """;

    private const string Convolve = "y = torch.conv2d(x, self.conv1.weight, self.conv1.bias, [1, 1], [1, 1], [1, 1], 1)\n";

    private readonly string folder = Directory.CreateTempSubdirectory("script-").FullName;

    public ScriptTests() => manual_seed(5);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_script_takes_one_channel_and_answers_as_for_three()
    {
        using Script script = Load(Save(3));
        Parameter weight = Weight(script);
        using Tensor image = rand(2, 1, 24, 20);
        using Tensor expected = script.forward(image.expand(-1, 3, -1, -1));
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        Close(expected, gray.forward(image));
        Close(expected, gray.call(image));
        Close(expected, script.forward(image));
        Assert.Equal(["conv1"], gray.Conversion.Layers);
        Assert.True(gray.Conversion.WasVerified);
        Assert.Same(weight, Weight(script));
        Assert.True(weight.requires_grad);
        Assert.Equal([6, 1, 3, 3], weight.shape);
        Assert.Same(gray, script.ToGrayscale());
        Assert.Same(gray, gray.ToGrayscale());
        Assert.Contains("wanted [N, 1, H, W]", Assert.Throws<ArgumentException>(() => gray.forward(rand(2, 3, 24, 20))).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Scripts_of_other_dimensions_and_answers_are_converted(int space)
    {
        string path = Path.Combine(folder, "other.pt");
        string ones = string.Join(", ", Enumerable.Repeat("1", space));
        TorchFile.SaveScript(
            path,
            $"y = torch.conv{space}d(x, getattr(self.stem, \"0\").weight, None, [{ones}], [{ones}], [{ones}], 1)\n"
                + "return (torch.relu(y), torch.sum(y, [1]))",
            [("stem.0.weight", randn([5, 3, .. Enumerable.Repeat(3L, space)], requires_grad: true))],
            "Tuple[Tensor, Tensor]"
        );
        using var script = jit.load<Tensor, (Tensor, Tensor)>(path);
        using Tensor image = rand([1, 1, .. Enumerable.Repeat(16L, space)]);
        (Tensor first, Tensor second) = script.forward(cat([image, image, image], 1));
        GrayscaleModule<Tensor, (Tensor, Tensor)> gray = script.ToGrayscale();
        Assert.Equal(["stem.0"], gray.Conversion.Layers);
        (Tensor one, Tensor other) = gray.forward(image);
        Close(first, one);
        Close(second, other);
    }

    [Fact]
    public void A_converted_script_is_saved_and_loaded_as_a_gray_one()
    {
        using Script script = Load(Save(3));
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        using Tensor image = rand(1, 1, 24, 24);
        string path = Path.Combine(folder, "gray.pt");
        jit.save(script, path);
        using Script loaded = Load(path);
        Close(gray.forward(image), loaded.forward(image));
        Assert.Contains(
            "no convolution with in_channels 3. Its convolutions: 'conv1' (in_channels 1)",
            Assert.Throws<InvalidOperationException>(() => loaded.ToGrayscale()).Message
        );

        // And back to color, there.
        ColorModule<Tensor, Tensor> color = loaded.ToColor(LumaCoefficients.Average);
        Close(gray.forward(image), color.forward(image.expand(-1, 3, -1, -1)));
        Assert.Equal([6, 3, 3, 3], Weight(loaded).shape);
        color.ToGrayscale();
        Close(gray.forward(image), loaded.forward(image));
    }

    [Fact]
    public void The_way_back_is_exact_with_kept_kernels_and_by_luma_without()
    {
        using Script script = Load(Save(3));
        using Tensor before = Weight(script).detach().clone();
        using Tensor image = rand(1, 3, 24, 24);
        using Tensor expected = script.forward(image);
        Module<Tensor, Tensor> color = script.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }).RestoreColor();
        Assert.True(before.Equals(Weight(script)));
        Assert.True(expected.Equals(color.forward(image)));
        Assert.True(expected.Equals(script.forward(image)));

        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        using Tensor answer = gray.forward(image.narrow(1, 0, 1));
        gray.ToColor(LumaCoefficients.Bt709);
        Close(answer, script.forward(image.narrow(1, 0, 1).expand(-1, 3, -1, -1)));
    }

    [Fact]
    public void Checkpoints_of_both_forms_load()
    {
        using Script color = Load(Save(3));
        using Script script = Load(Save(3));
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        gray.load_state_dict(color.state_dict());
        using Tensor expected = ConvolutionWeights.SumInputChannels(Weight(color));
        Assert.True(expected.Equals(Weight(script)));

        string file = Path.Combine(folder, "gray.dat");
        gray.save(file);
        using Script other = Load(Save(3));
        GrayscaleModule<Tensor, Tensor> loaded = other.ToGrayscale();
        loaded.load(file);
        using Tensor image = rand(1, 1, 16, 16);
        Assert.True(gray.forward(image).Equals(loaded.forward(image)));
        Assert.Equal(["conv1.bias", "conv1.weight", "features.0.weight", "scale"], gray.state_dict().Keys.Order());
        Dictionary<string, Tensor> wrong = new(color.state_dict()) { ["conv1.weight"] = ones(6, 2, 3, 3) };
        Assert.Contains("[6, 2, 3, 3]; wanted [6, 1, 3, 3]", Assert.Throws<ArgumentException>(() => gray.load_state_dict(wrong)).Message);
    }

    [Fact]
    public void A_normalization_is_an_input_channel_of_ones_and_exact_at_the_border()
    {
        var options = new GrayscaleOptions
        {
            Normalization = ChannelNormalization.ImageNet,
            InputScale = 1 / 255.0,
            KeepColorWeights = true,
        };
        using Script script = Load(Save(3, Forward.Replace("torch.mean(z, [2, 3])", "z")));
        using Tensor before = Weight(script).detach().clone();
        using Tensor image = (rand(2, 1, 20, 24) * 255).round();
        using Tensor mean = tensor([0.485f, 0.456f, 0.406f]).view(1, 3, 1, 1);
        using Tensor std = tensor([0.229f, 0.224f, 0.225f]).view(1, 3, 1, 1);
        using Tensor expected = script.forward(((image / 255).expand(-1, 3, -1, -1) - mean) / std);
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale(options);
        Assert.True(Bounds.LargestDifference(expected, gray.forward(image)) < 1e-4 * expected.abs().max().item<float>());
        Assert.Equal([6, 2, 3, 3], Weight(script).shape);
        Assert.Equal(1, gray.Conversion.InChannels);

        // The script by itself, and from its file, takes the ones from its caller.
        string path = Path.Combine(folder, "normalized.pt");
        jit.save(script, path);
        using Script loaded = Load(path);
        Close(gray.forward(image), loaded.forward(cat([image, ones_like(image)], 1)));

        // Its checkpoints are told from others by their shape, and a color one is converted.
        using Script another = Load(Save(3));
        using Script third = Load(Save(3));
        GrayscaleModule<Tensor, Tensor> normalized = another.ToGrayscale(options);
        normalized.load_state_dict(third.state_dict(), strict: false);
        using Tensor converted = Weight(another).detach().clone();
        Close(converted, Weight(Converted(third, options)));
        Assert.Throws<ArgumentException>(() => Load(Save(3)).ToGrayscale().load_state_dict(normalized.state_dict(), strict: false));
        Assert.Contains("conv1.input_scale", normalized.state_dict().Keys);

        Assert.Throws<InvalidOperationException>(() => gray.ToColor(LumaCoefficients.Bt601));
        gray.RestoreColor();
        Assert.True(before.Equals(Weight(script)));
        Assert.Equal([2, 4, 10, 12], script.forward(rand(2, 3, 20, 24)).shape);
    }

    [Fact]
    public void A_gray_script_with_a_normalization_becomes_a_color_one()
    {
        var options = new ColorOptions { Normalization = ChannelNormalization.ImageNet, GrayNormalization = new([0.5], [0.25]) };
        using Script script = Load(Save(1, Forward.Replace("torch.mean(z, [2, 3])", "z")));
        using Tensor pixels = rand(1, 3, 20, 20);
        using Tensor luma = (tensor([0.2126f, 0.7152f, 0.0722f]).view(1, 3, 1, 1) * pixels).sum(1, keepdim: true);
        using Tensor expected = script.forward((luma - 0.5) / 0.25);
        ColorModule<Tensor, Tensor> color = script.ToColor(LumaCoefficients.Bt709, options);
        using Tensor mean = tensor([0.485f, 0.456f, 0.406f]).view(1, 3, 1, 1);
        using Tensor std = tensor([0.229f, 0.224f, 0.225f]).view(1, 3, 1, 1);
        Assert.True(Bounds.LargestDifference(expected, color.forward((pixels - mean) / std)) < 1e-4);
        Assert.Equal(3, color.Conversion.InChannels);
        Assert.Throws<InvalidOperationException>(() => color.ToGrayscale());
    }

    [Theory]
    [InlineData("return torch.add(torch.mean(y, [1]), torch.sum(x, [1]))")]
    [InlineData("return torch.mul(torch.mean(y, [1, 2, 3]), torch.mean(torch.select(x, 1, 2)))")]
    public void An_image_that_reaches_something_else_is_refused_and_the_script_is_as_it_was(string answer)
    {
        using Script script = Load(Save(3, Convolve + answer));
        using Tensor before = Weight(script).detach().clone();
        using Tensor image = rand(1, 3, 16, 16);
        using Tensor expected = script.forward(image);
        string message = Assert.Throws<InvalidOperationException>(() => script.ToGrayscale()).Message;
        Assert.Contains("was not converted", message);
        Assert.DoesNotContain("The following operation failed in the TorchScript interpreter", message);
        Assert.True(before.Equals(Weight(script)));
        Assert.True(expected.Equals(script.forward(image)));
    }

    [Theory]
    [InlineData("conv1")]
    [InlineData("aux")]
    public void Of_several_kernels_that_fit_one_has_to_be_named(string name)
    {
        string path = Path.Combine(folder, "two.pt");
        TorchFile.SaveScript(
            path,
            $"return torch.relu(torch.conv2d(x, self.{name}.weight, None, [1, 1], [0, 0], [1, 1], 1))",
            [("aux.weight", randn(4, 3, 3, 3, requires_grad: true)), ("conv1.weight", randn(4, 3, 3, 3, requires_grad: true))]
        );
        using Script script = Load(path);
        Assert.Contains("('aux', 'conv1')", Assert.Throws<InvalidOperationException>(() => script.ToGrayscale()).Message);
        string wrong = name == "aux" ? "conv1" : "aux";
        Assert.Throws<InvalidOperationException>(() => script.ToGrayscale(new GrayscaleOptions { Layer = wrong }));
        using Tensor image = rand(1, 1, 16, 16);
        using Tensor expected = script.forward(image.expand(-1, 3, -1, -1));
        Close(expected, script.ToGrayscale(new GrayscaleOptions { Layer = name }).forward(image));
        var missing = Assert.Throws<ArgumentException>(() => Load(path).ToGrayscale(new GrayscaleOptions { Layer = "conv7" }));
        Assert.Contains("has no layer 'conv7'", missing.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_frozen_script_is_refused_by_name(bool keepsAScale)
    {
        string path = Path.Combine(folder, "frozen.pt");
        TorchFile.SaveScript(
            path,
            "return torch.conv2d(x, CONSTANTS.c0, None, [1, 1], [0, 0], [1, 1], 1)",
            keepsAScale ? [("scale", ones(1, requires_grad: true))] : [],
            "Tensor",
            randn(4, 3, 3, 3)
        );
        using Script script = Load(path);
        Assert.Equal([1, 4, 14, 14], script.forward(rand(1, 3, 16, 16)).shape);
        Assert.Contains("A frozen module (torch.jit.freeze", Assert.Throws<InvalidOperationException>(() => script.ToGrayscale()).Message);
        Assert.Contains(
            "A frozen module (torch.jit.freeze",
            Assert.Throws<InvalidOperationException>(() => script.ToColor(LumaCoefficients.Bt601)).Message
        );
    }

    [Theory]
    [InlineData(typeof(ExportedProgram), ".pt2")]
    [InlineData(typeof(jit.ScriptModule), "torch.jit.load<Tensor, Tensor>(path)")]
    public void What_cannot_be_converted_is_refused_by_the_compiler(Type type, string message)
    {
        var method = typeof(ChannelConversions).GetMethod("ToGrayscale", [type, typeof(GrayscaleOptions)])!;
        var refusal = (ObsoleteAttribute)method.GetCustomAttributes(typeof(ObsoleteAttribute), false).Single();
        Assert.True(refusal.IsError);
        Assert.Contains(message, refusal.Message);
    }

    [Theory]
    [InlineData("torch.argmax(y, 1)")]
    [InlineData("torch.gt(y, 0.)")]
    public void Answers_of_whole_numbers_tell_too_little(string answer)
    {
        using Script script = Load(Save(3, Convolve + $"return {answer}"));
        Assert.Contains("whole numbers alone", Assert.Throws<InvalidOperationException>(() => script.ToGrayscale()).Message);
        Assert.Equal([6, 3, 3, 3], Weight(script).shape);
        Assert.False(script.ToGrayscale(new GrayscaleOptions { Probe = false }).Conversion.WasVerified);
    }

    [Theory]
    [InlineData("torch.sum(x, [1], True)", true)]
    [InlineData("torch.slice(x, 1, 0, 1)", false)]
    public void A_closed_gate_is_opened_for_the_check(string past, bool isRefused)
    {
        string path = Path.Combine(folder, "gate.pt");
        TorchFile.SaveScript(
            path,
            $"y = torch.conv2d(x, self.stem.weight, None, [1, 1], [1, 1], [1, 1], 1)\nreturn torch.add(y, torch.mul({past}, self.gate))",
            [("stem.weight", randn(6, 3, 3, 3, requires_grad: true)), ("gate", zeros(1, requires_grad: true))]
        );
        using Script script = Load(path);
        Assert.Equal(isRefused, Record.Exception(() => script.ToGrayscale()) is InvalidOperationException);
        Assert.Equal(0, script.named_parameters().Single(named => named.name == "gate").parameter.item<float>());
    }

    [Theory]
    [InlineData("self.scale = torch.add(self.scale, 1.)")]
    [InlineData("y = torch.add_(self.scale, 1.)")]
    public void What_a_script_keeps_survives_the_check(string statement)
    {
        using Script script = Load(Save(3, statement + "\n" + Forward));
        script.train();
        script.named_modules().Single(named => named.name == "features").module.eval();
        Assert.False(script.named_modules().Single(named => named.name == "features").module.training);
        Tensor random = get_rng_state();
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        Assert.True(random.Equals(get_rng_state()));
        Assert.True(script.training);
        Assert.True(gray.training);
        Assert.False(script.named_modules().Single(named => named.name == "features").module.training);
        Assert.Equal(2.5f, script.named_attributes(false).Single(attribute => attribute.name == "scale").buffer.item<float>());
    }

    [Fact]
    public void A_script_that_keeps_its_image_from_the_first_run_on_is_refused()
    {
        string path = Path.Combine(folder, "keeps.pt");
        TorchFile.SaveScript(
            path,
            "self.last = x\n" + Forward,
            [
                ("conv1.weight", randn(6, 3, 3, 3, requires_grad: true)),
                ("conv1.bias", randn(6, requires_grad: true)),
                ("features.0.weight", randn(4, 6, 3, 3, requires_grad: true)),
                ("scale", ones(1)),
                ("last", null),
            ]
        );
        using Script script = Load(path);
        Assert.Contains("keeps a tensor 'last'", Assert.Throws<InvalidOperationException>(() => script.ToGrayscale()).Message);
        using Script fresh = Load(path);
        using Tensor image = rand(1, 1, 16, 16);
        using Tensor expected = fresh.forward(image.expand(-1, 3, -1, -1));
        GrayscaleModule<Tensor, Tensor> gray = fresh.ToGrayscale(new GrayscaleOptions { Probe = false });
        Assert.False(gray.Conversion.WasVerified);
        Close(expected, gray.forward(image));
    }

    [Fact]
    public void A_converted_script_moves_trains_and_is_disposed()
    {
        Script script = Load(Save(3));
        GrayscaleModule<Tensor, Tensor> gray = script.ToGrayscale();
        using Tensor image = rand(1, 1, 16, 16);
        using Tensor expected = gray.forward(image).to(ScalarType.Float64);
        gray.to(ScalarType.Float64);
        Close(expected, gray.forward(image.to(ScalarType.Float64)));
        gray.forward(image.to(ScalarType.Float64)).sum().backward();
        Assert.Equal([6, 1, 3, 3], Weight(script).grad!.shape);
        gray.zero_grad();
        Assert.Null(Weight(script).grad);
        gray.Dispose();
        Assert.Throws<ObjectDisposedException>(() => script.forward(image));
    }

    [Fact]
    public void Hooks_of_the_user_take_part_in_the_check()
    {
        using Script script = Load(Save(3));
        using Tensor means = tensor([0.1f, 0.2f, 0.3f]).view(1, 3, 1, 1);
        script.register_forward_pre_hook((_, image) => image - means);
        Assert.Throws<InvalidOperationException>(() => script.ToGrayscale());
        Assert.Equal([6, 3, 3, 3], Weight(script).shape);
    }

    private static Script Converted(Script script, GrayscaleOptions options)
    {
        script.ToGrayscale(options);
        return script;
    }

    /// <summary>A file of torch.jit.save: two convolutions, and a buffer.</summary>
    private string Save(long channels, string forward = Forward, string name = "net.pt")
    {
        string path = Path.Combine(folder, name);
        TorchFile.SaveScript(
            path,
            forward,
            [
                ("conv1.weight", randn(6, channels, 3, 3, requires_grad: true)),
                ("conv1.bias", randn(6, requires_grad: true)),
                ("features.0.weight", randn(4, 6, 3, 3, requires_grad: true)),
                ("scale", tensor(2.5f)),
            ]
        );
        return path;
    }

    private static Script Load(string path) => jit.load<Tensor, Tensor>(path);

    private static Parameter Weight(Script script) => script.named_parameters().Single(named => named.name == "conv1.weight").parameter;

    private static void Close(Tensor expected, Tensor found) => Assert.True(Bounds.LargestDifference(expected, found) < 1e-5);
}
