using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0003: a gray kernel that is not the sum of the color kernels, or a color kernel that is the gray one three times.</summary>
public class WrongKernelTests
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
    [InlineData(
        "the sum divided by three",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.sum([1], keepdim: true) / 3|});"
    )]
    [InlineData(
        "the sum divided by a method",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.sum(new long[] { 1 }, keepdim: true).div(3)|});"
    )]
    [InlineData(
        "the sum divided by the number of channels",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.sum([1], keepdim: true) / conv.weight.shape[1]|});"
    )]
    [InlineData(
        "the sum times a third",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.sum([1], keepdim: true) * (1 / 3.0)|});"
    )]
    [InlineData(
        "a sum in a local, divided by three",
        "var gray = Conv2d(1, 8, 3); var s = conv.weight.sum([1], keepdim: true); gray.weight = Parameter({|CG0003:s / 3f|});"
    )]
    [InlineData(
        "the sum without the channel, divided, which is put back",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:(conv.weight.sum([1]) / 3).unsqueeze(1)|});"
    )]
    [InlineData(
        "the three channels added and divided by three",
        "var gray = Conv2d(1, 8, 3); var k = conv.weight; "
            + "gray.weight = Parameter({|CG0003:(k[.., 0..1] + k[.., 1..2] + k[.., 2..3]) / 3|});"
    )]
    [InlineData(
        "an entry of a state_dict summed and divided",
        "var d = net.state_dict(); d[\"conv1.weight\"] = {|CG0003:d[\"conv1.weight\"].sum([1], keepdim: true) / 3|};"
    )]
    [InlineData("the first channel by a range", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight[.., 0..1]|});")]
    [InlineData(
        "the first channel by an index of torch",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight[TensorIndex.Colon, TensorIndex.Slice(0, 1)]|});"
    )]
    [InlineData(
        "the first channel by narrow",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.narrow(1, 0, 1)|}.clone());"
    )]
    [InlineData(
        "the green channel by slice",
        "var gray = Conv2d(1, 8, 3); using (no_grad()) gray.weight.copy_({|CG0003:conv.weight.slice(1, 1, 2, 1)|});"
    )]
    [InlineData(
        "the first channel selected and put back",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight.select(1, 0).unsqueeze(1)|});"
    )]
    [InlineData(
        "the first channel by an index, put back",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:conv.weight[.., 0].unsqueeze(1)|});"
    )]
    [InlineData(
        "the first channel in a local",
        "var gray = Conv2d(1, 8, 3); var first = {|CG0003:conv.weight.narrow(1, 0, 1)|}; gray.weight.set_(first);"
    )]
    [InlineData(
        "weights of luma in a tensor",
        "var gray = Conv2d(1, 8, 3); var luma = tensor(new[] { 0.299f, 0.587f, 0.114f }).view(1, 3, 1, 1); "
            + "gray.weight = Parameter({|CG0003:(conv.weight * luma).sum([1], keepdim: true)|});"
    )]
    [InlineData(
        "weights of luma, written out",
        "var gray = Conv2d(1, 8, 3); var k = conv.weight; "
            + "gray.weight = Parameter({|CG0003:0.299 * k[.., 0..1] + 0.587 * k[.., 1..2] + 0.114 * k[.., 2..3]|});"
    )]
    [InlineData(
        "a kernel as if it were an image",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter({|CG0003:torchvision.transforms.functional.rgb_to_grayscale(conv.weight)|});"
    )]
    public Task Are_wrong(string reason, string statements) => Verify.Row<WrongKernelAnalyzer>(reason, statements);

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
    [InlineData(
        "the sum, by adding the three channels",
        "var gray = Conv2d(1, 8, 3); var k = conv.weight; gray.weight = Parameter(k[.., 0..1] + k[.., 1..2] + k[.., 2..3]);"
    )]
    [InlineData(
        "the sum divided by another number",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.sum([1], keepdim: true) / 255);"
    )]
    [InlineData(
        "the sum of a sum that is divided again in place",
        "var gray = Conv2d(1, 8, 3); var s = conv.weight.sum([1], keepdim: true); s.mul_(2); gray.weight = Parameter(s / 3);"
    )]
    [InlineData(
        "the sum over the outputs divided by three",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.sum([0], keepdim: true) / 3);"
    )]
    [InlineData("a slice of activations", "var y1 = conv.forward(image)[.., 0..1]; net.forward(y1);")]
    [InlineData("a slice of an image", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(image[.., 0..1]);")]
    [InlineData("a slice of the outputs", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight[0..1]);")]
    [InlineData("a slice of several channels", "var two = Conv2d(2, 8, 3); two.weight = Parameter(conv.weight[.., 0..2]);")]
    [InlineData("a slice of height", "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight[.., .., 0..1]);")]
    [InlineData("a slice that goes nowhere", "var first = conv.weight.narrow(1, 0, 1); Console.WriteLine(first);")]
    [InlineData(
        "a slice of a kernel of 64 channels",
        "var wide = Conv2d(64, 8, 3); var gray = Conv2d(1, 8, 3); gray.weight = Parameter(wide.weight.narrow(1, 0, 1));"
    )]
    [InlineData(
        "the channels taken apart for three layers",
        "var r = Conv2d(1, 8, 3); var g = Conv2d(1, 8, 3); r.weight = Parameter(conv.weight.narrow(1, 0, 1)); "
            + "g.weight = Parameter(conv.weight.narrow(1, 1, 1));"
    )]
    [InlineData(
        "a channel by a number that is not known",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.narrow(1, n, 1));"
    )]
    [InlineData(
        "weights that do not sum to one",
        "var gray = Conv2d(1, 8, 3); var scale = tensor(new[] { 1f, 2f, 3f }).view(1, 3, 1, 1); "
            + "gray.weight = Parameter((conv.weight * scale).sum([1], keepdim: true));"
    )]
    [InlineData(
        "a normalization in the kernel",
        "var gray = Conv2d(1, 8, 3); var std = tensor(new[] { 4.4f, 4.5f, 4.4f }).view(1, 3, 1, 1); "
            + "gray.weight = Parameter((conv.weight * std).sum([1], keepdim: true));"
    )]
    [InlineData(
        "the mean of a kernel of 64 channels",
        "var wide = Conv2d(64, 8, 3); var gray = Conv2d(1, 8, 3); gray.weight = Parameter(wide.weight.mean([1], keepdim: true));"
    )]
    [InlineData(
        "a mean that is tripled in place",
        "var gray = Conv2d(1, 8, 3); var m = conv.weight.mean([1], keepdim: true); m.mul_(3); gray.weight = Parameter(m);"
    )]
    [InlineData(
        "a mean that is tripled in the layer",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.weight.mean([1], keepdim: true)); using (no_grad()) gray.weight.mul_(3);"
    )]
    [InlineData(
        "a mean of something that is no weight",
        "var gray = Conv2d(1, 8, 3); gray.weight = Parameter(conv.forward(image).mean([1], keepdim: true));"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<WrongKernelAnalyzer>(reason, statements);

    [Theory]
    [InlineData(
        "copied as it is by repeat",
        "var gray = Conv2d(1, 8, 3); conv.weight = Parameter({|CG0003:gray.weight.repeat(1, 3, 1, 1)|});"
    )]
    [InlineData(
        "copied as it is by cat",
        "var k = Conv2d(1, 8, 3).weight; conv.weight = Parameter({|CG0003:torch.cat([k, k, k], 1)|}.clone());"
    )]
    [InlineData(
        "copied as it is by expand in a state_dict",
        "var d = net.state_dict(); d[\"conv1.weight\"] = {|CG0003:d[\"conv1.weight\"].expand(-1, 3, -1, -1)|};"
    )]
    [InlineData(
        "copied as it is into the weight",
        "var gray = Conv2d(1, 8, 3); using (no_grad()) conv.weight.copy_({|CG0003:gray.weight.repeat_interleave(3, 1)|});"
    )]
    public Task Copies_are_wrong(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("copies divided by three", "var gray = Conv2d(1, 8, 3); conv.weight = Parameter(gray.weight.repeat(1, 3, 1, 1) / 3);")]
    [InlineData("copies divided by a method", "var k = Conv2d(1, 8, 3).weight; conv.weight = Parameter(torch.cat([k, k, k], 1).div(3));")]
    [InlineData(
        "copies divided in place",
        "var gray = Conv2d(1, 8, 3); var k = gray.weight.repeat(1, 3, 1, 1); k.div_(3); conv.weight = Parameter(k);"
    )]
    [InlineData(
        "copies divided in the layer",
        "var gray = Conv2d(1, 8, 3); conv.weight = Parameter(gray.weight.repeat(1, 3, 1, 1)); using (no_grad()) conv.weight.div_(3);"
    )]
    [InlineData(
        "a gray kernel divided, then copied",
        "var gray = Conv2d(1, 8, 3); conv.weight = Parameter((gray.weight / 3).repeat(1, 3, 1, 1));"
    )]
    [InlineData(
        "copies along the outputs",
        "var gray = Conv2d(1, 8, 3); var more = Conv2d(1, 24, 3); more.weight = Parameter(gray.weight.repeat(3, 1, 1, 1));"
    )]
    [InlineData(
        "copies of a kernel of two channels",
        "var two = Conv2d(2, 8, 3); var six = Conv2d(6, 8, 3); six.weight = Parameter(two.weight.repeat(1, 3, 1, 1));"
    )]
    [InlineData(
        "copies along time",
        "var flat = Conv3d(3, 8, (1, 3, 3)); var deep = Conv3d(3, 8, 3); deep.weight = Parameter(flat.weight.repeat(1, 1, 3, 1, 1));"
    )]
    public Task Copies_that_are_right(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);
}
