using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The rooms of the analyzers use what lies below them, and nothing above: see docs/architecture.md.</summary>
public class RoomsTests
{
    [Theory]
    [InlineData("src/Analyzers/Torch", "")]
    [InlineData("src/Analyzers/Tensors", "Torch")]
    [InlineData("src/Analyzers/Flow", "Tensors Torch")]
    [InlineData("src/Analyzers/Stacks", "Flow Tensors Torch")]
    [InlineData("src/Analyzers/Marked", "Flow Tensors Torch")]
    [InlineData("src/Analyzers/Rules", "Stacks Marked Flow Tensors Torch")]
    [InlineData("src/CodeFixes", "Stacks Marked Flow Tensors Torch")]
    [InlineData("src/Generator", "Marked Torch")]
    public void Arrows_go_down_only(string folder, string below)
    {
        string[] files = Directory.GetFiles(Path.Combine(RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories);
        string own = Path.GetFileName(folder);
        string[] allowed = [.. below.Split(' '), own];
        SyntaxTree[] trees =
        [
            .. files
                .Where(file => !Regex.IsMatch(file, @"[\\/](obj|bin)[\\/]"))
                .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file)),
        ];
        Assert.NotEmpty(trees);
        Assert.All(
            trees,
            tree =>
            {
                if (folder.StartsWith("src/Analyzers", StringComparison.Ordinal))
                {
                    var space = tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Single();
                    Assert.Equal($"ChannelGen.Analyzers.{own}", space.Name.ToString());
                }

                // Qualified names count as well as usings.
                string[] rooms =
                [
                    .. tree.GetRoot()
                        .DescendantNodes()
                        .OfType<QualifiedNameSyntax>()
                        .Select(name => Regex.Match(name.ToString(), @"^(global::)?ChannelGen\.Analyzers\.(\w+)$"))
                        .Where(match => match.Success)
                        .Select(match => match.Groups[2].Value),
                ];
                Assert.All(rooms, room => Assert.Contains(room, allowed));
            }
        );
    }

    private static string RepositoryRoot =>
        typeof(RoomsTests)
            .Assembly.GetCustomAttributes(typeof(System.Reflection.AssemblyMetadataAttribute), false)
            .Cast<System.Reflection.AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
}
