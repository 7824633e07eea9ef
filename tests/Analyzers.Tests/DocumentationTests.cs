using System.Reflection;
using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The documentation says what the descriptors say.</summary>
public class DocumentationTests
{
    private static readonly DiagnosticDescriptor[] Rules =
    [
        .. typeof(TorchAnalyzer)
            .Assembly.GetTypes()
            .Where(type => !type.IsAbstract && typeof(DiagnosticAnalyzer).IsAssignableFrom(type))
            .SelectMany(type => ((DiagnosticAnalyzer)Activator.CreateInstance(type)!).SupportedDiagnostics)
            .Distinct()
            .OrderBy(rule => rule.Id, StringComparer.Ordinal),
    ];

    [Fact]
    public void The_readmes_table_is_that_of_the_descriptors()
    {
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        string table = Table();
        const string Start = "<!-- rules: written by the tests with UPDATE_BASELINES=1 -->\n";
        const string End = "<!-- end of rules -->";
        int from = readme.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        int to = readme.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= Start.Length && to >= from, "The README has no place for the table.");
        if (Environment.GetEnvironmentVariable("UPDATE_BASELINES") == "1")
        {
            File.WriteAllText(Path.Combine(Root(), "README.md"), readme[..from] + table + readme[to..]);
            return;
        }

        Assert.Equal(table, readme[from..to]);
    }

    [Fact]
    public void The_readmes_numbers_are_those_of_the_benchmarks()
    {
        Assert.Equal(Measured("docs", "benchmarks.md"), Measured("README.md"));

        static string Measured(params string[] page) =>
            Assert.Single(
                File.ReadAllText(Path.Combine([Root(), .. page])).Split("\n\n"),
                paragraph => paragraph.StartsWith("Measured", StringComparison.Ordinal)
            );
    }

    [Fact]
    public void Every_rule_has_a_page_with_all_its_parts()
    {
        Assert.Equal(15, Rules.Length);
        foreach (DiagnosticDescriptor rule in Rules)
        {
            Assert.Equal($"{Product.DocumentationUrl}docs/rules/{rule.Id}.md", rule.HelpLinkUri);
            Assert.NotEmpty(rule.Description.ToString(System.Globalization.CultureInfo.InvariantCulture));
            string page = File.ReadAllText(Path.Combine(Root(), "docs", "rules", $"{rule.Id}.md"));
            Assert.StartsWith($"# {rule.Id}: {rule.Title}\n", page);
            Assert.Contains($"Severity: {rule.DefaultSeverity.ToString().ToLowerInvariant()}.", page);
            foreach (
                string part in (string[])["## Cause", "## Why", "## How to fix", "## When to suppress", "## Example", "Before:", "After:"]
            )
            {
                Assert.Contains(part + "\n", page);
            }
        }
    }

    [Fact]
    public void No_page_is_of_a_rule_that_does_not_exist() =>
        Assert.Equal(
            Rules.Select(rule => rule.Id),
            Directory.GetFiles(Path.Combine(Root(), "docs", "rules")).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)
        );

    private static string Table()
    {
        string[] fixable =
        [
            .. typeof(StackingFix)
                .Assembly.GetTypes()
                .Where(type => !type.IsAbstract && typeof(CodeFixProvider).IsAssignableFrom(type))
                .SelectMany(type => ((CodeFixProvider)Activator.CreateInstance(type)!).FixableDiagnosticIds),
        ];
        return string.Concat(
            Rules
                .Select(rule =>
                    $"| [{rule.Id}](docs/rules/{rule.Id}.md) | {rule.DefaultSeverity.ToString().ToLowerInvariant()} | {rule.Title} | "
                    + $"{(fixable.Contains(rule.Id) ? "yes" : "")} |\n"
                )
                .Prepend("| id | severity | what it reports | has a fix |\n|---|---|---|---|\n")
        );
    }

    private static string Root() =>
        typeof(DocumentationTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
}
