using ChannelGen.Package.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Pages.Tests;

/// <summary>The command channelgen on files that are good and on files that are not.</summary>
public sealed class ToolTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tool-").FullName;

    public ToolTests() => WeightFiles.Make(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("lesion.dat", "gray.safetensors")]
    [InlineData("lesion.pth", "gray.dat")]
    [InlineData("lesion.safetensors", "gray.pth")]
    [InlineData("lesion-own.dat", "gray.dat")]
    public void It_converts_from_format_to_format_and_back(string color, string gray)
    {
        Assert.Equal(0, Tool($"convert {color} {gray} --to gray").ExitCode);
        Assert.Contains("lesion.dat in gray", Tool($"verify {gray} lesion.dat").AssertSucceeded().Output);
        Tool($"convert {gray} back.dat --to color --luma average").AssertSucceeded();
        Assert.Contains("are of one network", Tool($"verify back.dat {gray}").AssertSucceeded().Output);
        Assert.Contains("the same: 4 entries", Tool($"verify {color} lesion.dat").AssertSucceeded().Output);

        // Spread kernels are other ones than the original's.
        Result different = Tool("verify back.dat lesion.dat");
        Assert.Equal(1, different.ExitCode);
        Assert.Contains("conv1.weight: differs by up to", different.Output);
    }

    [Fact]
    public void A_script_is_converted_with_its_code()
    {
        Assert.Contains("conv1.weight  Float32  [8, 3, 3, 3]", Tool("inspect lesion.pt").AssertSucceeded().Output);
        Tool("convert lesion.pt gray.pt --to gray").AssertSucceeded();
        Assert.Contains("are of one network", Tool("verify lesion.pth gray.pt").AssertSucceeded().Output);
        using Tensor image = rand(2, 1, 16, 16);
        using jit.ScriptModule<Tensor, Tensor> color = jit.load<Tensor, Tensor>(In("lesion.pt"));
        using jit.ScriptModule<Tensor, Tensor> gray = jit.load<Tensor, Tensor>(In("gray.pt"));
        Assert.True((color.call(image.repeat(1, 3, 1, 1)) - gray.call(image)).abs().max().item<float>() < 1e-4);
        Tool("convert gray.pt back.pt --to color").AssertSucceeded();
        Assert.Contains("[8, 3, 3, 3]", Tool("inspect back.pt").AssertSucceeded().Output);
    }

    [Fact]
    public void A_normalized_conversion_loads_into_the_network_and_answers_as_the_stacked_image()
    {
        Tool("convert lesion.pth gray.dat --to gray --normalize imagenet").AssertSucceeded();
        Assert.Equal(1, Tool("verify lesion.pth gray.dat").ExitCode);
        Tool("verify lesion.pth gray.dat --normalize imagenet").AssertSucceeded();
        using var color = new Small();
        color.load(In("lesion.dat"));
        GrayscaleModule<Tensor, Tensor> gray = new Small().ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        gray.load(In("gray.dat"));
        using Tensor image = rand(2, 1, 16, 16);
        using Tensor normalized = torchvision.transforms.functional.normalize(
            image.repeat(1, 3, 1, 1),
            [0.485, 0.456, 0.406],
            [0.229, 0.224, 0.225]
        );
        Assert.True((color.call(normalized) - gray.call(image)).abs().max().item<float>() < 1e-4);
    }

    [Theory]
    [InlineData("convert missing.dat out.dat --to gray", "there is no such file")]
    [InlineData("convert . out.dat --to gray", "it is a folder")]
    [InlineData("convert empty.dat out.dat --to gray", "empty.dat")]
    [InlineData("convert cut.dat out.dat --to gray", "cut.dat")]
    [InlineData("convert cut.pth out.dat --to gray", "cut.pth")]
    [InlineData("convert cut.pt out.dat --to gray", "cut.pt")]
    [InlineData("convert cut.safetensors out.dat --to gray", "cut.safetensors")]
    [InlineData("convert text.pth out.dat --to gray", "text.pth")]
    [InlineData("convert lesion.dat out.onnx --to gray", "its ending says no format; wanted .dat")]
    [InlineData("convert lesion.dat out.dat --to gray --layer conv9", "has no 'conv9.weight'")]
    [InlineData("convert lesion.dat out.dat --to color", "no kernel has 1 input channel")]
    [InlineData("convert two.dat out.dat --to gray", "2 kernels have 3 input channels, for example 'left', 'right'")]
    [InlineData("convert lesion.dat out.dat --to color --normalize imagenet", "--normalize goes with --to gray")]
    [InlineData("convert lesion.dat out.dat", "--to")]
    [InlineData("convert lesion.dat out.dat --to sepia", "sepia")]
    [InlineData("inspect cut.dat", "cut.dat")]
    [InlineData("verify lesion.dat cut.pth", "cut.pth")]
    public void What_is_wrong_is_told_in_one_line_and_the_target_is_as_it_was(string command, string expected)
    {
        File.WriteAllText(In("empty.dat"), "");
        File.WriteAllText(In("text.pth"), "this is no checkpoint at all, but it is long enough to look like one");
        foreach (string ending in (string[])["dat", "pth", "pt", "safetensors"])
        {
            byte[] whole = File.ReadAllBytes(In($"lesion.{ending}"));
            File.WriteAllBytes(In($"cut.{ending}"), whole[..(whole.Length / 2)]);
        }

        using (var two = nn.Sequential(("left", nn.Conv2d(3, 4, 3)), ("right", nn.Conv2d(3, 4, 3))))
        {
            two.save(In("two.dat"));
        }

        File.WriteAllText(In("out.dat"), "as it was");
        int files = Directory.GetFiles(folder).Length;
        Result result = Tool(command);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(
            expected,
            Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        );
        Assert.Equal("as it was", File.ReadAllText(In("out.dat")));
        Assert.Equal(files, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void It_has_help_and_a_version()
    {
        Assert.Contains("inspect", Tool("--help").AssertSucceeded().Output);
        Assert.Contains("--normalize", Tool("convert --help").AssertSucceeded().Output);
        Assert.StartsWith("0.", Tool("--version").AssertSucceeded().Output);
        Assert.Contains("Kernels of three input channels: conv1", Tool("inspect lesion.pth").AssertSucceeded().Output);
    }

    private string In(string name) => Path.Combine(folder, name);

    private Result Tool(string arguments) =>
        Workplace.Run(
            folder,
            "dotnet",
            $"\"{Path.Combine(Page.Root, "src", "Tool", "bin", Workplace.Metadata("Configuration"), "net8.0", "ChannelGen.Tool.dll")}\" "
                + $"{arguments}"
        );

    private sealed class Small : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Conv2d conv1 = nn.Conv2d(3, 8, 3, 2, 1);
        private readonly TorchSharp.Modules.Linear fc = nn.Linear(8, 4);

        public Small()
            : base("Small") => RegisterComponents();

        public override Tensor forward(Tensor image) => fc.call(conv1.call(image).relu().mean([2, 3]));
    }
}
