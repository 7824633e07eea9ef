using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Stacking;
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
        const string Source = Usings + """
            class Program
            {
                void Run(Conv2d color, Conv2d gray)
                {
                    gray.weight = new Parameter(MEAN);
                }
            }
            """;
        await VerifyFix.Of<MeanKernelAnalyzer, MeanKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean(new long[] { 1 }, keepdim: true)|}"),
            Source.Replace("MEAN", "color.weight.sum(new long[] { 1 }, keepdim: true)"));
        await VerifyFix.Of<MeanKernelAnalyzer, MeanKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean(keepdim: true, dimensions: [1])|}"),
            Source.Replace("MEAN", "color.weight.sum(keepdim: true, dim: [1])"));
        await VerifyFix.Of<MeanKernelAnalyzer, MeanKernelFix>(
            Source.Replace("MEAN", "{|CG0003:torch.mean(color.weight, new long[] { 1 }, keepdim: true)|}"),
            Source.Replace("MEAN", "torch.sum(color.weight, new long[] { 1 }, keepdim: true)"));
        await VerifyFix.Of<MeanKernelAnalyzer, MeanKernelFix>(
            Source.Replace("MEAN", "{|CG0003:color.weight.mean([1])|}.unsqueeze(1)"),
            Source.Replace("MEAN", "color.weight.sum([1]).unsqueeze(1)"));
    }

    [Theory]
    [InlineData("torchvision.transforms.functional.normalize({|CG0001:cat([x, x, x], 1)|}, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])")]
    [InlineData("torchvision.transforms.Normalize(new[] { 0.485, 0.456, 0.406 }, new[] { 0.229, 0.224, 0.225 }).call({|CG0001:x.repeat(1, 3, 1, 1)|})")]
    public async Task The_normalization_goes_into_the_conversion(string normalized)
    {
        string source = Usings + """
            public static class Program
            {
                public static double[] Numbers()
                {
                    manual_seed(7);
                    var net = torchvision.models.resnet18();
                    net.eval();
                    var x = rand(1, 1, 64, 64);
                    var y = IMAGE;
                    return [y.sum().item<float>(), y[0, 0].item<float>()];
                }
            }
            """;
        string before = source.Replace("IMAGE", "net.forward({|CG0004:" + normalized + "|})");
        string after = source.Replace("IMAGE", "net.ToGrayscale(new GrayscaleOptions { Normalization = new ChannelNormalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) }).forward(x)");
        await VerifyFix.Of<StackingAnalyzer, NormalizedStackFix>(before, after);
        VerifyFix.AssertSameNumbers(before, after);
    }

    [Theory]
    [InlineData("class {|CG1001:Net|}", "partial class Net")]
    [InlineData("public sealed class {|CG1001:Net|}", "public sealed partial class Net")]
    public Task A_marked_class_is_made_partial(string before, string after) => VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(Net("[GrayscaleInput]", before), Net("[GrayscaleInput]", after));

    [Fact]
    public Task The_types_around_it_are_made_partial() => VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(
        Net("[GrayscaleInput]", "partial class {|CG1002:Net|}").Replace("// outer", "class Outer\n{").Replace("// end", "}"),
        Net("[GrayscaleInput]", "partial class Net").Replace("// outer", "partial class Outer\n{").Replace("// end", "}"));

    [Theory]
    [InlineData("[{|CG1004:GrayscaleInput(\"conv9\")|}]")]
    [InlineData("[{|CG1005:GrayscaleInput(\"fc\")|}]")]
    [InlineData("[{|CG1005:GrayscaleInput(\"conv2\")|}]")]
    public Task A_layer_that_can_receive_the_image_is_named(string attribute) => VerifyFix.Of<MarkedClassAnalyzer, MarkedClassFix>(Net(attribute, "partial class Net"), Net("[GrayscaleInput(\"conv1\")]", "partial class Net"));

    private static string Net(string attribute, string declaration) => Usings + $$"""
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
