namespace ChannelGen.Package.Tests;

/// <summary>A solution of three projects that dotnet format fixes, with both ids at once.</summary>
public sealed class FormatTests(Workplace workplace) : IClassFixture<Workplace>
{
    private const string Format = "format analyzers Stacking.sln --diagnostics CG0001 CG0004 --no-restore --verbosity normal";

    [Fact]
    public void A_solution_gives_the_same_numbers_and_a_second_run_changes_nothing()
    {
        string folder = workplace.Copy("tests/Consumer/Stacking");
        Workplace.Dotnet(folder, "new sln -n Stacking --format sln").AssertSucceeded();
        Workplace.Dotnet(folder, "sln add Networks Training App").AssertSucceeded();
        string[] stacks =
        [
            "CG0001 LesionNet.cs:31",
            "CG0001 Program.cs:13",
            "CG0001 Program.cs:26",
            "CG0001 Program.cs:34",
            "CG0001 Program.cs:39",
            "CG0001 Program.cs:42",
            "CG0001 Trainer.cs:29",
            "CG0001 Trainer.cs:40",
            "CG0004 Program.cs:34",
            "CG0004 Program.cs:39",
        ];
        Result build = Workplace.Dotnet(folder, "build -c Release").AssertSucceeded();
        Assert.Equal(stacks.Order(StringComparer.Ordinal), build.Diagnostics.Order(StringComparer.Ordinal));
        string before = Run(folder);

        Result first = Workplace.Dotnet(folder, Format).AssertSucceeded();
        Assert.DoesNotContain("Fix All", first.Output + first.Error);
        Dictionary<string, string> once = Sources(folder);
        Assert.Contains("net.AsGrayscale().forward(images)", once["Training/Trainer.cs"]);
        Assert.Contains("backbone.AsGrayscale().call(image)", once["Networks/LesionNet.cs"]);
        Assert.Contains("new PatientNet().AsGrayscale(image: \"image\").forward(ones(1), x)", once["App/Program.cs"]);
        Assert.Contains("trainer.Net.AsGrayscale().forward(color)", once["App/Program.cs"]);
        Assert.Contains("resnet.ToGrayscale(new GrayscaleOptions", once["App/Program.cs"]);
        Assert.DoesNotContain("ToRgb", once["App/Program.cs"]);

        Result rebuild = Workplace.Dotnet(folder, "build -c Release").AssertSucceeded();
        Assert.Equal(
            ["CG0001 Program.cs:14", "CG0001 Program.cs:40", "CG0001 Trainer.cs:40", "CG0004 Program.cs:40"],
            rebuild.Diagnostics.Order(StringComparer.Ordinal)
        );
        Assert.Equal(before, Run(folder));

        Workplace.Dotnet(folder, Format).AssertSucceeded();
        Assert.Equal(once, Sources(folder));
    }

    private static string Run(string folder) =>
        Workplace.Dotnet(Path.Combine(folder, "App"), "run -c Release --no-build").AssertSucceeded().Output;

    private static Dictionary<string, string> Sources(string folder) =>
        Directory
            .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .ToDictionary(path => path.Replace(Path.DirectorySeparatorChar, '/'), path => File.ReadAllText(Path.Combine(folder, path)));
}
