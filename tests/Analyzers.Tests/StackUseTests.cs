using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Where a stack goes, and what is done to it there.</summary>
public class StackUseTests
{
    [Theory]
    [InlineData("a move after the stack", "var s = {|CG0001:torch.cat([x, x, x], 1)|}.to(torch.CPU);")]
    [InlineData(
        "saved, and given to a network as well",
        "var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; torchvision.utils.save_image(rgb, \"a.png\", torchvision.ImageFormat.Png); "
            + "net.forward(rgb);"
    )]
    [InlineData("all channels are scaled alike in place", "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; rgb.div_(255); net.forward(rgb);")]
    [InlineData("a move to the GPU after the stack", "var s = {|CG0001:torch.cat(new[] { x, x, x }, -3)|}.cuda();")]
    [InlineData("handed to an outer scope", "using var s = {|CG0001:torch.cat([x, x, x], 1)|}.MoveToOuterDisposeScope();")]
    [InlineData("disposed of after the stack", "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; rgb.Dispose();")]
    [InlineData(
        "only its shape is read",
        "using var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; var shape = rgb.shape; Console.WriteLine(shape);"
    )]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("saved as a picture", "torchvision.utils.save_image(torch.cat([x, x, x], 1), \"out.png\", torchvision.ImageFormat.Png);")]
    [InlineData("shown in a grid", "var grid = torchvision.utils.make_grid(x.repeat(1, 3, 1, 1));")]
    [InlineData(
        "a local that is saved as a picture",
        "var rgb = torch.cat([x, x, x], 1); torchvision.utils.save_image(rgb, \"out.png\", torchvision.ImageFormat.Png);"
    )]
    [InlineData("written as a picture", "var rgb = x.repeat(1, 3, 1, 1).cpu(); torchvision.io.write_png(rgb, \"out.png\");")]
    [InlineData("the mask of masked_fill", "var s = y.masked_fill(x.repeat(1, 3, 1, 1), 0);")]
    [InlineData("the target of a loss function", "var l = nn.functional.mse_loss(y, x.repeat(1, 3, 1, 1));")]
    [InlineData("the target of a loss", "var loss = MSELoss(); var l = loss.forward(y, x.repeat(1, 3, 1, 1));")]
    [InlineData("the grid of grid_sample", "var s = nn.functional.grid_sample(y, x.repeat(1, 3, 1, 1));")]
    [InlineData(
        "the kernel of a convolution",
        "var sobel = torch.tensor(new float[] { 1, 0, -1, 2, 0, -2, 1, 0, -1 }).view(1, 1, 3, 3); "
            + "var s = nn.functional.conv2d(image, sobel.repeat(1, 3, 1, 1));"
    )]
    [InlineData(
        "the kernel of a convolution, in a local",
        "var sobel = torch.tensor(new float[] { 1, 0, -1, 2, 0, -2, 1, 0, -1 }).view(1, 1, 3, 3); "
            + "var k = sobel.expand(-1, 3, -1, -1); var s = nn.functional.conv2d(image, k);"
    )]
    [InlineData("becomes a weight", "conv.weight = Parameter(x.repeat(1, 3, 1, 1) / 3);")]
    [InlineData("copied into a weight", "using (no_grad()) conv.weight!.copy_(x.repeat(1, 3, 1, 1));")]
    [InlineData("an index that is assigned to", "image[mask.repeat(1, 3, 1, 1)] = 0;")]
    [InlineData("an index that is read", "var s = image[mask.expand(-1, 3, -1, -1)];")]
    [InlineData(
        "a channel is assigned, then saved as a picture",
        "var rgb = x.repeat(1, 3, 1, 1); rgb[.., 0] = y; torchvision.utils.save_image(rgb, \"a.png\", torchvision.ImageFormat.Png);"
    )]
    [InlineData("a channel is assigned", "var rgb = x.repeat(1, 3, 1, 1); rgb[.., 0] = y; net.forward(rgb);")]
    [InlineData(
        "an image of the batch changes in place, so the copies are a color image",
        "var rgb = x.repeat(1, 3, 1, 1); rgb[0].add_(y); net.forward(rgb);"
    )]
    [InlineData("a channel changes in place", "var rgb = x.repeat(1, 3, 1, 1); rgb.select(1, 0).mul_(2); net.forward(rgb);")]
    [InlineData("a channel is copied into", "var rgb = torch.cat([x, x, x], 1); rgb.narrow(1, 0, 1).copy_(y); net.forward(rgb);")]
    [InlineData(
        "a channel is put in by index_put_",
        "var rgb = torch.cat([x, x, x], 1); rgb.index_put_(y, TensorIndex.Colon, TensorIndex.Single(0)); net.forward(rgb);"
    )]
    [InlineData("the condition of where", "var s = torch.where(y.repeat(1, 3, 1, 1), image, x);")]
    [InlineData("the index of gather", "var s = image.gather(1, y.expand(-1, 3, -1, -1));")]
    [InlineData("the target of a binary cross entropy", "var l = nn.functional.binary_cross_entropy(image, x.repeat(1, 3, 1, 1));")]
    [InlineData("the weights of a cross entropy", "var l = nn.functional.cross_entropy(image, y, x.repeat(1, 3, 1, 1));")]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);
}
