using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The ways to copy a tensor along its channels, and what only looks like one of them.</summary>
public class StackFormTests
{
    [Theory]
    [InlineData("cat of an array", "net.forward({|CG0001:torch.cat(new[] { x, x, x }, 1)|});")]
    [InlineData("cat of a collection expression, counted from the back", "net.call({|CG0001:torch.cat([x, x, x], dim: -3)|});")]
    [InlineData("named arguments in another order", "var s = {|CG0001:torch.cat(dim: 1, tensors: new[] { x, x, x })|};")]
    [InlineData("cat by using static", "var s = {|CG0001:cat([x, x, x], 1)|};")]
    [InlineData("concatenate along a named axis", "var s = {|CG0001:torch.concatenate([x, x, x], axis: 1)|};")]
    [InlineData("concat is cat", "var s = {|CG0001:torch.concat([x, x, x], 1)|};")]
    [InlineData("dstack of an image with channels last", "var t = zeros(8, 8, 1); var s = {|CG0001:torch.dstack(new[] { t, t, t })|};")]
    [InlineData("expand to a Size", "var s = {|CG0001:x.expand(new Size(new long[] { -1, 3, -1, -1 }))|};")]
    [InlineData("ones times the tensor, as a method", "var s = {|CG0001:torch.ones(1, 3, 1, 1).mul(x)|};")]
    [InlineData("a constant dimension", "const long Dim = 1; var s = {|CG0001:torch.cat([x, x, x], Dim)|};")]
    [InlineData("stack makes the dimension", "var s = {|CG0001:torch.stack([x, x, x], dim: 1)|};")]
    [InlineData("stack counted from the back", "var s = {|CG0001:torch.stack(new[] { x, x, x }, -3)|};")]
    [InlineData("repeat", "var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("repeat of an array of sizes", "var s = {|CG0001:x.repeat(new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("repeat of a constant", "const int C = 3; var s = {|CG0001:x.repeat([1, C, 1, 1])|};")]
    [InlineData("repeat of sizes in a local", "long[] sizes = { 1, 3, 1, 1 }; var s = {|CG0001:x.repeat(sizes)|};")]
    [InlineData("expand", "var s = {|CG0001:x.expand(-1, 3, -1, -1)|};")]
    [InlineData("expand to a tuple", "var s = {|CG0001:x.expand((-1, 3, -1, -1))|};")]
    [InlineData("expand to an array", "var s = {|CG0001:x.expand(new long[] { -1, 3, -1, -1 })|};")]
    [InlineData("expand to sizes of which one is known", "var s = {|CG0001:x.expand(n, 3, h, w)|};")]
    [InlineData("expand to its own shape but for the channels", "var s = {|CG0001:x.expand(x.shape[0], 3, x.shape[2], x.shape[3])|};")]
    [InlineData("expand of the first of three, the others kept", "var s = {|CG0001:x.expand(3, -1, -1)|};")]
    [InlineData("tile", "var s = {|CG0001:x.tile([1, 3, 1, 1])|};")]
    [InlineData("tile by torch", "var s = {|CG0001:torch.tile(x, new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("broadcast_to by torch", "var s = {|CG0001:torch.broadcast_to(x, n, 3, h, w)|};")]
    [InlineData("broadcast_to", "var s = {|CG0001:x.broadcast_to(n, 3, h, w)|};")]
    [InlineData("repeat_interleave along a named dimension", "var s = {|CG0001:x.repeat_interleave(3, dim: 1)|};")]
    [InlineData("repeat_interleave by torch", "var s = {|CG0001:torch.repeat_interleave(x, 3, dim: 1)|};")]
    [InlineData("three times index 0", "var s = {|CG0001:x.index_select(1, torch.zeros(3, dtype: ScalarType.Int64))|};")]
    [InlineData("three times index 0, written out", "var s = {|CG0001:x.index_select(1, torch.tensor(new long[] { 0, 0, 0 }))|};")]
    [InlineData("indices in a local", "var i = torch.zeros(3, dtype: ScalarType.Int64); var s = {|CG0001:torch.index_select(x, 1, i)|};")]
    [InlineData("times ones", "var s = {|CG0001:x * torch.ones(1, 3, 1, 1)|};")]
    [InlineData("ones times", "var s = {|CG0001:torch.ones(1, 3, 1, 1) * x|};")]
    [InlineData("times ones in a local", "var o = torch.ones(1, 3, 1, 1); var s = {|CG0001:x.mul(o)|};")]
    [InlineData("hstack of an image with one channel", "var t = x.view(n, 1, h, w); var s = {|CG0001:torch.hstack(t, t, t)|};")]
    [InlineData("hstack of an array", "var t = zeros(4, 1, 8, 8); var s = {|CG0001:torch.hstack(new[] { t, t, t })|};")]
    [InlineData("vstack of an unbatched image", "var t = zeros(1, 8, 8); var s = {|CG0001:torch.vstack(new[] { t, t, t })|};")]
    [InlineData("expand_as of a color image", "var t = y.view(-1, 1, 28, 28); var s = {|CG0001:t.expand_as(rand(8, 3, 28, 28))|};")]
    [InlineData("repeat with a named argument", "var s = {|CG0001:x.repeat(sizes: new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("expand with a named argument", "var s = {|CG0001:x.expand(sizes: new long[] { -1, 3, -1, -1 })|};")]
    [InlineData("expand to its own sizes but for the channels", "var s = {|CG0001:x.expand(x.size(0), 3, x.size(2), x.size(3))|};")]
    [InlineData("broadcast_to of a collection expression", "var s = {|CG0001:torch.broadcast_to(x, [n, 3, h, w])|};")]
    [InlineData("repeat_interleave", "var s = {|CG0001:x.repeat_interleave(3, 1)|};")]
    [InlineData("repeat_interleave counted from the back", "var s = {|CG0001:x.repeat_interleave(3, -3)|};")]
    [InlineData("repeat_interleave by torch with named arguments", "var s = {|CG0001:torch.repeat_interleave(x, repeats: 3, dim: -3)|};")]
    [InlineData("three zeros as indices", "var s = {|CG0001:x.index_select(1, torch.zeros(3, ScalarType.Int64))|};")]
    [InlineData(
        "an array of sizes of zeros as indices",
        "var s = {|CG0001:x.index_select(1, torch.zeros(new long[] { 3 }, ScalarType.Int64))|};"
    )]
    [InlineData("indices of a tensor of longs", "var s = {|CG0001:x.index_select(1, torch.tensor(new[] { 0L, 0L, 0L }))|};")]
    [InlineData("ones of an array of sizes", "var s = {|CG0001:torch.ones(new long[] { 1, 3, 1, 1 }) * x|};")]
    [InlineData("ones of a collection expression", "var s = {|CG0001:torch.ones([1, 3, 1, 1]) * x|};")]
    [InlineData("ones that are moved", "var s = {|CG0001:x * torch.ones(1, 3, 1, 1).to(x.device)|};")]
    [InlineData("ones on a device", "var s = {|CG0001:x * torch.ones(1, 3, 1, 1, device: x.device)|};")]
    [InlineData("mul by torch", "var s = {|CG0001:torch.mul(x, torch.ones(1, 3, 1, 1))|};")]
    [InlineData("multiply", "var s = {|CG0001:x.multiply(torch.ones(1, 3, 1, 1))|};")]
    [InlineData("stack of a list", "var s = {|CG0001:torch.stack(new List<Tensor> { x, x, x }, 1)|};")]
    [InlineData("casts of the sizes", "var s = {|CG0001:x.repeat((long)1, (long)3, 1L, 1L)|};")]
    [InlineData("a constant sum", "var s = {|CG0001:x.repeat(1, 1 + 2, 1, 1)|};")]
    [InlineData("stack of Enumerable.Repeat", "var s = {|CG0001:torch.stack(Enumerable.Repeat(x, 3), 1)|};")]
    [InlineData("a cast dimension", "var s = {|CG0001:torch.cat(new Tensor[] { x, x, x }, (int)1)|};")]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("repeat of the first of three, which may be heads", "var s = {|CG0002:mask.repeat(3, 1, 1)|};")]
    [InlineData("tile of the first of three", "var s = {|CG0002:x.tile([3, 1, 1])|};")]
    [InlineData("expand of the first of three, which may be a batch", "var s = {|CG0002:x.expand(3, h, w)|};")]
    public Task Perhaps(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("two copies", "var s = torch.cat([x, x], 1);")]
    [InlineData("four copies", "var s = torch.cat([x, x, x, x], 1);")]
    [InlineData("the height", "var s = torch.cat([x, x, x], 2);")]
    [InlineData("the batch", "var s = torch.cat([x, x, x], 0);")]
    [InlineData("the batch, which is the default of cat", "var s = torch.cat([x, x, x]);")]
    [InlineData("a new batch, which is the default of stack", "var s = torch.stack([x, x, x]);")]
    [InlineData("a dimension that is not known", "var s = torch.cat([x, x, x], n);")]
    [InlineData("repeat of the batch", "var s = x.repeat(3, 1, 1, 1);")]
    [InlineData("a number of copies that is not known", "var s = x.repeat(1, n, 1, 1);")]
    [InlineData("the batch as well", "var s = x.repeat(2, 3, 1, 1);")]
    [InlineData("repeat of height and width", "var s = x.repeat(1, 1, 3, 3);")]
    [InlineData("expand of a sequence", "var s = tokens.expand(-1, 3, -1);")]
    [InlineData("stack along the third dimension, a video", "torch.stack([x, x, x], dim: 2);")]
    [InlineData("the transform itself makes three channels", "torchvision.transforms.Grayscale(3);")]
    [InlineData("repeat_interleave of the flat tensor", "var s = x.repeat_interleave(3);")]
    [InlineData("repeat_interleave of the height", "var s = x.repeat_interleave(3, dim: 2);")]
    [InlineData("three different indices", "var s = x.index_select(1, torch.tensor(new long[] { 0, 1, 2 }));")]
    [InlineData("ones along height and width", "var s = x * torch.ones(1, 1, 3, 3);")]
    [InlineData("hstack of a tensor of unknown rank", "var s = torch.hstack(x, x, x);")]
    [InlineData("vstack of a tensor of unknown rank", "var s = torch.vstack(new[] { x, x, x });")]
    [InlineData("expand to two dimensions", "var s = x.expand(3, 3);")]
    [InlineData("repeat of two dimensions", "var s = x.repeat(1, 3);")]
    [InlineData("repeat of five dimensions", "var s = x.repeat(1, 3, 1, 1, 1);")]
    [InlineData("a constant dimension, the batch", "var s = torch.cat([x, x, x], 1 - 1);")]
    [InlineData("the width, counted from the back", "var s = torch.cat([x, x, x], -1);")]
    [InlineData("the height, counted from the back", "var s = torch.cat([x, x, x], -2);")]
    [InlineData("the width", "var s = torch.cat([x, x, x], 3);")]
    [InlineData("the height as well", "var s = x.repeat(1, 3, 3, 1);")]
    [InlineData("the width as well", "var s = x.repeat(1, 3, 1, 2);")]
    [InlineData("the batch as well, three times", "var s = x.repeat(3, 3, 1, 1);")]
    [InlineData("tile of the batch", "var s = x.tile([3, 1, 1, 1]);")]
    [InlineData("repeat_interleave of the batch", "var s = x.repeat_interleave(3, 0);")]
    [InlineData("repeat_interleave by two", "var s = x.repeat_interleave(2, 1);")]
    [InlineData("two indices", "var s = x.index_select(1, torch.zeros(2, ScalarType.Int64));")]
    [InlineData("indices of the batch", "var s = x.index_select(0, torch.zeros(3, ScalarType.Int64));")]
    [InlineData("the channels in reverse order", "var s = x.index_select(1, torch.tensor(new long[] { 2, 1, 0 }));")]
    [InlineData("ones along the batch", "var s = x * torch.ones(3, 1, 1, 1);")]
    [InlineData("ones of two dimensions", "var s = x * torch.ones(1, 3);")]
    [InlineData("ones times a number", "var s = torch.ones(1, 3, 1, 1) * 2;")]
    [InlineData("ones are added", "var s = x + torch.ones(1, 3, 1, 1);")]
    [InlineData("times zeros", "var s = x * torch.zeros(1, 3, 1, 1);")]
    [InlineData("ones for a batch of eight", "var s = torch.ones(8, 3, 1, 1) * x;")]
    [InlineData("expand of a distribution", "var q = torch.distributions.Normal(x, y); var s = q.expand(new long[] { -1, 3, -1, -1 });")]
    [InlineData("the third dimension of a sequence of heads", "var q = x.view(n, 8, 1, 64).expand(-1, -1, 3, -1);")]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task Other_types_methods_of_the_same_name_are_left_alone() =>
        Verify.Program<StackingAnalyzer>(
            """
            static class MyLib
            {
                public static Tensor cat(Tensor[] tensors, long dim) => tensors[0];
                public static Tensor repeat(this string s, params long[] sizes) => null!;
            }

            class Shape { public Shape expand(params long[] sizes) => this; public Shape repeat(params long[] sizes) => this; }

            class Program
            {
                void Run(Tensor x, Shape s, TorchSharp.Modules.Normal distribution)
                {
                    MyLib.cat(new[] { x, x, x }, 1);
                    "a".repeat(1, 3, 1, 1);
                    s.expand(-1, 3, -1, -1);
                    s.repeat(1, 3, 1, 1);
                    distribution.expand(new long[] { 3, 3 });
                }
            }
            """
        );

    [Fact]
    public Task Extension_methods_and_namesakes_are_left_alone() =>
        Verify.Program<StackingAnalyzer>(
            """
            static class Extensions
            {
                public static Tensor repeat(this Tensor t, string how) => t;
                public static Tensor tile(this Tensor t, params string[] how) => t;
                public static Tensor expand_channels(this Tensor t, long n) => t;
                public static Tensor cat(Tensor[] parts, long dim = 1) => parts[0];
            }

            namespace Other
            {
                static class torch
                {
                    public static Tensor cat(Tensor[] parts, long dim) => parts[0];
                    public static Tensor stack(Tensor[] parts, long dim) => parts[0];
                }
            }

            class Program
            {
                Tensor cat(Tensor a, Tensor b, Tensor c, long dim) => a;
                void Run(Tensor x)
                {
                    x.repeat("3");
                    x.tile("1", "3", "1", "1");
                    x.expand_channels(3);
                    Extensions.cat(new[] { x, x, x }, 1);
                    Other.torch.cat(new[] { x, x, x }, 1);
                    Other.torch.stack(new[] { x, x, x }, 1);
                    cat(x, x, x, 1);
                }
            }
            """
        );
}
