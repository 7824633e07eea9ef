using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;

namespace ChannelGen.Analyzers.Tests;

public class OtherFixTests
{
    private const string Usings = """
        using ChannelGen;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    [Fact]
    public async Task The_sum_takes_the_place_of_the_mean()
    {
        const string Source =
            Usings
            + """
                class Program
                {
                    void Run(Conv2d color, Conv2d gray)
                    {
                        gray.weight = new Parameter(MEAN);
                    }
                }
                """;
        await VerifyFix.Of<WrongKernelAnalyzer, WrongKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean(new long[] { 1 }, keepdim: true)|}"),
            Source.Replace("MEAN", "color.weight.sum(new long[] { 1 }, keepdim: true)")
        );
        await VerifyFix.Of<WrongKernelAnalyzer, WrongKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean(keepdim: true, dimensions: [1])|}"),
            Source.Replace("MEAN", "color.weight.sum(keepdim: true, dim: [1])")
        );
        await VerifyFix.Of<WrongKernelAnalyzer, WrongKernelFix>(
            Source.Replace("MEAN", "{|CG0003:torch.mean(color.weight, new long[] { 1 }, keepdim: true)|}"),
            Source.Replace("MEAN", "torch.sum(color.weight, new long[] { 1 }, keepdim: true)")
        );
        await VerifyFix.Of<WrongKernelAnalyzer, WrongKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean([1])|}.unsqueeze(1)"),
            Source.Replace("MEAN", "color.weight.sum([1]).unsqueeze(1)")
        );
    }

    [Theory]
    [InlineData("the sum is divided", "color.weight!.sum([1], keepdim: true) / 3", "color.weight!.sum([1], keepdim: true)")]
    [InlineData("the sum is divided by a method", "color.weight!.sum([1], true).div(3)", "color.weight!.sum([1], true)")]
    [InlineData("the sum in a local is divided", "summed / 3", "summed")]
    [InlineData("the first channel", "color.weight![.., 0..1]", "color.weight!.sum(new long[] { 1 }, keepdim: true)")]
    [InlineData("the last channel", "color.weight!.narrow(1, 2, 1)", "color.weight!.sum(new long[] { 1 }, keepdim: true)")]
    [InlineData("one channel put back", "color.weight!.select(1, 0).unsqueeze(1)", "color.weight!.sum(new long[] { 1 }, keepdim: true)")]
    [InlineData("a sum by luma", "(color.weight! * luma).sum([1], keepdim: true)", "color.weight!.sum(new long[] { 1 }, keepdim: true)")]
    public async Task The_sum_takes_the_place_of_another_kernel(string reason, string kernel, string sum)
    {
        Assert.NotEmpty(reason);
        const string Source =
            Usings
            + """
                public static class Program
                {
                    public static double[] Numbers()
                    {
                        var color = Conv2d(3, 4, 3, bias: false);
                        var gray = Conv2d(1, 4, 3, bias: false);
                        var summed = color.weight!.sum([1], keepdim: true);
                        var luma = tensor(new[] { 0.299f, 0.587f, 0.114f }).view(1, 3, 1, 1);
                        gray.weight = new Parameter(KERNEL);
                        var x = rand(2, 1, 8, 8);
                        return [(gray.call(x) - color.call(x.expand(-1, 3, -1, -1))).abs().max().item<float>()];
                    }
                }
                """;
        string fixedSource = Source.Replace("KERNEL", sum, StringComparison.Ordinal);
        await VerifyFix.Of<WrongKernelAnalyzer, WrongKernelFix>(
            Source.Replace("KERNEL", $"{{|CG0003:{kernel}|}}", StringComparison.Ordinal),
            fixedSource
        );
        Assert.InRange(VerifyFix.Run(fixedSource)[0], 0, 1e-5);
    }

    [Fact]
    public Task Nothing_is_offered_for_a_kernel_that_is_copied() =>
        VerifyFix.None<StackingAnalyzer, WrongKernelFix>(
            Usings
                + """
                    class Program
                    {
                        void Run(Conv2d color, Conv2d gray)
                        {
                            color.weight = new Parameter({|CG0003:gray.weight!.repeat(1, 3, 1, 1)|});
                        }
                    }
                    """
        );

    private const string ImageNet = "ChannelNormalization.ImageNet";

    /// <summary>Statements that normalize a stack of x, and the normalization that the conversion is given for them.</summary>
    public static TheoryData<string, string> Normalizations =>
        new()
        {
            {
                "var y = net.forward({|CG0004:torchvision.transforms.functional.normalize({|CG0001:cat([x, x, x], 1)|}, [0.485, 0.456, "
                    + "0.406], [0.229, 0.224, 0.225])|});",
                ImageNet
            },
            {
                "var y = net.forward({|CG0004:torchvision.transforms.Normalize(new[] { 0.485, 0.456, 0.406 }, new[] { 0.229, 0.224, "
                    + "0.225 }).call({|CG0001:x.repeat(1, 3, 1, 1)|})|});",
                ImageNet
            },
            {
                "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|};\n        "
                    + "var y = net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4])|});",
                "new ChannelNormalization([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])"
            },
            {
                "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|};\n        var z = {|CG0004:torchvision.transforms.functional.normalize(rgb, "
                    + "[0.5, 0.4, 0.3], [0.2, 0.3, 0.4])|};\n        var y = net.forward(z);",
                "new ChannelNormalization([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])"
            },
            {
                "var mean = tensor(new[] { 0.5f, 0.4f, 0.3f }).view(1, 3, 1, 1);\n"
                    + "        var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1);\n"
                    + "        var y = net.forward(({|CG0004:{|CG0001:x.expand(-1, 3, -1, -1)|} - mean|}) / std);",
                "new ChannelNormalization([0.5f, 0.4f, 0.3f], [0.2f, 0.3f, 0.4f])"
            },
            {
                "var mean = tensor(new[] { 0.5, 0.4, 0.3 }, dtype: ScalarType.Float32).reshape(1, 3, 1, 1);\n"
                    + "        var rgb = {|CG0001:cat([x, x, x], 1)|};\n        var z = {|CG0004:rgb.sub(mean)|};\n"
                    + "        var y = net.forward(z);",
                "new ChannelNormalization([0.5, 0.4, 0.3], [1, 1, 1])"
            },
            {
                "var y = net.forward({|CG0004:{|CG0001:cat([x, x, x], 1)|} / tensor(new[] { 0.2f, 0.3f, 0.4f }).view(3, 1, 1)|});",
                "new ChannelNormalization([0, 0, 0], [0.2f, 0.3f, 0.4f])"
            },
        };

    [Theory]
    [MemberData(nameof(Normalizations))]
    public async Task The_normalization_goes_into_the_conversion(string statements, string normalization)
    {
        string before = Normalizing(statements);
        string after = Normalizing($"var y = net.ToGrayscale(new GrayscaleOptions {{ Normalization = {normalization} }}).forward(x);");
        await VerifyFix.Of<StackingAnalyzer, NormalizedStackFix>(before, after);
        VerifyFix.AssertSameNumbers(before, after);
    }

    [Theory]
    [InlineData(
        "var y = net.forward({|CG0004:torchvision.transforms.functional.normalize({|CG0001:cat([x, x, x], 1)|}, [0.5, 0.4, 0.3], [0.2, "
            + "0.3, 0.4])|}); y = net.forward({|CG0001:cat([x, x, x], 1)|});"
    )]
    [InlineData(
        "var means = new[] { 0.5, 0.4, 0.3 }; means[0] = x.sum().item<float>(); "
            + "var y = net.forward({|CG0004:torchvision.transforms.functional.normalize({|CG0001:cat([x, x, x], 1)|}, means, [0.2, 0.3, "
            + "0.4])|});"
    )]
    [InlineData(
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var y = net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.5, "
            + "0.4, 0.3], [0.2, 0.3, 0.4])|}); y = rgb;"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var y = net.forward({|CG0004:{|CG0001:cat([x, x, x], "
            + "1)|} / std|} - std);"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var y = net.forward({|CG0004:{|CG0001:cat([x, x, x], 1)|} * std|});"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); std.add_(1); "
            + "var y = net.forward({|CG0004:{|CG0001:cat([x, x, x], 1)|} / std|});"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var y = net.forward({|CG0004:std / {|CG0001:cat([x, x, x], 1)|}|});"
    )]
    [InlineData(
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; x = x * 2; "
            + "var y = net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4])|});"
    )]
    [InlineData(
        "var all = torchvision.transforms.Compose(torchvision.transforms.Resize(8), torchvision.transforms.Normalize([0.5, 0.4, 0.3], "
            + "[0.2, 0.3, 0.4])); var y = net.forward({|CG0004:all.call({|CG0001:cat([x, x, x], 1)|})|});"
    )]
    public Task Nothing_is_offered_for_a_normalization(string statements) =>
        VerifyFix.None<StackingAnalyzer, NormalizedStackFix>(Normalizing(statements));

    private static string Normalizing(string statements) =>
        Usings
        + $$"""
            public static class Program
            {
                public static double[] Numbers()
                {
                    manual_seed(7);
                    var net = torchvision.models.resnet18();
                    net.eval();
                    var x = rand(1, 1, 64, 64);
                    {{statements}}
                    return [y.sum().item<float>(), y[0, 0].item<float>()];
                }
            }
            """;

    [Theory]
    [InlineData("class {|CG1001:Net|}", "partial class Net")]
    [InlineData("public sealed class {|CG1001:Net|}", "public sealed partial class Net")]
    public Task A_marked_class_is_made_partial(string before, string after) =>
        VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(Net("[GrayscaleInput]", before), Net("[GrayscaleInput]", after));

    [Fact]
    public Task The_types_around_it_are_made_partial() =>
        VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(
            Net("[GrayscaleInput]", "partial class {|CG1002:Net|}").Replace("// outer", "class Outer\n{").Replace("// end", "}"),
            Net("[GrayscaleInput]", "partial class Net").Replace("// outer", "partial class Outer\n{").Replace("// end", "}")
        );

    [Theory]
    [InlineData("[{|CG1004:GrayscaleInput(\"conv9\")|}]")]
    [InlineData("[{|CG1005:GrayscaleInput(\"fc\")|}]")]
    [InlineData("[{|CG1005:GrayscaleInput(\"conv2\")|}]")]
    public Task A_layer_that_can_receive_the_image_is_named(string attribute) =>
        VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(
            Net(attribute, "partial class Net"),
            Net("[GrayscaleInput(\"conv1\")]", "partial class Net")
        );

    private static string Net(string attribute, string declaration) =>
        Usings
        + $$"""
            // outer
            {{attribute}}
            {{declaration}} : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                private readonly Conv2d conv2 = Conv2d(8, 8, 3);
                private readonly Linear fc = Linear(8, 2);
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor x) => conv2.call(conv1.call(x));
            }
            // end
            """;
}
