using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>What rank and sizes say for and against a gray image.</summary>
public class ShapeEvidenceTests
{
    [Theory]
    [InlineData("channels last by the view", "var t = x.view(n, h, w, 1); var s = {|CG0001:torch.cat([t, t, t], 3)|};")]
    [InlineData("one channel that was selected and put back", "var s = {|CG0001:x.select(1, 0).unsqueeze(1).repeat(1, 3, 1, 1)|};")]
    [InlineData("reshape to one channel", "var s = {|CG0001:x.reshape(-1, 1, 28, 28).expand(-1, 3, -1, -1)|};")]
    [InlineData("a channel that was just put in", "var s = {|CG0001:x.unsqueeze(1).repeat(1, 3, 1, 1)|};")]
    [InlineData("made with one channel", "var t = rand(8, 1, 28, 28); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("an unbatched image by unsqueeze", "var g = x.unsqueeze(0); g = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("a parameter that unsqueeze made an image", "x = x.unsqueeze(0); x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("channels last by unsqueeze", "var t = x.unsqueeze(-1); var s = {|CG0001:torch.cat([t, t, t], -1)|};")]
    [InlineData("one channel by a view", "var s = {|CG0001:x.view(-1, 1, 28, 28).expand(-1, 3, 28, 28)|};")]
    [InlineData("one channel by narrow", "var s = {|CG0001:x.narrow(1, 0, 1).repeat(1, 3, 1, 1)|};")]
    [InlineData("one channel by slice", "var s = {|CG0001:x.slice(1, 0, 1, 1).repeat(1, 3, 1, 1)|};")]
    [InlineData("one channel by a range", "var g = x[.., 0..1]; var s = {|CG0001:g.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "two unsqueezes of something of unknown rank",
        "var t = x.unsqueeze(0).unsqueeze(0); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a matrix from an array, made an image",
        "var t = torch.from_array(new float[28, 28]).unsqueeze(0).unsqueeze(0); var s = {|CG0001:t.expand(-1, 3, -1, -1)|};"
    )]
    [InlineData("an unbatched image by its making", "var t = torch.zeros(1, 28, 28); var s = {|CG0001:t.expand(3, 28, 28)|};")]
    [InlineData("stack of a batch without channels", "var t = x.view(n, 28, 28); var s = {|CG0001:torch.stack([t, t, t], 1)|};")]
    [InlineData(
        "the mean without the channels, which are put back",
        "var t = x.mean(new long[] { 1 }).unsqueeze(1); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "one channel selected and put back, in a local",
        "var t = x.select(1, 0).unsqueeze(1); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "one channel by a view after squeeze",
        "var t = x.squeeze().view(n, 1, 28, 28); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "a decoder's features as an image by a view",
        "var t = Linear(8, 784).call(y).view(-1, 1, 28, 28); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("stack of a matrix", "var t = x.view(28, 28); var s = {|CG0002:torch.stack([t, t, t])|};")]
    [InlineData("unsqueeze of something of unknown rank", "var t = x.unsqueeze(0); var s = {|CG0002:torch.cat([t, t, t])|};")]
    [InlineData("a last dimension of something of unknown rank", "var t = x.unsqueeze(-1); var s = {|CG0002:t.repeat(1, 1, 3)|};")]
    public Task Perhaps(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("made with three channels", "var s = torch.rand(1, 3, 224, 224).repeat(1, 3, 1, 1);")]
    [InlineData(
        "made with three channels, under two names",
        "var t = torch.rand(1, 3, 224, 224); var u = t; var s = torch.cat([t, u, t], 1);"
    )]
    [InlineData("a sequence by the view", "var t = y.view(4, 1, 8); var s = torch.cat([t, t, t], 1);")]
    [InlineData("stack of an image with a batch makes five dimensions", "var t = y.view(4, 1, 8, 8); torch.stack([t, t, t], dim: 1);")]
    [InlineData("two channels by narrow", "var s = x.narrow(1, 0, 2).repeat(1, 3, 1, 1);")]
    [InlineData("three channels by reshape", "var s = x.reshape(-1, 3, 28, 28).repeat(1, 3, 1, 1);")]
    [InlineData(
        "three channels by a model",
        "var t = torch.zeros([1, 3, 8, 8]); var u = torch.ones_like(t); var s = u.expand(-1, 3, -1, -1);"
    )]
    [InlineData("made with three channels, times ones", "var s = rand(1, 3, 8, 8) * torch.ones(1, 3, 1, 1);")]
    [InlineData("two channels by cat", "var two = torch.cat([x, y], 1); var s = two.repeat(1, 3, 1, 1);")]
    [InlineData("two images by stack", "var two = torch.stack([x, y], 1); var s = two.repeat(1, 3, 1, 1);")]
    [InlineData("two copies are three times two channels", "var s = x.repeat(1, 2, 1, 1).repeat(1, 3, 1, 1);")]
    [InlineData("two channels by cat, expanded", "var s = torch.cat([x, x], 1).expand(-1, 3, -1, -1);")]
    [InlineData("three channels by a view", "var s = x.repeat(1, n, 1, 1).view(1, 3, 8, 8).repeat(1, 3, 1, 1);")]
    [InlineData("flattened", "var f = x.flatten(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData("the mean over height and width", "var f = x.mean([2, 3]); var s = torch.cat([f, f, f], 1);")]
    [InlineData("the mean without the channels", "var f = x.mean(new long[] { 1 }); var s = torch.cat([f, f, f], 1);")]
    [InlineData("squeezed", "var f = x.squeeze(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData("one channel selected", "var f = x.select(1, 0); var s = torch.cat([f, f, f], 1);")]
    [InlineData("one image of a batch", "var f = x[0]; var s = torch.cat([f, f, f], 1);")]
    [InlineData("made with five dimensions", "var t = torch.rand(new long[] { 2, 1, 4, 8, 8 }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("made with two dimensions", "var t = torch.zeros(n, 128); var s = torch.cat([t, t, t], 1);")]
    [InlineData("made with 64 channels", "var t = torch.zeros(new long[] { n, 64, h, w }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("a batch of three without channels", "var s = torch.rand(3, 1, 1).repeat(1, 3, 1, 1).repeat(1, 3, 1, 1);")]
    [InlineData("three dimensions by reshape", "var t = x.transpose(1, 3).reshape(n, 64, -1); var s = torch.cat([t, t, t], 1);")]
    [InlineData("three channels by an addition", "var p = torch.zeros(1, 3, 8, 8); p = p + x; var s = p.repeat(1, 3, 1, 1);")]
    [InlineData("three images by stack", "var t = torch.stack([x, y, x], 1); var s = torch.cat([t, t, t], 1);")]
    [InlineData("three dimensions by a view", "var s = x.view(n, 1, 64).expand(-1, 3, -1);")]
    [InlineData("one channel taken away by an index", "var t = rand(8, 1, 28, 28); var f = t[.., 0]; var s = torch.cat([f, f, f], 1);")]
    [InlineData(
        "the dimensions of a mean in an array that changes",
        "var d = new long[] { n }; d[0] = 3; var f = x.mean(d); var s = torch.cat([f, f, f], 1);"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);
}
