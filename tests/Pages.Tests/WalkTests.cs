using ChannelGen.Package.Tests;
using TorchSharp;
using TorchSharp.PyBridge;

namespace ChannelGen.Pages.Tests;

/// <summary>Pages that a newcomer follows from an empty folder, with the packages from a feed.</summary>
public sealed class WalkTests(Workplace workplace) : IClassFixture<Workplace>
{
    /// <summary>Commands that no test runs, and why.</summary>
    private static readonly Dictionary<string, string> NotRun = new()
    {
        ["dotnet test -c Release"] = "it runs this test",
        ["CI=true dotnet pack src/Runtime -c Release -o artifacts/packages"] = "Workplace packs the same into its own folder",
        ["CI=true dotnet pack src/PyBridge -c Release -o artifacts/packages"] = "NewcomersFolder packs the same into its own folder",
        ["CI=true dotnet pack src/Tool -c Release -o artifacts/packages"] = "The_tool packs the same into its own folder",
    };

    [Fact]
    public void The_readme() =>
        Follow(
            "README.md",
            command => command.StartsWith("dotnet run -c Release --project", StringComparison.Ordinal) || NotRun.ContainsKey(command)
        );

    [Fact]
    public void Getting_started() => Follow("docs/getting-started.md");

    [Fact]
    public void From_pytorch() => Follow("docs/from-pytorch.md");

    [Fact]
    public void F_sharp_and_visual_basic() => Follow("docs/fsharp-and-vb.md");

    [Fact]
    public void The_tool()
    {
        string folder = NewcomersFolder.Make(workplace, "tool");
        Workplace.Pack("src/Tool", workplace.Feed);
        MakeFiles(folder);

        // What is installed for the whole user goes to a home of its own.
        string home = Path.Combine(folder, "home");
        string tools = Path.Combine(home, ".dotnet", "tools");
        Walk.Of(
            Page.Read("docs/tool.md"),
            folder,
            command =>
                Run(folder, command.StartsWith("channelgen ", StringComparison.Ordinal) ? Path.Combine(tools, command) : command, home)
        );
    }

    [Fact]
    public void Every_other_command_is_run_by_ci()
    {
        string ci = File.ReadAllText(Path.Combine(Page.Root, ".ci", "run"));
        string[] walked = ["docs/getting-started.md", "docs/from-pytorch.md", "docs/fsharp-and-vb.md", "docs/tool.md"];
        string[] commands =
        [
            .. Page.All()
                .Where(page => !walked.Contains(page.Name))
                .SelectMany(page => page.Blocks)
                .Where(block => block.Language == "sh")
                .SelectMany(Walk.Commands)
                .Distinct(),
        ];
        string[] readme = [.. Page.Read("README.md").Blocks.Where(block => block.Language == "sh").SelectMany(Walk.Commands)];
        Assert.True(commands.Length >= 8);
        Assert.All(
            commands,
            command =>
                Assert.True(
                    NotRun.ContainsKey(command)
                        || ci.Contains(command, StringComparison.Ordinal)
                        || (readme.Contains(command) && !command.Contains("--project", StringComparison.Ordinal)),
                    command
                )
        );
    }

    private void Follow(string name, Func<string, bool>? isRunElsewhere = null)
    {
        string folder = NewcomersFolder.Make(workplace, Path.GetFileNameWithoutExtension(name));
        MakeFiles(folder);
        Walk.Of(
            Page.Read(name),
            folder,
            command =>
                isRunElsewhere?.Invoke(command) == true
                    ? new Result(0, "", "", command)
                    : Run(folder, command)
        );
    }

    private static Result Run(string folder, string command, string? home = null)
    {
        int space = command.IndexOf(' ');
        return Workplace
            .Run(folder, command[..space], command[(space + 1)..], home is null ? [] : [("DOTNET_CLI_HOME", home)])
            .AssertSucceeded();
    }

    /// <summary>What the pages say that their reader has: a gray image, and a checkpoint that PyTorch's format holds.</summary>
    private static void MakeFiles(string folder)
    {
        torch.manual_seed(4);
        using torch.Tensor pixels = torch.randint(0, 256, [1, 224, 224], torch.ScalarType.Byte);
        torchvision.io.write_image(pixels, Path.Combine(folder, "xray.png"), torchvision.ImageFormat.Png, new torchvision.io.SkiaImager());
        using var net = torchvision.models.resnet18(num_classes: 3);
        net.save_py(Path.Combine(folder, "resnet18.pth"));
    }
}
