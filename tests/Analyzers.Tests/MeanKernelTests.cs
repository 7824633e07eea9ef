using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0003: a gray kernel that is not the sum of the color kernels.</summary>
public class MeanKernelTests
{
    [Theory]
    [InlineData(
        "the mean as a new parameter",
        "var gray = Conv2d(1, 8, 3); gray.weight = new Parameter({|CG0003:conv.weight.mean(new long[] { 1 }, keepdim: true)|});"
    )]
    [InlineData(
        "the mean as a parameter by the function",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.mean([1], keepdim: true)|});"
    )]
    [InlineData(
        "the mean in a local, copied into the weight",
        "var gray = Conv2d(1, 8, 3); var m = {|CG0003:conv.weight.detach().mean([1], keepdim: true)|}; gray.weight.copy_(m);"
    )]
    [InlineData(
        "counted from the back, and cloned",
        "var weight = conv.weight; var gray = Conv2d(1, 8, 3); gray.weight.set_({|CG0003:weight.mean([-3], keepdim: true)|}.clone());"
    )]
    [InlineData(
        "an entry of a state_dict",
        "var dict = net.state_dict(); dict[\"conv1.weight\"] = {|CG0003:dict[\"conv1.weight\"].mean([1], keepdim: true)|};"
    )]
    [InlineData(
        "the mean by torch",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:torch.mean(conv.weight, [1], keepdim: true)|});"
    )]
    [InlineData(
        "keepdim by its place",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight!.mean(new long[] { 1 }, true)|});"
    )]
    [InlineData(
        "named arguments",
        "var gray = Conv2d(1, 8, 3); using (no_grad()) { gray.weight!.copy_({|CG0003:conv.weight!.mean(dimensions: new long[] { 1 "
            + "}, keepdim: true)|}); }"
    )]
    [InlineData(
        "the channel is put back",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.mean([1])|}.unsqueeze(1));"
    )]
    [InlineData(
        "a constant dimension",
        "var gray = Conv2d(1, 8, 3); const long Dim = 1; gray.weight = Parameter({|CG0003:conv.weight.mean([Dim], keepdim: true)|});"
    )]
    [InlineData(
        "moved before and converted after",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.cpu().mean([1], keepdim: true)|}.to(ScalarType.Float32));"
    )]
    [InlineData(
        "from one state_dict to another",
        "var first = net.state_dict(); var second = net.state_dict(); "
            + "second[\"conv1.weight\"] = {|CG0003:first[\"conv1.weight\"].mean([1], keepdim: true)|};"
    )]
    public Task Wrong_kernels(string reason, string statements) => Verify.Row<MeanKernelAnalyzer>(reason, statements);

    [Theory]
    [InlineData("the sum is right", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.sum([1], keepdim: true));")]
    [InlineData("the mean goes nowhere", "var m = conv.weight.mean([1], keepdim: true);")]
    [InlineData(
        "the mean over all but the outputs centers a kernel",
        "var centered = conv.weight - conv.weight.mean([1, 2, 3], keepdim: true); conv.weight = Parameter(centered);"
    )]
    [InlineData("the mean of an image", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(x.mean([1], keepdim: true));")]
    [InlineData("the mean over the height", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([2], keepdim: true));")]
    [InlineData(
        "three times the mean is the sum",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(3 * conv.weight.mean([1], keepdim: true));"
    )]
    [InlineData(
        "the mean times three is the sum",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([1], keepdim: true) * 3);"
    )]
    [InlineData(
        "a color kernel of equal channels by expand",
        "var wide = Conv2d(3, 8, 3); wide.weight = Parameter(conv.weight.mean([1], keepdim: true).expand(-1, 3, -1, -1));"
    )]
    [InlineData(
        "a color kernel of equal channels by repeat",
        "var wide = Conv2d(3, 8, 3); wide.weight = Parameter(conv.weight.mean([1], keepdim: true).repeat(1, 3, 1, 1));"
    )]
    [InlineData(
        "the weight of a linear layer",
        "var linear = Linear(3, 8); linear.weight = Parameter(linear.weight.mean([1], keepdim: true));"
    )]
    [InlineData("a bias", "var gray = Conv2d(1, 8, 3); gray.bias = Parameter(conv.weight.mean([1], keepdim: true));")]
    [InlineData("the mean is printed", "Console.WriteLine(conv.weight.mean([1], keepdim: true));")]
    public Task Silent(string reason, string statements) => Verify.Row<MeanKernelAnalyzer>(reason, statements);
}
