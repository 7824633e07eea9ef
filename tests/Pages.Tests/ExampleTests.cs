using Microsoft.CodeAnalysis;
using TorchSharp;

namespace ChannelGen.Pages.Tests;

/// <summary>The examples of the README and of docs compile, warn where they say so, run, and print what the page shows.</summary>
public sealed class ExampleTests : IDisposable
{
    private static readonly Dictionary<string, Example> Examples = Page.All()
        .Where(page => !page.Name.StartsWith("docs/rules/", StringComparison.Ordinal))
        .SelectMany(Example.Of)
        .ToDictionary(example => example.ToString());

    private readonly string before = Environment.CurrentDirectory;
    private readonly string folder = Directory.CreateTempSubdirectory("pages-").FullName;

    public ExampleTests()
    {
        Environment.CurrentDirectory = folder;
        WeightFiles.Make(folder);
        torch.manual_seed(1);
    }

    public static TheoryData<string> All => [.. Examples.Keys];

    public void Dispose()
    {
        Environment.CurrentDirectory = before;
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_example_runs_and_prints_what_the_page_shows(string name)
    {
        Example example = Examples[name];
        Compilation program = Compiler.Compile(example);
        Assert.Equal(example.MarkedWarnings(), await Compiler.Warnings(program));
        string output = Compiler.Run(program);
        if (example.Output is { } expected)
        {
            ExpectedOutput.AssertIs(expected, output, name);
        }
    }

    /// <summary>Every way on docs/weights.md leads to what the color network gives for the stacked image.</summary>
    [Fact]
    public void All_ways_for_weights_lead_to_the_same_network()
    {
        Example[] ways = [.. Examples.Values.Where(example => example.Page == "docs/weights.md").Skip(1)];
        Assert.Equal(6, ways.Length);
        foreach (Example way in ways)
        {
            string source = way.Source();
            string[] names = [.. ((string[])["again", "gray"]).Where(name => source.Contains($"var {name} =", StringComparison.Ordinal))];
            string given = source.Contains("pixels", StringComparison.Ordinal) ? "pixels" : "image";
            string check = $"""
                var color = new LesionNet();
                color.load("lesion-own.dat");
                var expected = color.call(image.expand(-1, 3, -1, -1));

                """;
            check += string.Concat(
                names.Select(name => $"Console.WriteLine((expected - {name}.call({given})).abs().max().item<float>() < 1e-5);\n")
            );
            Example checking = way with { Parts = [.. way.Parts, new Block("csharp", check, 1, "")] };
            Assert.Equal(string.Concat(names.Select(_ => $"True{Environment.NewLine}")), Compiler.Run(Compiler.Compile(checking)));
        }
    }

    [Fact]
    public void Every_block_is_of_a_kind_that_is_tested()
    {
        foreach (Page page in Page.All())
        {
            foreach (Block block in page.Blocks)
            {
                bool isTested = block.Language switch
                {
                    "csharp" => block.Directive is "" or "goes on" || IsOfWalk(block),
                    "text" => block.Directive is "output" or "message" or "layout",
                    "sh" or "ini" or Page.Setup => true,

                    // No Python with PyTorch is at hand where the tests run: they make the file that it would write.
                    "python" => page.Name is "docs/from-pytorch.md" or "docs/weights.md",
                    "xml" => IsOfWalk(block) || SetsPropertiesOfThePackage(block),
                    "fsharp" or "vb" => IsOfWalk(block),
                    _ => false,
                };
                Assert.True(isTested, $"{page.Name}:{block.Line} is of no kind that is tested: '{block.Language}', '{block.Directive}'.");
            }
        }
    }

    /// <summary>Lines for a project file: each property is one that the package's targets ask for.</summary>
    private static bool SetsPropertiesOfThePackage(Block block)
    {
        string targets = File.ReadAllText(Path.Combine(Page.Root, "build", "ChannelGen.targets"));
        return System.Xml.Linq.XElement.Parse(block.Text)
            .Elements()
            .All(property => targets.Contains($"'$({property.Name})'", StringComparison.Ordinal));
    }

    private static bool IsOfWalk(Block block) =>
        block.Directive.StartsWith("file: ", StringComparison.Ordinal)
        || block.Directive.StartsWith("add to: ", StringComparison.Ordinal)
        || block.Directive.StartsWith("now in: ", StringComparison.Ordinal);
}
