using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

public class OtherRulesTests
{
    [Theory]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = new Parameter({|CG0003:conv.weight.mean(new long[] { 1 }, keepdim: true)|});")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.mean([1], keepdim: true)|});")]
    [InlineData("var gray = Conv2d(1, 8, 3); var m = {|CG0003:conv.weight.detach().mean([1], keepdim: true)|}; gray.weight.copy_(m);")]
    [InlineData(
        "var weight = conv.weight; var gray = Conv2d(1, 8, 3); gray.weight.set_({|CG0003:weight.mean([-3], keepdim: true)|}.clone());"
    )]
    [InlineData("var dict = net.state_dict(); dict[\"conv1.weight\"] = {|CG0003:dict[\"conv1.weight\"].mean([1], keepdim: true)|};")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.sum([1], keepdim: true));")]
    [InlineData("var m = conv.weight.mean([1], keepdim: true);")]
    [InlineData("var centered = conv.weight - conv.weight.mean([1, 2, 3], keepdim: true); conv.weight = Parameter(centered);")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(x.mean([1], keepdim: true));")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([2], keepdim: true));")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:torch.mean(conv.weight, [1], keepdim: true)|});")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight!.mean(new long[] { 1 }, true)|});")]
    [InlineData(
        "var gray = Conv2d(1, 8, 3); using (no_grad()) { gray.weight!.copy_({|CG0003:conv.weight!.mean(dimensions: new long[] { 1 }, keepdim: true)|}); }"
    )]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.mean([1])|}.unsqueeze(1));")]
    [InlineData(
        "var gray = Conv2d(1, 8, 3); const long Dim = 1; gray.weight = Parameter({|CG0003:conv.weight.mean([Dim], keepdim: true)|});"
    )]
    [InlineData(
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.cpu().mean([1], keepdim: true)|}.to(ScalarType.Float32));"
    )]
    [InlineData(
        "var first = net.state_dict(); var second = net.state_dict(); second[\"conv1.weight\"] = {|CG0003:first[\"conv1.weight\"].mean([1], keepdim: true)|};"
    )]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(3 * conv.weight.mean([1], keepdim: true));")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([1], keepdim: true) * 3);")]
    [InlineData("var wide = Conv2d(3, 8, 3); wide.weight = Parameter(conv.weight.mean([1], keepdim: true).expand(-1, 3, -1, -1));")]
    [InlineData("var wide = Conv2d(3, 8, 3); wide.weight = Parameter(conv.weight.mean([1], keepdim: true).repeat(1, 3, 1, 1));")]
    [InlineData("var linear = Linear(3, 8); linear.weight = Parameter(linear.weight.mean([1], keepdim: true));")]
    [InlineData("var gray = Conv2d(1, 8, 3); gray.bias = Parameter(conv.weight.mean([1], keepdim: true));")]
    [InlineData("Console.WriteLine(conv.weight.mean([1], keepdim: true));")]
    public Task The_mean_of_the_kernels(string statements) => Verify.Statements<MeanKernelAnalyzer>(statements);

    [Theory]
    [InlineData("var gray = net.ToGrayscale(); var a = gray.forward(x); var b = {|CG0005:net.forward(y)|};")]
    [InlineData("net.ToGrayscale(); if (n > 1) { {|CG0005:net.call(y)|}; }")]
    [InlineData("var b = net.forward(y); var gray = net.ToGrayscale(); var a = gray.forward(x);")]
    [InlineData("if (n > 1) { net.ToGrayscale(); } net.forward(y);")]
    [InlineData("net.ToGrayscale(); net = conv; net.forward(y);")]
    [InlineData("var gray = net.ToGrayscale(); gray.forward(x); gray.RestoreColor(); net.forward(y);")]
    [InlineData("net.ToGrayscale().forward(x); net.ToGrayscale().forward(y); net.eval();")]
    [InlineData("var gray = net.ToGrayscale(); foreach (var t in new[] { x, y }) { {|CG0005:net.forward(t)|}; }")]
    [InlineData("net.ToGrayscale(); Func<Tensor, Tensor> f = t => net.forward(t);")]
    [InlineData("foreach (var t in new[] { x, y }) { net.ToGrayscale().forward(t); } ")]
    [InlineData("using (var gray = net.ToGrayscale()) { gray.forward(x); } ")]
    [InlineData("var gray = net.ToGrayscale(); gray.Network.forward(x);")]
    [InlineData("var gray = net.ToGrayscale(); gray.ToColor(LumaCoefficients.Bt601); net.forward(y);")]
    [InlineData("var gray = n > 1 ? net.ToGrayscale() : null; net.forward(y);")]
    [InlineData("var other = net; net.ToGrayscale(); other = conv; other.forward(y);")]
    [InlineData("net.ToGrayscale(); var names = nameof(net.forward);")]
    [InlineData("try { net.ToGrayscale(); } catch (InvalidOperationException) { net.forward(y); }")]
    public Task A_color_network_after_its_conversion(string statements) => Verify.Statements<UsedAfterConversionAnalyzer>(statements);

    [Theory]
    [InlineData(
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; net.forward({|CG0004:rgb.sub(mean)|});"
    )]
    [InlineData("var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(3, 1, 1); var rgb = {|CG0004:{|CG0001:cat([x, x, x], 1)|} / std|};")]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).reshape(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|} / 255; var z = {|CG0004:rgb.div(std)|};"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; {|CG0004:rgb.div_(std)|}; net.forward(rgb);"
    )]
    [InlineData(
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, means: new[] { 0.485, 0.456, 0.406 }, stdevs: new[] { 0.229, 0.224, 0.225 })|});"
    )]
    [InlineData(
        "var pipeline = torchvision.transforms.Compose(torchvision.transforms.Resize(224), torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])); net.forward({|CG0004:pipeline.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; {|CG0004:rgb /= std|}; net.forward(rgb);"
    )]
    [InlineData("var rgb = {|CG0001:cat([x, x, x], 1)|} * ones(1, 3, 1, 1);")]
    [InlineData("var rgb = {|CG0001:cat([x, x, x], 1)|} * full(new long[] { 1, 3, 1, 1 }, 2);")]
    [InlineData("var rgb = {|CG0001:cat([x, x, x], 1)|} + y;")]
    [InlineData("var rgb = net.forward({|CG0001:cat([x, x, x], 1)|}) * tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1);")]
    public Task A_stack_that_is_normalized(string statements) =>
        Verify.Statements<StackingAnalyzer>(statements);
}
