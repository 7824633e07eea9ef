namespace ChannelGen.Package.Tests;

/// <summary>The README followed from an empty folder, by its own text.</summary>
public sealed class ReadmeTests(Workplace workplace) : IClassFixture<Workplace>
{
    /// <summary>What this test runs of the README's commands; the rest is in .ci/run.</summary>
    private static readonly string[] Executed =
    [
        "dotnet add package ChannelGen",
        "dotnet build",
        "dotnet format analyzers --diagnostics CG0001",
        "dotnet run",
    ];

    [Fact]
    public void Its_first_steps_work()
    {
        string readme = File.ReadAllText(Path.Combine(Workplace.RepositoryRoot, "README.md"));
        foreach (string command in Executed)
        {
            Assert.Contains($"\n{command}\n", readme);
        }

        string folder = workplace.Empty("readme");
        Workplace.Dotnet(folder, "new console").AssertSucceeded();
        Workplace.Dotnet(folder, "add package ChannelGen").AssertSucceeded();
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Example(readme));

        Result build = Workplace.Dotnet(folder, "build").AssertSucceeded();
        string diagnostic = Assert.Single(build.Diagnostics);
        int line =
            Array.FindIndex(
                File.ReadAllLines(Path.Combine(folder, "Program.cs")),
                text => text.Contains("// warning CG0001", StringComparison.Ordinal)
            ) + 1;
        Assert.Equal($"CG0001 Program.cs:{line}", diagnostic);
        string before = Workplace.Dotnet(folder, "run").AssertSucceeded().Output;

        Workplace.Dotnet(folder, "format analyzers --diagnostics CG0001").AssertSucceeded();
        Assert.Contains("net.AsGrayscale().forward(x)", File.ReadAllText(Path.Combine(folder, "Program.cs")));
        Assert.Empty(Workplace.Dotnet(folder, "build").AssertSucceeded().Diagnostics);
        Assert.Equal("5 classes", Workplace.Dotnet(folder, "run").AssertSucceeded().Output.Trim());
        Assert.Equal("5 classes", before.Trim());
    }

    [Fact]
    public void Every_command_of_the_documentation_is_executed()
    {
        string ci = File.ReadAllText(Path.Combine(Workplace.RepositoryRoot, ".ci", "run"));
        string[] pages =
        [
            Path.Combine(Workplace.RepositoryRoot, "README.md"),
            .. Directory.GetFiles(Path.Combine(Workplace.RepositoryRoot, "docs"), "*.md", SearchOption.AllDirectories),
        ];
        string[] commands =
        [
            .. pages
                .SelectMany(File.ReadAllLines)
                .Select(line => line.Trim())
                .Where(line => line.StartsWith("dotnet ", StringComparison.Ordinal))
                .Distinct(),
        ];
        Assert.True(commands.Length >= 8);
        Assert.All(commands, command => Assert.True(Executed.Contains(command) || ci.Contains(command, StringComparison.Ordinal), command));
    }

    private static string Example(string readme)
    {
        int start = readme.IndexOf("<!-- example -->", StringComparison.Ordinal);
        start = readme.IndexOf('\n', readme.IndexOf("```csharp", start, StringComparison.Ordinal)) + 1;
        return readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
    }
}
