using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;

namespace ChannelGen.Analyzers.Tests;

public class StackingFixTests
{
    /// <summary>A program around statements that use a gray image x, [2, 1, 16, 16], and fill the list of numbers.</summary>
    private static string Program(string statements, bool withUsing = true, string members = "") =>
        $$"""
            using System;
            using System.Collections.Generic;
            using System.Linq;
            {{(withUsing ? "using ChannelGen;\n" : "")}}using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public partial class Net : Module<Tensor, Tensor>
            {
                private readonly TorchSharp.Modules.Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Net() : base("net") => RegisterComponents();

                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            public static class Program
            {
                {{members}}
                public static double[] Numbers()
                {
                    manual_seed(7);
                    var numbers = new List<double>();
                    var net = new Net();
                    var x = rand(2, 1, 16, 16);
                    {{statements.Replace("\n", "\n        ")}}
                    return numbers.ToArray();
                }

                private static double Sum(Tensor t) => t.to(ScalarType.Float64).square().sum().item<double>();
            }
            """.Replace("\r", "");

    public static TheoryData<string, string> Conversions =>
        new()
        {
            {
                "numbers.Add(Sum(net.forward({|CG0001:torch.cat(new[] { x, x, x }, 1)|})));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            { "numbers.Add(Sum(net.call({|CG0001:x.repeat(1, 3, 1, 1)|})));", "numbers.Add(Sum(net.ToGrayscale().call(x)));" },
            { "numbers.Add(Sum(net.forward({|CG0001:x.expand(-1, 3, -1, -1)|})));", "numbers.Add(Sum(net.ToGrayscale().forward(x)));" },
            {
                "numbers.Add(Sum(net.forward({|CG0001:x.expand(x.shape[0], 3, x.shape[2], x.shape[3])|})));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:x.repeat_interleave(3, dim: 1)|})));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}.to(torch.CPU))));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x.to(torch.CPU))));"
            },
            {
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.forward({|CG0001:torch.stack([flat, flat, flat], 1)|})));",
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.ToGrayscale().forward(flat.unsqueeze(1))));"
            },
            {
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.forward({|CG0001:flat.unsqueeze(1).repeat(1, 3, 1, 1)|})));",
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.ToGrayscale().forward(flat.unsqueeze(1))));"
            },
            {
                "// once for each channel\nvar rgb = {|CG0001:torch.cat(new[] { x, x, x }, 1)|};\n"
                    + "numbers.Add(Sum(net.forward(rgb))); // the answer",
                "// once for each channel\nnumbers.Add(Sum(net.ToGrayscale().forward(x))); // the answer"
            },
            {
                "Tensor[] parts = { x, x, x };\nnumbers.Add(Sum(net.forward({|CG0001:torch.cat(parts, 1)|})));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            {
                "Tensor[] parts = { x, x, x };\nvar rgb = {|CG0001:torch.cat(parts, 1)|};\nnumbers.Add(Sum(net.forward(rgb)));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            {
                "var rgb = {|CG0001:(x / 2).repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x / 2;\nnumbers.Add(Sum(net.ToGrayscale().forward(rgb)));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:(x / 2).repeat(1, 3, 1, 1)|}.to(torch.CPU))));",
                "numbers.Add(Sum(net.ToGrayscale().forward((x / 2).to(torch.CPU))));"
            },
            {
                "for (int i = 0; i < 3; i++)\n{\n    numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));\n}",
                "for (int i = 0; i < 3; i++)\n{\n    numbers.Add(Sum(net.ToGrayscale().forward(x)));\n}"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));\n"
                    + "numbers.Add(Sum(net.call({|CG0001:x.repeat(1, 3, 1, 1)|})));",
                "numbers.Add(Sum(net.ToGrayscale().forward(x)));\nnumbers.Add(Sum(net.ToGrayscale().call(x)));"
            },
            {
                "net = net.to(torch.CPU);\nnet.eval();\nnumbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "net = net.to(torch.CPU);\nnet.eval();\nnumbers.Add(Sum(net.ToGrayscale().forward(x)));"
            },
            {
                "numbers.Add(Sum(net.forward(/* gray */ {|CG0001:torch.cat([x, x, x], 1)|} /* three times */)));",
                "numbers.Add(Sum(net.ToGrayscale().forward(/* gray */ x /* three times */)));"
            },
        };

    [Theory]
    [MemberData(nameof(Conversions))]
    public async Task The_call_is_converted_and_computes_the_same(string before, string after)
    {
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(Program(before), Program(after), StackingFix.ConvertKey);
        VerifyFix.AssertSameNumbers(Program(before), Program(after));
    }

    [Fact]
    public Task The_using_is_added_where_it_sorts() =>
        VerifyFix.Of<StackingAnalyzer, StackingFix>(
            Program("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));", withUsing: false)
                .Replace("using System;\nusing System.Collections.Generic;\nusing System.Linq;\n", "using System.Collections.Generic;\n"),
            Program("numbers.Add(Sum(net.ToGrayscale().forward(x)));", withUsing: false)
                .Replace(
                    "using System;\nusing System.Collections.Generic;\nusing System.Linq;\n",
                    "using System.Collections.Generic;\nusing ChannelGen;\n"
                ),
            StackingFix.ConvertKey
        );

    [Fact]
    public async Task An_existing_wrapper_is_used()
    {
        string before = Program("var gray = net.ToGrayscale();\nnumbers.Add(Sum(gray.forward({|CG0001:torch.cat([x, x, x], 1)|})));");
        string after = Program("var gray = net.ToGrayscale();\nnumbers.Add(Sum(gray.forward(x)));");
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after);
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(
            Program("var gray = net.ToGrayscale();\nnumbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));"),
            after
        );
    }

    [Fact]
    public async Task The_class_is_marked_as_well()
    {
        string before = Program("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));")
            .Replace("public partial class Net", "// A network.\npublic class Net");
        string after = Program("numbers.Add(Sum(net.ToGrayscale().forward(x)));")
            .Replace("public partial class Net", "// A network.\n[GrayscaleInput]\npublic partial class Net");
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after, StackingFix.ConvertAndMarkKey);
        VerifyFix.AssertSameNumbers(before, after);
    }

    [Fact]
    public async Task One_fix_converts_every_call_of_the_network()
    {
        const string First =
            "numbers.Add(Sum(net.forward(FIRST)));\nvar rgb = SECOND;\nif (numbers.Count == 1)\n{\n"
                + "    numbers.Add(Sum(net.call(rgb)));\n}\nnumbers.Add(Sum(net.forward(THIRD.to(torch.CPU))));";
        string before = Program(
            First
                .Replace("FIRST", "{|CG0001:torch.cat([x, x, x], 1)|}")
                .Replace("SECOND", "{|CG0001:x.repeat(1, 3, 1, 1)|}")
                .Replace("THIRD", "{|CG0001:x.expand(-1, 3, -1, -1)|}")
        );
        string after = Program(
            "numbers.Add(Sum(net.ToGrayscale().forward(x)));\nif (numbers.Count == 1)\n{\n"
                + "    numbers.Add(Sum(net.ToGrayscale().call(x)));\n}\nnumbers.Add(Sum(net.ToGrayscale().forward(x.to(torch.CPU))));"
        );
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after, StackingFix.ConvertKey, iterations: 1);
        VerifyFix.AssertSameNumbers(before, after);
    }

    [Fact]
    public async Task The_class_is_told_from_its_namesakes()
    {
        const string Marked = "[GrayscaleInput]\n    public partial class Net";
        string Source(string first, string second, string call) =>
            $$"""
                using ChannelGen;
                using TorchSharp;
                using static TorchSharp.torch;
                using static TorchSharp.torch.nn;

                namespace First
                {
                    {{first}} : Module<Tensor, Tensor>
                    {
                        private readonly Module<Tensor, Tensor> body = Conv2d(3, 8, 3);
                        public Net() : base("net") => RegisterComponents();
                        public override Tensor forward(Tensor image) => body.call(image);
                    }
                }

                namespace Second
                {
                    {{second}} : Module<Tensor, Tensor>
                    {
                        private readonly Module<Tensor, Tensor> body = Conv2d(3, 8, 3);
                        public Net() : base("net") => RegisterComponents();
                        public override Tensor forward(Tensor image) => body.call(image);
                    }

                    public class User
                    {
                        public Tensor Run(Net net, Tensor x) => {{call}};
                    }
                }
                """;
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(
            Source("public class Net", "public class Net", "net.forward({|CG0001:cat([x, x, x], 1)|})"),
            Source("public class Net", Marked, "net.AsGrayscale().forward(x)"),
            StackingFix.ViewAndMarkKey
        );
    }

    [Fact]
    public Task Fix_all_marks_a_class_whose_own_document_is_converted_too()
    {
        const string First = """
            using ChannelGen;
            using static TorchSharp.torch;

            public class First
            {
                public Tensor Run(Second net, Tensor x) => RUN;
            }
            """;
        const string Second = """
            using ChannelGen;
            using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            MARKclass Second : Module<Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Second() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => body.call(image);
            }

            MARKclass Third : Module<Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Third() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => body.call(image);
            }

            public class User
            {
                public Tensor Run(Third net, Tensor x) => RUN;
            }
            """;
        return VerifyFix.OfAll<StackingAnalyzer, StackingFix>(
            [
                First.Replace("RUN", "net.forward({|CG0001:cat([x, x, x], 1)|})"),
                Second.Replace("MARK", "public ").Replace("RUN", "net.call({|CG0001:x.repeat(1, 3, 1, 1)|})"),
            ],
            [
                First.Replace("RUN", "net.AsGrayscale().forward(x)"),
                Second.Replace("MARK", "[GrayscaleInput]\npublic partial ").Replace("RUN", "net.AsGrayscale().call(x)"),
            ],
            StackingFix.ViewAndMarkKey
        );
    }

    [Theory]
    [InlineData("var s = {|CG0001:torch.cat([x, x, x], 1)|};")]
    [InlineData("var y = x.shape[1] == 1 ? {|CG0001:x.repeat(1, 3, 1, 1)|} : x; numbers.Add(Sum(net.forward(y)));")]
    [InlineData("if (x.shape[1] == 1) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); numbers.Add(Sum(net.forward(rand(2, 3, 16, 16))));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; numbers.Add(Sum(rgb)); numbers.Add(Sum(net.forward(rgb)));")]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:x.expand(4, 3, 16, 16)|})));")]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:x * ones(1, 3, 1, 1)|})));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; x = x * 2; numbers.Add(Sum(x)); numbers.Add(Sum(net.forward(rgb * 1)));")]
    [InlineData("var nets = new[] { net }; numbers.Add(Sum(nets[0].forward({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData("Evaluate(net); numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); void Evaluate(Net n) { }")]
    [InlineData("Func<Tensor, Tensor> f = t => {|CG0001:t.expand(-1, 3, -1, -1)|}; numbers.Add(Sum(f(x)));")]
    [InlineData("using var rgb = {|CG0001:torch.cat([x, x, x], 1)|}.clone(); numbers.Add(Sum(net.forward(rgb))); rgb.add_(1);")]
    [InlineData("var conv = Conv2d(3, 4, 3); numbers.Add(Sum(conv.forward({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|} / 255)));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "numbers.Add(Sum(net.forward(rgb) + Sum(rgb)));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "if (x.shape[1] == 1) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); numbers.Add(Sum(net.forward({|CG0001:x * ones(1, 3, 1, 1)|})));"
    )]
    [InlineData("if (x.shape is [_, 1, _, _]) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("if (x.shape is [_, 1, ..]) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("if (x is { ndim: 4 }) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("long c = x.shape[1]; if (c == 1) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("bool gray = x.shape[1] == 1; if (gray) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("var y = x.size(1) < 3 ? {|CG0001:x.repeat(1, 3, 1, 1)|} : x; numbers.Add(Sum(net.forward(y)));")]
    [InlineData("numbers.Add(Sum(net.forward(x.shape[1] switch { 1 => {|CG0001:x.repeat(1, 3, 1, 1)|}, _ => x })));")]
    [InlineData("if (x.shape[1] == 1 && numbers.Count == 0) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("if (!(x.shape[1] == 3)) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("while (x.shape[1] == 1) { x = {|CG0001:x.repeat(1, 3, 1, 1)|}; } numbers.Add(Sum(net.forward(x)));")]
    [InlineData(
        "Tensor ToRgb(Tensor t) => t.shape[1] == 1 ? {|CG0001:t.repeat(1, 3, 1, 1)|} : t; numbers.Add(Sum(net.forward(ToRgb(x))));"
    )]
    [InlineData("if (x.shape[1] == 3) return numbers.ToArray(); numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("if (x.size(1) is 1 or 2) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("for (int i = 0; i < 2 && x.shape[1] == 1; i++) { numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|}))); }")]
    [InlineData(
        "var moved = net.to(CPU); numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(moved.forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); numbers.Add(Sum(net.to(CPU).forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "var other = net; numbers.Add(Sum(other.forward(rand(2, 3, 16, 16)))); "
            + "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|})));"
    )]
    [InlineData(
        "Net other; other = net; numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(other.forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "var model = Sequential(net); numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(model.forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "var held = new Lazy<Net>(net); numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(held.Value.forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "var all = new[] { net }; numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(all[0].forward(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "Func<Tensor, Tensor> f = net.forward; numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.Add(Sum(f(rand(2, 3, 16, 16))));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); "
            + "numbers.AddRange(new[] { rand(2, 3, 16, 16) }.Select(net.forward).Select(Sum));"
    )]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}))); numbers.Add(Sum(net?.forward(rand(2, 3, 16, 16))!));")]
    public Task No_conversion_is_offered(string statements) =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(Program(statements), StackingFix.ConvertKey);

    [Theory]
    [InlineData("conv1.call(image[TensorIndex.Ellipsis, TensorIndex.Colon])")]
    [InlineData("conv1.call(image - image.mean([1], keepdim: true))")]
    [InlineData("conv1.call(image.flip(1))")]
    [InlineData("conv1.call(image) + image.narrow(1, 2, 1)")]
    [InlineData("conv1.call(norm.call(image))")]
    [InlineData("functional.conv2d(image, conv1.weight!)")]
    [InlineData("conv1.call(image * tensor(new[] { 1f, 2f, 3f }).view(1, 3, 1, 1))")]
    [InlineData("conv1.call(torch.cat([image.narrow(1, 1, 2), image.narrow(1, 0, 1)], 1))")]
    public Task No_conversion_is_offered_where_the_network_does_more_with_its_image(string forward) =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            WithForward(forward, "net.forward({|CG0001:torch.cat([x, x, x], 1)|})"),
            StackingFix.ConvertKey
        );

    [Theory]
    [InlineData("conv1.call(functional.interpolate(image, new long[] { 8, 8 }))")]
    [InlineData("conv1.call((image.to(ScalarType.Float32) / 2) - 0.5)")]
    [InlineData("Twice(image)")]
    [InlineData("conv1.call(drop.call(image))")]
    public async Task The_call_is_converted_where_the_image_only_goes_into_layers(string forward)
    {
        string before = WithForward(forward, "net.forward({|CG0001:torch.cat([x, x, x], 1)|})");
        string after = WithForward(forward, "net.ToGrayscale().forward(x)");
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after, StackingFix.ConvertKey);
        VerifyFix.AssertSameNumbers(before, after);
    }

    private static string WithForward(string forward, string call) =>
        Program($"numbers.Add(Sum({call}));")
            .Replace(
                "public override Tensor forward(Tensor image) => conv1.call(image);",
                forward.StartsWith("Twice", StringComparison.Ordinal)
                    ? "public override Tensor forward(Tensor image) { var half = image / 2; image = half.clamp(0, 1); "
                        + "using var scope = NewDisposeScope(); return conv1.call(image).MoveToOuterDisposeScope(); }"
                    : "private readonly Module<Tensor, Tensor> norm = BatchNorm2d(3); "
                        + "private readonly Module<Tensor, Tensor> drop = Dropout(0.0); "
                        + $"public override Tensor forward(Tensor image) => {forward};"
            );

    [Fact]
    public Task A_variable_that_changed_in_between_keeps_its_local()
    {
        const string Before = "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nx = x * 2;\nnumbers.Add(Sum(net.forward(rgb)));";
        const string After = "var rgb = x;\nx = x * 2;\nnumbers.Add(Sum(net.ToGrayscale().forward(rgb)));";
        VerifyFix.AssertSameNumbers(Program(Before), Program(After));
        return VerifyFix.Of<StackingAnalyzer, StackingFix>(Program(Before), Program(After), StackingFix.ConvertKey);
    }

    [Fact]
    public Task No_conversion_is_offered_inside_a_networks_own_forward() =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            """
            using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Net : Module<Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor x) => body.forward({|CG0001:cat([x, x, x], 1)|});
            }
            """,
            StackingFix.ConvertKey
        );

    [Theory]
    [InlineData("body.call(image.shape[1] == 1 ? {|CG0001:image.repeat(1, 3, 1, 1)|} : image)")]
    [InlineData("body.call({|CG0001:image.expand(-1, 3, -1, -1)|})")]
    public Task No_conversion_is_offered_for_a_network_that_stacks_itself(string forward) =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            $$"""
            using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Net : Module<Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => {{forward}};
            }

            public class User
            {
                public Tensor Run(Net net, Tensor x) => net.forward({|CG0001:cat([x, x, x], 1)|});
            }
            """,
            StackingFix.ConvertKey
        );
}
