using Microsoft.CodeAnalysis;

namespace ChannelGen.Pages.Tests;

/// <summary>On each rule's page the rule reports the example before, and not the example after.</summary>
public class RulePageTests
{
    private static readonly Dictionary<string, Page> Pages = Page.All()
        .Where(page => page.Name.StartsWith("docs/rules/", StringComparison.Ordinal))
        .ToDictionary(page => Path.GetFileNameWithoutExtension(page.Name));

    public static TheoryData<string> Ids => [.. Pages.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task The_rule_reports_the_example_before_and_not_the_one_after(string id)
    {
        Page page = Pages[id];
        Block[] options = [.. page.Blocks.Where(block => block.Language == "ini")];
        if (options.Length == 2)
        {
            Assert.True(await AreRefused(options[0]));
            Assert.False(await AreRefused(options[1]));
            return;
        }

        Example[] examples = [.. Example.Of(page)];
        Assert.Equal(2, examples.Length);
        string[] before = await Compiler.Warnings(Compiler.Compile(examples[0]));
        string[] after = await Compiler.Warnings(Compiler.Compile(examples[1]));
        Assert.Contains(before, warning => warning.StartsWith(id, StringComparison.Ordinal));
        Assert.Empty(after);
    }

    [Fact]
    public async Task The_options_on_the_other_pages_are_understood()
    {
        IEnumerable<Page> others = Page.All().Where(page => !page.Name.StartsWith("docs/rules/", StringComparison.Ordinal));
        foreach (Block block in others.SelectMany(page => page.Blocks))
        {
            Assert.False(block.Language == "ini" && await AreRefused(block), block.Text);
        }
    }

    /// <summary>Options are read where a program stacks.</summary>
    private static async Task<bool> AreRefused(Block options)
    {
        Compilation program = Compiler.Compile(
            "using TorchSharp; class Program { torch.Tensor Stack(torch.Tensor x) => x.repeat(1, 3, 1, 1); }",
            "options"
        );
        return (await Compiler.Warnings(program, options.Text)).Any(warning => warning.StartsWith("CG0006", StringComparison.Ordinal));
    }
}
