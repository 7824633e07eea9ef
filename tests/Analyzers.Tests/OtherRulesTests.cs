namespace ChannelGen.Analyzers.Tests;

public class OtherRulesTests
{
    [Theory]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = new Parameter({|CG0003:conv.weight.mean(new long[] { 1 }, keepdim: true)|});")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.mean([1], keepdim: true)|});")]
    [InlineData("var gray = Conv2d(1, 8, 3); var m = {|CG0003:conv.weight.detach().mean([1], keepdim: true)|}; gray.weight.copy_(m);")]
    [InlineData("var weight = conv.weight; var gray = Conv2d(1, 8, 3); gray.weight.set_({|CG0003:weight.mean([-3], keepdim: true)|}.clone());")]
    [InlineData("var dict = net.state_dict(); dict[\"conv1.weight\"] = {|CG0003:dict[\"conv1.weight\"].mean([1], keepdim: true)|};")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.sum([1], keepdim: true));")]
    [InlineData("var m = conv.weight.mean([1], keepdim: true);")]
    [InlineData("var centered = conv.weight - conv.weight.mean([1, 2, 3], keepdim: true); conv.weight = Parameter(centered);")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(x.mean([1], keepdim: true));")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([2], keepdim: true));")]
    public Task The_mean_of_the_kernels(string statements) => Verify.Statements<MeanKernelAnalyzer>(statements);

    [Theory]
    [InlineData("var gray = net.ToGrayscale(); var a = gray.forward(x); var b = {|CG0005:net.forward(y)|};")]
    [InlineData("net.ToGrayscale(); if (n > 1) { {|CG0005:net.call(y)|}; }")]
    [InlineData("var b = net.forward(y); var gray = net.ToGrayscale(); var a = gray.forward(x);")]
    [InlineData("if (n > 1) { net.ToGrayscale(); } net.forward(y);")]
    [InlineData("net.ToGrayscale(); net = conv; net.forward(y);")]
    [InlineData("var gray = net.ToGrayscale(); gray.forward(x); gray.RestoreColor(); net.forward(y);")]
    [InlineData("net.ToGrayscale().forward(x); net.ToGrayscale().forward(y); net.eval();")]
    public Task A_color_network_after_its_conversion(string statements) => Verify.Statements<UsedAfterConversionAnalyzer>(statements);
}
