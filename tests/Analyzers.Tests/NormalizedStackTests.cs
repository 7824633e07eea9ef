using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0004: a stack that is normalized per channel.</summary>
public class NormalizedStackTests
{
    [Theory]
    [InlineData(
        "a mean in a batch, subtracted by a method",
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "net.forward({|CG0004:rgb.sub(mean)|});"
    )]
    [InlineData(
        "stds without a batch",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(3, 1, 1); var rgb = {|CG0004:{|CG0001:cat([x, x, x], 1)|} / std|};"
    )]
    [InlineData(
        "divided by a method after a scale",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).reshape(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|} / 255; "
            + "var z = {|CG0004:rgb.div(std)|};"
    )]
    [InlineData(
        "divided in place",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; "
            + "{|CG0004:rgb.div_(std)|}; net.forward(rgb);"
    )]
    [InlineData(
        "normalize with named arguments",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, "
            + "means: new[] { 0.485, 0.456, 0.406 }, stdevs: new[] { 0.229, 0.224, 0.225 })|});"
    )]
    [InlineData(
        "a pipeline that ends with Normalize",
        "var pipeline = torchvision.transforms.Compose(torchvision.transforms.Resize(224), "
            + "torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])); "
            + "net.forward({|CG0004:pipeline.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "a compound assignment",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; "
            + "{|CG0004:rgb /= std|}; net.forward(rgb);"
    )]
    [InlineData(
        "normalize of three numbers",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = {|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, "
            + "0.406], [0.229, 0.224, 0.225])|};"
    )]
    [InlineData(
        "the transform Normalize",
        "var norm = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]); "
            + "net.forward({|CG0004:norm.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "a mean in a batch",
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); "
            + "var rgb = {|CG0004:{|CG0001:x.expand(-1, 3, -1, -1)|} - mean|};"
    )]
    public Task Normalized(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("times ones", "var rgb = {|CG0001:cat([x, x, x], 1)|} * ones(1, 3, 1, 1);")]
    [InlineData("times equal numbers", "var rgb = {|CG0001:cat([x, x, x], 1)|} * full(new long[] { 1, 3, 1, 1 }, 2);")]
    [InlineData("another tensor is added", "var rgb = {|CG0001:cat([x, x, x], 1)|} + y;")]
    [InlineData(
        "after the network",
        "var rgb = net.forward({|CG0001:cat([x, x, x], 1)|}) * tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1);"
    )]
    [InlineData(
        "three equal numbers",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = torchvision.transforms.functional.normalize(rgb, [0.5, 0.5, 0.5], [0.5, "
            + "0.5, 0.5]);"
    )]
    [InlineData(
        "a gray image that is not stacked",
        "var t = torchvision.transforms.functional.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);"
    )]
    [InlineData("one number for all channels", "var rgb = {|CG0001:cat([x, x, x], 1)|} - 0.5;")]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);
}
