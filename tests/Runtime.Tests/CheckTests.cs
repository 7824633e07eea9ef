using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>The check before a conversion is kept sees what is wrong in every kind of answer, and lets pass what is right.</summary>
public class CheckTests
{
    public CheckTests() => manual_seed(1);

    public static TheoryData<string> Kinds => new(Answer.Kinds);

    public static TheoryData<string, string> Leaks
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string kind in Answer.Kinds)
            {
                foreach (string leak in new[] { "sum", "normalize", "pad" })
                {
                    all.Add(kind, leak);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Leaks))]
    public void An_image_that_reaches_something_else_is_refused_whatever_the_answer_is(string kind, string leak)
    {
        using var net = new LeakNet(kind, leak);
        GrayscaleOptions options = new() { Normalization = leak == "pad" ? ChannelNormalization.ImageNet : null };
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale(options));
        Assert.Contains("LeakNet was not converted", error.Message);
        Assert.Equal([4, 3, 3, 3], net.Stem.weight.shape);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_network_that_gives_the_image_to_its_stem_alone_is_converted_whatever_the_answer_is(string kind)
    {
        using var net = new LeakNet(kind, "none");
        Dictionary<string, Tensor> before = net.state_dict()
            .Where(entry => entry.Key != "stem.weight")
            .ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        using Tensor sum = net.Stem.weight.detach().to(ScalarType.Float64).sum(1, keepdim: true);
        Assert.True(net.ToGrayscale().Conversion.WasVerified);
        Assert.Equal(kind == "NaN weight" ? 1 : 0, net.Stem.weight.isnan().sum().item<long>());
        Assert.True(Bounds.LargestDifference(sum.nan_to_num(), net.Stem.weight.nan_to_num()) < 0.02);
        foreach ((string key, Tensor value) in before)
        {
            Assert.Equal(0, Bounds.LargestDifference(value, net.state_dict()[key]));
        }
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("NaN")]
    [InlineData("nothing")]
    [InlineData("constant")]
    public void An_answer_with_nothing_to_compare_is_refused_with_the_way_out(string kind)
    {
        using var net = new LeakNet(kind, "none");
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("nothing to compare", message);
        Assert.Contains("Probe = false", message);
        Assert.Contains("Example", message);
        ChannelConversion conversion = net.ToGrayscale(new GrayscaleOptions { Probe = false }).Conversion;
        Assert.False(conversion.WasVerified);
        Assert.Equal([4, 1, 3, 3], net.Stem.weight.shape);
    }

    [Theory]
    [InlineData("relu")]
    [InlineData("clamp")]
    public void What_ordinary_values_pass_unchanged_is_seen_with_negative_and_large_ones(string kind)
    {
        // To color: the luma of what is clamped is not what is clamped of the luma.
        using var net = new ClampNet(kind);
        Assert.Contains(
            "ClampNet was not converted",
            Assert.Throws<InvalidOperationException>(() => net.ToColor(LumaCoefficients.Bt601)).Message
        );
        Assert.Equal([4, 1, 3, 3], net.Stem.weight.shape);
    }

    [Fact]
    public void A_threshold_beyond_ordinary_values_is_seen()
    {
        using var net = new ThresholdNet();
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(240)]
    [InlineData(300)]
    [InlineData(336)]
    [InlineData(416)]
    [InlineData(448)]
    [InlineData(518)]
    [InlineData(640)]
    [InlineData(1024)]
    [InlineData(75)]
    public void A_network_of_one_size_is_run_at_it(long side)
    {
        using Sequential net = Sequential(
            ("conv", Conv2d(3, 2, 8, stride: 8)),
            ("flatten", Flatten()),
            ("fc", Linear(2 * (side / 8) * (side / 8), 3))
        );
        Assert.True(net.ToGrayscale().Conversion.WasVerified);
        using Tensor gray = rand(1, 1, side, side);
        using var fixedSize = new PositionNet(side);
        Assert.Equal(side != 75, Converts(() => fixedSize.ToGrayscale()));
    }

    [Fact]
    public void A_network_that_could_not_be_run_is_refused_with_the_reason_and_the_way_out()
    {
        using var net = new PositionNet(75);
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("PositionNet was not converted", message);
        Assert.Contains("could not be run", message);
        Assert.Contains("ImageShape", message);
        Assert.Contains("Probe = false", message);
        Assert.True(net.ToGrayscale(new GrayscaleOptions { ImageShape = [1, 1, 75, 75] }).Conversion.WasVerified);
    }

    [Theory]
    [InlineData("vector")]
    [InlineData("column")]
    [InlineData("classes")]
    [InlineData("features")]
    [InlineData("image")]
    public void The_other_inputs_are_fed(string kind)
    {
        using var net = new ConditionedNet(kind, leaks: false);
        Assert.True(net.ToGrayscale().Conversion.WasVerified);
        using var normalized = new ConditionedNet(kind, leaks: false);
        Assert.True(normalized.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }).Conversion.WasVerified);
        using var leaking = new ConditionedNet(kind, leaks: true);
        Assert.Contains("was not converted", Assert.Throws<InvalidOperationException>(() => leaking.ToGrayscale()).Message);
    }

    [Fact]
    public void A_layer_run_with_forward_lacks_the_constant_and_is_refused_in_a_network_of_two_inputs()
    {
        using var net = new AgedNet();
        Assert.Throws<InvalidOperationException>(() =>
            net.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })
        );
        using var plain = new AgedNet();
        Assert.True(plain.ToGrayscale().Conversion.WasVerified);
    }

    [Fact]
    public void An_example_is_what_it_is_checked_on()
    {
        using var net = new PickyNet();
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("Example", message);
        Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { Example = [rand(1, 1, 8, 8)] }));
        Assert.Contains(
            "Example",
            Assert
                .Throws<InvalidOperationException>(() => net.ToGrayscale(new GrayscaleOptions { Example = [rand(1, 1, 8, 8), "?"] }))
                .Message
        );
        using Tensor gray = rand(1, 1, 8, 8);
        using Tensor expected = net.forward(Bounds.Stack(gray), "seven");
        GrayscaleModule<Tensor, string, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { Example = [gray, "seven"] });
        Assert.True(converted.Conversion.WasVerified);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray, "seven")) < 1e-5);
    }

    [Fact]
    public void Channels_last_networks_are_converted_and_take_channels_last()
    {
        using var net = new ChannelsLastNet();
        using Tensor gray = rand(2, 20, 24, 1);
        using Tensor expected = net.forward(Bounds.Stack(gray, dim: 3));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        Assert.Contains("wanted [N, H, W, 1]", Assert.Throws<ArgumentException>(() => converted.forward(rand(2, 20, 24, 3))).Message);
        using var second = new ChannelsLastNet();
        Assert.True(second.ToGrayscale(new GrayscaleOptions { Example = [gray] }).Conversion.WasVerified);
    }

    [Fact]
    public void The_image_that_is_not_the_first_input_is_named()
    {
        using var net = new TokensNet();
        using Tensor tokens = arange(8, ScalarType.Int64).unsqueeze(0);
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(tokens, Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { Image = "picture" });
        Assert.True(converted.Conversion.WasVerified);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(tokens, gray)) < 1e-5);
        Assert.Throws<ArgumentException>(() => converted.forward(tokens, rand(1, 3, 20, 20)));
        using var other = new TokensNet();
        Assert.Contains(
            "'tokens', 'picture'",
            Assert.Throws<ArgumentException>(() => other.ToGrayscale(new GrayscaleOptions { Image = "foto" })).Message
        );
    }

    [Theory]
    [InlineData("size")]
    [InlineData("training")]
    [InlineData("resolutions")]
    public void Every_path_of_the_network_is_converted(string kind)
    {
        using var net = new PathsNet(kind);
        net.eval();
        Tensor[] images = [rand(1, 1, 20, 20), rand(1, 1, 80, 80), rand(1, 1, 256, 256)];
        Tensor[] expected = [.. images.Select(image => net.forward(Bounds.Stack(image)))];
        net.train();
        Tensor inTraining = net.forward(Bounds.Stack(images[0]));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(inTraining, converted.forward(images[0])) < 1e-5);
        net.eval();
        Assert.All(images.Zip(expected), pair => Assert.True(Bounds.LargestDifference(pair.Second, converted.forward(pair.First)) < 1e-5));
    }

    [Fact]
    public void A_candidate_that_never_ran_is_refused_until_the_layers_are_named()
    {
        using var net = new PathsNet("never");
        string message = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message;
        Assert.Contains("'large'", message);
        Assert.Contains("Layers", message);
        Assert.Equal(["small"], net.ToGrayscale(new GrayscaleOptions { Layers = ["small"] }).Conversion.Layers);
    }

    [Fact]
    public void Both_images_of_a_network_of_two_are_not_mistaken_for_one()
    {
        using var net = new TwoImagesNet();
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor color = rand(1, 3, 20, 20);
        using Tensor expected = net.forward(Bounds.Stack(gray), color);
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale();
        Assert.Equal(["a"], converted.Conversion.Layers);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray, color)) < 1e-5);
    }

    [Theory]
    [InlineData("stem")]
    [InlineData("network")]
    public void A_users_hook_that_tells_channels_apart_is_seen(string where)
    {
        using var net = new PlainNet();
        using Tensor mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1);
        if (where == "stem")
        {
            net.Stem.register_forward_pre_hook((_, image) => image - mean);
        }
        else
        {
            net.register_forward_pre_hook((_, image) => image - mean);
        }

        using Tensor color = rand(1, 3, 20, 20);
        net.eval();
        using Tensor before = net.call(color);
        Assert.Contains("not converted", Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message);
        Assert.Equal(0, Bounds.LargestDifference(before, net.call(color)));
    }

    [Fact]
    public void A_weight_that_a_hook_computes_is_refused_and_stays_whole()
    {
        using var net = new PlainNet();
        using Tensor direction = rand(8, 3, 3, 3);
        net.Stem.register_forward_pre_hook(
            (layer, image) =>
            {
                ((Conv2d)layer).weight = new Parameter(direction / direction.norm());
                return image;
            }
        );
        using Tensor color = rand(1, 3, 20, 20);
        net.eval();
        using Tensor before = net.call(color);
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Equal(0, Bounds.LargestDifference(before, net.call(color)));
    }

    [Fact]
    public void A_hook_that_treats_channels_alike_stays_on()
    {
        using var net = new PlainNet();
        net.eval();
        net.Stem.register_forward_pre_hook((_, image) => image * 0.5);
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.call(Bounds.Stack(gray));
        Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale().call(gray)) < 1e-5);
    }

    [Fact]
    public void A_wrong_layers_message_lists_kernels_of_three_channels_first()
    {
        using Sequential net = Sequential([
            .. Enumerable.Range(0, 12).Select(index => ($"wide{index}", (Module<Tensor, Tensor>)Conv2d(4, 4, 1))),
            ("stem", Conv2d(3, 4, 1)),
        ]);
        Assert.Contains(
            "Its convolutions: 'stem' (in_channels 3), 'wide0'",
            Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { Layer = "head" })).Message
        );
        Assert.Contains(
            "Its first kernels: 'stem.weight', 'wide0.weight'",
            Assert.Throws<ArgumentException>(() => Checkpoints.StateDictConversion.ToGrayscale(net.state_dict(), "head")).Message
        );
    }

    [Theory]
    [InlineData("in place")]
    [InlineData("beside")]
    [InlineData("before the last")]
    [InlineData("above a threshold")]
    [InlineData("below zero")]
    [InlineData("in a block")]
    [InlineData("into a hooked layer")]
    public void A_leak_between_layers_that_need_not_run_again_is_seen(string where)
    {
        using var net = new DeepNet(where);
        Assert.Contains("not converted", Assert.Throws<InvalidOperationException>(() => net.ToGrayscale()).Message);
        Assert.Contains(
            "not converted",
            Assert
                .Throws<InvalidOperationException>(() => net.ToGrayscale(new GrayscaleOptions { Example = [randn(1, 1, 20, 20) * 200] }))
                .Message
        );
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("writes to what layers give")]
    [InlineData("catches a failure")]
    public void Deep_networks_are_converted_and_left_whole(string where)
    {
        using var net = new DeepNet(where);
        using Tensor gray = rand(2, 1, 20, 20);
        using Tensor expected = net.call(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(converted.Conversion.WasVerified);
        Assert.True(Bounds.LargestDifference(expected, converted.call(gray)) < 1e-5);
    }

    [Fact]
    public void The_small_weights_of_a_large_layer_are_no_gate()
    {
        using Sequential net = Sequential(("conv", Conv2d(3, 16, 1)), ("flatten", Flatten()), ("fc", Linear(16 * 64 * 64, 4)));
        using Tensor before = ((TorchSharp.Modules.Linear)net[2]).weight.detach().clone();
        Assert.True(before.abs().max().item<float>() < 0.011);
        Assert.True(net.ToGrayscale().Conversion.WasVerified);
        Assert.Equal(0, Bounds.LargestDifference(before, ((TorchSharp.Modules.Linear)net[2]).weight));
    }

    private static bool Converts(Action convert)
    {
        try
        {
            convert();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private sealed record Detections(Tensor Boxes, IReadOnlyList<(Tensor Score, double Threshold)> Scores);

    private sealed class Holder(Tensor inside)
    {
        private readonly Tensor inside = inside;

        public override string ToString() => $"{inside}";
    }

    /// <summary>What networks give, made of features [1, 4, H, W] and what leaks past the stem, [1, 1, H, W].</summary>
    private static class Answer
    {
        public static readonly string[] Kinds =
        [
            "argmax",
            "mask",
            "bytes",
            "complex",
            "record",
            "class",
            "tuples",
            "dictionary",
            "nested",
            "double",
            "zero head",
            "ReZero",
            "LayerScale",
            "boxes",
            "offset",
            "softmax",
            "float16",
            "bfloat16",
            "NaN weight",
        ];

        public static object Of(string kind, Tensor features, Tensor leak, Module<Tensor, Tensor> head, Tensor gate) =>
            kind switch
            {
                "argmax" => (features + (leak * tensor(new[] { 0f, 1, 0, 0 }).reshape(1, 4, 1, 1))).argmax(1),
                "mask" => (features + leak).gt(0.4),
                "bytes" => ((features + leak) * 100).clamp(0, 255).to(ScalarType.Byte),
                "complex" => complex(features, features + leak),
                "record" => new Detections(features, [((features + leak).mean([2, 3]), 0.5)]),
                "class" => new Holder(features + leak),
                "tuples" => new List<(Tensor, int)> { (features, 1), (features + leak, 2) },
                "dictionary" => new List<Dictionary<string, Tensor>>
                {
                    new() { ["a"] = features, ["b"] = features + leak },
                },
                "nested" => new List<List<Tensor>>
                {
                    new() { features },
                    new() { features + leak },
                },
                "double" => (features + leak).mean().item<float>(),
                "zero head" => head.call((features + leak).mean([2, 3])),
                "ReZero" or "LayerScale" => features + (gate * leak),
                "boxes" => cat(
                    [(features.flatten(2) * 500).transpose(1, 2), functional.sigmoid((features + leak).flatten(2).transpose(1, 2))],
                    2
                ),
                "offset" => 1000 + (features * 0.05) + (leak * 0.05),
                "softmax" => functional.softmax((features + leak).flatten(1), 1),
                "empty" => zeros(0, 6),
                "NaN" => full([2, 2], float.NaN),
                "nothing" => "none",
                "constant" => zeros(3, dtype: ScalarType.Int64),
                _ => features + leak,
            };
    }

    private sealed class LeakNet : Module<Tensor, object>
    {
        private readonly Conv2d stem;
        private readonly Linear head = Linear(4, 2);
        private readonly Parameter gate = new(zeros(1));
        private readonly string kind;
        private readonly string leak;

        public LeakNet(string kind, string leak)
            : base(nameof(LeakNet))
        {
            stem = Conv2d(3, 4, 3, padding: leak == "pad" ? 0 : 1);
            this.kind = kind;
            this.leak = leak;
            using (no_grad())
            {
                head.weight.zero_();
                head.bias!.zero_();
                if (kind == "LayerScale")
                {
                    gate.fill_(1e-6);
                }

                if (kind == "NaN weight")
                {
                    stem.weight[0, 1, 0, 0] = float.NaN;
                }
            }

            RegisterComponents();
            if (kind is "float16" or "bfloat16")
            {
                this.to(kind == "float16" ? ScalarType.Float16 : ScalarType.BFloat16);
            }
        }

        public Conv2d Stem => stem;

        public override object forward(Tensor image)
        {
            if (leak == "pad")
            {
                // What is seen of it beyond the stem, for answers that the features alone would not show in.
                Tensor padded = functional.pad(image, [1, 1, 1, 1]);
                Tensor features = stem.call(padded);
                return Answer.Of(kind, features, features.sum(1, keepdim: true), head, gate);
            }

            Tensor leaking = leak switch
            {
                "sum" => image.sum(1, keepdim: true),
                "normalize" => functional.normalize(image, dim: 1).sum(1, keepdim: true),
                _ => image.mean([1], keepdim: true),
            };
            return Answer.Of(kind, stem.call(image), leaking, head, gate);
        }
    }

    private sealed class ClampNet(string kind) : Module<Tensor, Tensor>(nameof(ClampNet))
    {
        private readonly string kind = kind;

        public Conv2d Stem { get; } = Conv2d(1, 4, 3);

        public override IEnumerable<(string name, Module module)> named_modules() => [("stem", Stem)];

        public override IEnumerable<(string name, Module module)> named_children() => [("stem", Stem)];

        public override Tensor forward(Tensor image) => Stem.call(kind == "relu" ? functional.relu(image) : image.clamp(0, 1));
    }

    private sealed class ThresholdNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public ThresholdNet()
            : base(nameof(ThresholdNet)) => RegisterComponents();

        public override Tensor forward(Tensor image) => stem.call(image) + image.sum(1, keepdim: true).gt(100);
    }

    private sealed class PositionNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 2, 3, padding: 1);
        private readonly Parameter position;

        public PositionNet(long side)
            : base(nameof(PositionNet))
        {
            position = new Parameter(rand(1, 2, side, side));
            RegisterComponents();
        }

        public override Tensor forward(Tensor image) => stem.call(image) + position;
    }

    private sealed class ConditionedNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);
        private readonly Embedding classes = Embedding(10, 4);
        private readonly Linear features = Linear(17, 4);
        private readonly string kind;
        private readonly bool leaks;

        public ConditionedNet(string kind, bool leaks)
            : base(nameof(ConditionedNet))
        {
            this.kind = kind;
            this.leaks = leaks;
            RegisterComponents();
        }

        public override Tensor forward(Tensor image, Tensor other)
        {
            Tensor seen = stem.call(image);
            Tensor condition = kind switch
            {
                "vector" when other.dim() == 1 && other.is_floating_point() => other.reshape(-1, 1, 1, 1),
                "column" when other.dim() == 2 && other.size(1) == 1 => other.reshape(-1, 1, 1, 1),
                "classes" when !other.is_floating_point() => classes.call(other).reshape(-1, 4, 1, 1),
                "features" when other.dim() == 2 => features.call(other).reshape(-1, 4, 1, 1),
                "image" when other.dim() == 4 && other.size(1) == 3 => other.mean([1], keepdim: true),
                _ => throw new ArgumentException("Not what this network takes."),
            };
            return seen * condition.sigmoid() + (leaks ? image.sum(1, keepdim: true) : 0);
        }
    }

    private sealed class AgedNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(3, 4, 3, padding: 1);

        public AgedNet()
            : base(nameof(AgedNet)) => RegisterComponents();

        public override Tensor forward(Tensor x, Tensor age) => conv.forward(x).mean([2, 3]) + age;
    }

    private sealed class PickyNet : Module<Tensor, string, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3);

        public PickyNet()
            : base(nameof(PickyNet)) => RegisterComponents();

        public override Tensor forward(Tensor image, string word) =>
            word == "seven" ? stem.call(image) : throw new ArgumentException("Another word.");
    }

    private sealed class ChannelsLastNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3);

        public ChannelsLastNet()
            : base(nameof(ChannelsLastNet)) => RegisterComponents();

        public override Tensor forward(Tensor image) => stem.call(image.permute(0, 3, 1, 2)).permute(0, 2, 3, 1);
    }

    private sealed class TokensNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3);
        private readonly Embedding words = Embedding(20, 4);

        public TokensNet()
            : base(nameof(TokensNet)) => RegisterComponents();

        public override Tensor forward(Tensor tokens, Tensor picture) => words.call(tokens).mean([1]) * stem.call(picture).mean([2, 3]);
    }

    private sealed class PathsNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d small = Conv2d(3, 4, 3);
        private readonly Conv2d large = Conv2d(3, 4, 3);
        private readonly Conv2d larger = Conv2d(3, 4, 3);
        private readonly string kind;

        public PathsNet(string kind)
            : base(nameof(PathsNet))
        {
            this.kind = kind;
            RegisterComponents();
            if (kind != "resolutions")
            {
                register_module("larger", null!);
            }
        }

        public override Tensor forward(Tensor image) =>
            kind switch
            {
                "size" => (image.shape[^1] < 64 ? small : large).call(image),
                "training" => training ? small.call(image) + large.call(image) : small.call(image),
                "resolutions" => (
                    image.shape[^1] switch
                    {
                        < 64 => small,
                        < 256 => large,
                        _ => larger,
                    }
                ).call(image),
                _ => small.call(image),
            };
    }

    /// <summary>A leak somewhere between its layers, which the answer hides.</summary>
    private sealed class DeepNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);
        private readonly Conv2d middle = Conv2d(4, 4, 3, padding: 1);
        private readonly Block block = new();
        private readonly Linear last = Linear(4, 2);
        private readonly string where;

        public DeepNet(string where)
            : base(nameof(DeepNet))
        {
            this.where = where;
            RegisterComponents();
            if (where == "into a hooked layer")
            {
                middle.register_forward_hook((_, _, output) => output);
            }
        }

        public override Tensor forward(Tensor image)
        {
            Tensor leak = image.sum(1, keepdim: true);
            Tensor features = stem.call(image);
            if (where == "in place")
            {
                features.add_(leak);
            }

            if (where == "into a hooked layer")
            {
                features = features + (leak * 0.1);
            }

            if (where == "writes to what layers give")
            {
                features.relu_();
            }

            features = middle.call(features);
            if (where == "writes to what layers give")
            {
                features.mul_(2);
            }

            if (where == "beside")
            {
                features = features + leak;
            }

            if (where == "above a threshold")
            {
                features = features + leak.gt(100);
            }

            if (where == "below zero")
            {
                features = features + functional.relu(-leak);
            }

            if (where == "catches a failure")
            {
                try
                {
                    features = block.Run(features, zeros(7));
                }
                catch (System.Runtime.InteropServices.ExternalException)
                {
                    features = features * 2;
                }
            }

            features = block.Run(features, where == "in a block" ? leak : null).mean([2, 3]);
            if (where == "before the last")
            {
                features = features + leak.mean([2, 3]);
            }

            // Nothing of a leak is seen in an answer that is always true.
            Tensor answer = last.call(features);
            return where is "nowhere" or "writes to what layers give" or "catches a failure"
                ? answer
                : answer.sigmoid().gt(-1).to(ScalarType.Float32) + stem.call(image).mean([1, 2, 3]);
        }
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(4, 4, 1);
        private Tensor? extra;

        public Block()
            : base(nameof(Block)) => RegisterComponents();

        public Tensor Run(Tensor features, Tensor? beside)
        {
            extra = beside;
            return call(features);
        }

        public override Tensor forward(Tensor features) => extra is null ? conv.call(features) : conv.call(features) + extra;
    }

    private sealed class TwoImagesNet : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv2d a = Conv2d(3, 4, 3);
        private readonly Conv2d b = Conv2d(3, 4, 3);

        public TwoImagesNet()
            : base(nameof(TwoImagesNet)) => RegisterComponents();

        public override Tensor forward(Tensor x, Tensor y) => a.call(x) + b.call(y);
    }
}
