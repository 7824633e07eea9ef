using System.Reflection;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The presets of the package, build/presets, list every rule; UPDATE_BASELINES=1 writes them.</summary>
public class PresetTests
{
    [Theory]
    [InlineData("error")]
    [InlineData("suggestion")]
    [InlineData("none")]
    public void A_preset_gives_every_rule_its_severity(string severity)
    {
        IEnumerable<string> rules = typeof(Descriptors)
            .GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => field.GetValue(null))
            .OfType<DiagnosticDescriptor>()
            .Select(rule => $"dotnet_diagnostic.{rule.Id}.severity = {severity}\n")
            .Order(StringComparer.Ordinal);

        // Lower than the level of a project's own files, so that those count more.
        string expected = "is_global = true\nglobal_level = -1\n\n" + string.Concat(rules);
        string root = typeof(PresetTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
        string path = Path.Combine(root, "build", "presets", $"{severity}.globalconfig");
        if (Environment.GetEnvironmentVariable("UPDATE_BASELINES") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }
}
