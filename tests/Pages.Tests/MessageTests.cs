using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Pages.Tests;

/// <summary>The messages that troubleshooting quotes are those that people see.</summary>
public class MessageTests
{
    /// <summary>What cannot be made to fail on a host where TorchSharp loads: its own words, from its sources and its loader's.</summary>
    private static readonly string[] OfLoading = ["LibTorchSharp", "GLIBCXX_3.4.32", "doesn't contain a reference to libtorch"];

    [Fact]
    public void They_are_thrown_as_they_are_quoted()
    {
        string[] thrown =
        [
            Message(() => nn.functional.conv2d(zeros(1, 1, 224, 224), zeros(64, 3, 7, 7))),
            Message(() => nn.functional.conv2d(zeros(1, 3, 224, 224), zeros(64, 1, 7, 7))),
            Message(() => nn.Conv2d(3, 8, 3).forward(zeros(1, 1, 8, 8))),
            Message(() => nn.Conv2d(1, 8, 3).forward(zeros(1, 3, 8, 8))),
            Message(StepAfterConversion),
        ];
        string[] quoted =
        [
            .. Page.Read("docs/troubleshooting.md")
                .Blocks.Where(block => block.Directive == "message")
                .SelectMany(block => block.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
        ];
        Assert.Equal(thrown.Length + OfLoading.Length, quoted.Length);
        Assert.All(
            quoted,
            line =>
                Assert.True(
                    Array.Exists(OfLoading, part => line.Contains(part, StringComparison.Ordinal))
                        || Array.Exists(thrown, message => message.Contains(line, StringComparison.Ordinal)),
                    $"'{line}' is none of these:\n{string.Join('\n', thrown)}"
                )
        );
    }

    private static string Message(Action fails) => Assert.ThrowsAny<Exception>(fails).Message;

    private static void StepAfterConversion()
    {
        using nn.Module<Tensor, Tensor> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU());
        using var optimizer = optim.Adam(net.parameters());
        net.forward(rand(1, 3, 8, 8)).sum().backward();
        optimizer.step();
        net.ToGrayscale();
        net.forward(rand(1, 1, 8, 8)).sum().backward();
        optimizer.step();
    }
}
