using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Generator.Tests;

/// <summary>The generated text for each shape, compared with Baselines/; UPDATE_BASELINES=1 writes them anew.</summary>
public class BaselineTests
{
    public static TheoryData<string> Names => [.. Shapes.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_text_is_the_baselines_and_compiles_without_a_warning(string name)
    {
        Compilation output = Generation.Run(Generation.Compile(Source(name)), out GeneratorRunResult result);
        Generation.AssertClean(output);
        string text = string.Join("\n", result.GeneratedSources.Select(source => $"// {source.HintName}\n{source.SourceText}"));
        string tool = $"GeneratedCode(\"ChannelGen.Generator\", \"{ChannelGen.Analyzers.Product.Version}\")";
        Assert.Contains(tool, text);
        text = text.Replace(tool, "GeneratedCode(\"ChannelGen.Generator\", \"...\")");
        string path = Path.Combine(Root(), "tests", "Generator.Tests", "Baselines", $"{name}.generated.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_BASELINES") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_warning_under_any_language_version_with_nullable_on_or_off(string name)
    {
        foreach (LanguageVersion version in (LanguageVersion[])[LanguageVersion.CSharp12, LanguageVersion.Latest, LanguageVersion.Preview])
        {
            foreach (
                NullableContextOptions nullable in (NullableContextOptions[])[NullableContextOptions.Enable, NullableContextOptions.Disable]
            )
            {
                Compilation output = Generation.Run(Generation.Compile(version, nullable, Source(name)), out GeneratorRunResult result);
                Assert.NotEmpty(result.GeneratedSources);
                Assert.Empty(
                    output
                        .GetDiagnostics()
                        .Where(diagnostic =>
                            diagnostic.Severity is DiagnosticSeverity.Warning or DiagnosticSeverity.Error
                            && diagnostic.Location.SourceTree?.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) == true
                        )
                );
            }
        }
    }

    [Fact]
    public void Hint_names_are_short_and_their_own()
    {
        Generation.Run(Generation.Compile(Generation.Usings + Shapes.All["SameName"]), out GeneratorRunResult result);
        string[] names = [.. result.GeneratedSources.Select(source => source.HintName)];
        Assert.Equal(2, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.True(name.Length < 90));
    }

    internal static string Source(string name) => Generation.Usings + Shapes.All[name];

    private static string Root() =>
        typeof(BaselineTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
}
