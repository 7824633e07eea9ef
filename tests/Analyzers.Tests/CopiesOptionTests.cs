using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The option that says which numbers of copies count.</summary>
public class CopiesOptionTests
{
    [Theory]
    [InlineData("2", "var s = {|CG0001:torch.cat([x, x], 1)|}; var t = torch.cat([x, x, x], 1);")]
    [InlineData("2, 3", "var s = {|CG0001:torch.cat([x, x], 1)|}; var t = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("4", "var s = {|CG0001:x.expand(-1, 4, -1, -1)|};")]
    public Task The_option_copies_says_which_numbers_count(string copies, string statements) =>
        Verify.Program<StackingAnalyzer>(
            $$"""class P { void Run(Tensor x) { {{statements}} } }""",
            $"dotnet_code_quality.CG0001.copies = {copies}"
        );

    [Theory]
    [InlineData("three")]
    [InlineData("1")]
    [InlineData("3,,2")]
    [InlineData("-3")]
    public Task A_bad_option_is_reported_once_and_ignored(string copies) =>
        Verify.Program<StackingAnalyzer>(
            "class P { void Run(Tensor x) { var s = {|CG0001:x.repeat(1, 3, 1, 1)|}; var t = {|CG0001:x.repeat(1, 3, 1, 1)|}; } }",
            $"dotnet_code_quality.CG0001.copies = {copies}",
            [
                new Microsoft.CodeAnalysis.Testing.DiagnosticResult(
                    "CG0006",
                    Microsoft.CodeAnalysis.DiagnosticSeverity.Warning
                ).WithArguments(Options.CopiesKey, copies),
            ]
        );
}
