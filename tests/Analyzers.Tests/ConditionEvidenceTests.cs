using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>What the conditions around a stack say for and against a gray image.</summary>
public class ConditionEvidenceTests
{
    [Theory]
    [InlineData("an if asks for one channel, unbatched", "if (x.shape[0] == 1) { var s = {|CG0001:x.repeat(3, 1, 1)|}; }")]
    [InlineData("both conditions of an if", "if (x.dim() == 3 && x.size(0) == 1) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("what is left after an exit", "if (x.shape[0] != 1) return; var s = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("a switch expression over the size", "x = x.shape[0] switch { 1 => {|CG0001:x.repeat(3, 1, 1)|}, _ => x };")]
    [InlineData("a conditional expression asks for one channel", "var s = x.shape[1] == 1 ? {|CG0001:x.repeat(1, 3, 1, 1)|} : x;")]
    [InlineData("the other arm is for three channels", "var s = x.shape[1] == 3 ? x : {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("not three channels", "if (x.shape[1] != 3) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("fewer than three channels", "if (x.size(1) < 3) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a constant pattern", "if (x.shape[1] is 1) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a list pattern", "if (x.shape is [_, 1, _, _]) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("the size in a local", "long c = x.shape[1]; if (c == 1) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a switch over the size", "switch (x.shape[1]) { case 1: x = {|CG0001:x.repeat(1, 3, 1, 1)|}; break; }")]
    [InlineData(
        "a dimension that is put in where it is missing",
        "if (x.ndim == 3) { x = x.unsqueeze(1); } net.forward({|CG0001:x.repeat(1, 3, 1, 1)|});"
    )]
    [InlineData("a list pattern, unbatched", "if (x.shape is [1, _, _]) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("a list pattern with the rest left open", "if (x.shape is [1, ..]) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("the first size in a local", "long c = x.shape[0]; if (c == 1) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("the condition in a local", "bool gray = x.shape[0] == 1; var s = gray ? {|CG0001:x.repeat(3, 1, 1)|} : x;")]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("an if asks for three channels", "if (x.shape[1] == 3) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("an if asks for five dimensions", "if (x.dim() == 5) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("an if asks for two dimensions", "if (x.dim() == 2) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("an if asks for 64 channels", "if (x.shape[1] == 64) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("a list pattern asks for three channels", "if (x.shape is [_, 3, _, _]) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("a list pattern asks for two dimensions", "if (x.shape is [_, _]) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("the size in a local is three", "long c = x.shape[1]; if (c == 3) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData(
        "the condition in a local asks for three channels",
        "bool color = x.shape[1] == 3; if (color) { var s = x.repeat(1, 3, 1, 1); }"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);
}
