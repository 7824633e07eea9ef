namespace ChannelGen.Package.Tests;

/// <summary>The package as a stranger gets it: packed, restored from a feed, built, fixed, run.</summary>
public sealed class ConsumerTests(Workplace workplace) : IClassFixture<Workplace>
{
    [Fact]
    public void It_warns_fixes_generates_and_runs()
    {
        string program = workplace.Copy("tests/Consumer/Direct");
        Result build = Workplace.Dotnet(program, "build -c Release").AssertSucceeded();
        Assert.Equal(["CG0001 Program.cs:13", "CG0001 Program.cs:17"], build.Diagnostics);
        string before = Workplace.Dotnet(program, "run -c Release --no-build").AssertSucceeded().Output;
        Assert.Contains("refused", before);
        Assert.Contains("channels 4", before);

        Workplace.Dotnet(program, "format analyzers --diagnostics CG0001 --no-restore").AssertSucceeded();
        string source = File.ReadAllText(Path.Combine(program, "Program.cs"));
        Assert.Contains("resnet.AsGrayscale().forward(x)", source);
        Assert.Contains("lesions.AsGrayscale().call(x)", source);
        Assert.DoesNotContain("var rgb", source);

        Result rebuild = Workplace.Dotnet(program, "build -c Release").AssertSucceeded();
        Assert.Empty(rebuild.Diagnostics);
        Assert.Equal(before, Workplace.Dotnet(program, "run -c Release --no-build").AssertSucceeded().Output);
    }

    [Fact]
    public void It_works_through_another_library()
    {
        string program = workplace.Copy("tests/Consumer/ThroughLibrary");
        Result run = Workplace.Dotnet(Path.Combine(program, "App"), "run -c Release").AssertSucceeded();
        Assert.Contains("classes 4", run.Output);
        Assert.Contains("luma 1.0", run.Output);
    }

    [Fact]
    public void It_brings_TorchSharp_along() =>
        Assert.Contains("same", Workplace.Dotnet(workplace.Copy("tests/Consumer/NoTorch"), "run -c Release").AssertSucceeded().Output);
}
