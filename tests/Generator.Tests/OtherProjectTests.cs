using System.Reflection;
using ChannelGen.Analyzers.Rules;
using ChannelGen.Analyzers.Tests;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Generator.Tests;

/// <summary>
/// Marked classes whose base class, with the layers and the forward, lies in another project of the solution: in an editor the
/// generator sees its source, of which this project's compilation can give no model.
/// </summary>
public class OtherProjectTests
{
    /// <summary>Every shape and every unusual class that can be taken apart.</summary>
    public static TheoryData<string> Classes => [.. Sources.Keys];

    private static Dictionary<string, string> Sources { get; } =
        Shapes
            .All.Select(shape => (shape.Key, Source: shape.Value))
            .Concat(
                typeof(UnusualClassTests)
                    .GetMethod(nameof(UnusualClassTests.It_gets_its_wrapper))!
                    .GetCustomAttributes<InlineDataAttribute>()
                    .SelectMany(row => row.GetData(null!))
                    .Select(row =>
                        (
                            Key: (string)row[2],
                            Source: $"namespace Program\n{{\n{row[2]}\n}}".Replace("REST", UnusualClassTests.Rest, StringComparison.Ordinal)
                        )
                    )
            )
            .Where(entry => TwoProjects.Split(entry.Source, Generation.Usings, Generation.References) is not null)
            .ToDictionary(entry => entry.Key, entry => entry.Source);

    [Theory]
    [MemberData(nameof(Classes))]
    public async Task A_base_class_of_source_and_a_compiled_one_give_the_same_wrapper(string name)
    {
        TwoProjects projects = TwoProjects.Split(Sources[name], Generation.Usings, Generation.References)!;
        Answers source = await TwoProjects.Run(projects.FromSource, new MarkedClassAnalyzer());
        Answers metadata = await TwoProjects.Run(projects.FromMetadata, new MarkedClassAnalyzer());
        Assert.NotEmpty(source.Generated);
        Assert.Equal(metadata.Generated, source.Generated);
        Assert.Equal(metadata.Reports, source.Reports);
        Assert.Empty(source.Output.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }
}
