using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The fix of CG0007: the program failed, and gives afterwards what it gives for the image stacked.</summary>
public class ImageChannelsFixTests
{
    private static string Program(string statements) =>
        $$"""
            using ChannelGen;
            using TorchSharp;
            using TorchSharp.Modules;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Net : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Net() : base("net") => RegisterComponents();

                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            public class Late : Module<Tensor, Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Late() : base("late") => RegisterComponents();

                public override Tensor forward(Tensor age, Tensor picture) => conv1.call(picture) * age;
            }

            public static class Program
            {
                public static double[] Numbers()
                {
                    manual_seed(7);
                    var x = rand(2, 1, 64, 64);
                    var age = rand(2, 1, 1, 1);
                    {{statements}}
                    return [y.square().sum().item<float>(), y.sum().item<float>()];
                }
            }
            """;

    [Theory]
    [InlineData(
        "a class of the program",
        "var net = new Net(); var y = net.forward(IMAGE);",
        "var net = new Net(); var y = net.AsGrayscale().forward(IMAGE);"
    )]
    [InlineData(
        "a network of torchvision",
        "var net = torchvision.models.resnet18(); net.eval(); var y = net.call(IMAGE);",
        "var net = torchvision.models.resnet18(); net.eval(); var y = net.AsGrayscale().call(IMAGE);"
    )]
    [InlineData(
        "a sequence",
        "var net = Sequential(Conv2d(3, 8, 3), ReLU()); var y = net.forward(IMAGE);",
        "var net = Sequential(Conv2d(3, 8, 3), ReLU()); var y = net.AsGrayscale().forward(IMAGE);"
    )]
    [InlineData(
        "a bare convolution",
        "var conv = Conv2d(3, 8, 3); var y = conv.forward(IMAGE);",
        "var conv = Conv2d(3, 8, 3); var y = conv.AsGrayscale().forward(IMAGE);"
    )]
    [InlineData(
        "the second parameter is the image",
        "var net = new Late(); var y = net.forward(age, IMAGE);",
        "var net = new Late(); var y = net.AsGrayscale(image: \"picture\").forward(age, IMAGE);"
    )]
    public async Task The_network_is_given_the_image_by_a_view(string reason, string before, string after)
    {
        Assert.NotEmpty(reason);
        string broken = Program(before.Replace("IMAGE", "{|CG0007:x|}", StringComparison.Ordinal));
        string mended = Program(after.Replace("IMAGE", "x", StringComparison.Ordinal));
        await VerifyFix.Of<ImageChannelsAnalyzer, ImageChannelsFix>(broken, mended);
        Assert.ThrowsAny<Exception>(() => VerifyFix.Run(broken));
        VerifyFix.AssertSameNumbers(Program(before.Replace("IMAGE", "x.expand(-1, 3, -1, -1)", StringComparison.Ordinal)), mended);
    }

    [Fact]
    public Task Nothing_is_offered_for_an_image_in_color() =>
        VerifyFix.None<ImageChannelsAnalyzer, ImageChannelsFix>(
            Program("var net = Conv2d(1, 8, 3); var y = net.forward({|CG0007:rand(2, 3, 8, 8)|});")
        );

    [Fact]
    public Task The_networks_of_another_project_of_the_solution_are_known_as_far_as_metadata_tells() =>
        VerifyFix.OfProjects<ImageChannelsAnalyzer, ImageChannelsFix>(
            """
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Net : Module<Tensor, Tensor>
            {
                private readonly TorchSharp.Modules.Conv2d conv1 = Conv2d(3, 4, 3);
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }
            """,
            [
                """
                using ChannelGen;
                using TorchSharp;
                using static TorchSharp.torch;

                public static class Program
                {
                    public static void Run(Net net)
                    {
                        net.forward(rand(2, 1, 8, 8));
                        torchvision.models.resnet18().forward({|CG0007:rand(2, 1, 64, 64)|});
                    }
                }
                """,
            ],
            [
                """
                using ChannelGen;
                using TorchSharp;
                using static TorchSharp.torch;

                public static class Program
                {
                    public static void Run(Net net)
                    {
                        net.forward(rand(2, 1, 8, 8));
                        torchvision.models.resnet18().AsGrayscale().forward(rand(2, 1, 64, 64));
                    }
                }
                """,
            ],
            equivalenceKey: null
        );
}
