using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Copies whose number, dimension or likeness is known although it is not written in the call itself.</summary>
public class KnownCopiesTests
{
    [Theory]
    [InlineData("the number is in a variable", "int copies = 3; var s = {|CG0001:x.repeat(1, copies, 1, 1)|};")]
    [InlineData(
        "the number is in another's variable",
        "long three = 3; long copies = three; var s = {|CG0001:x.expand(-1, copies, -1, -1)|};"
    )]
    [InlineData("the dimension is in a variable", "int dim = 1; var s = {|CG0001:torch.cat([x, x, x], dim)|};")]
    [InlineData(
        "the number of elements is in a variable",
        "int count = 3; var s = {|CG0001:torch.cat(Enumerable.Repeat(x, count).ToArray(), 1)|};"
    )]
    [InlineData("the dimension and the number", "var dim = 1; var count = 3; var s = {|CG0001:x.repeat_interleave(count, dim)|};")]
    [InlineData("a clone has the same numbers", "var s = {|CG0001:torch.cat([x, x.clone(), x], 1)|};")]
    [InlineData("all are copies", "var s = {|CG0001:torch.stack(new[] { x.detach(), x.clone().contiguous(), x.alias() }, 1)|};")]
    [InlineData("the rest keeps its sizes", "var s = {|CG0001:x.expand((long[])[x.shape[0], 3, .. x.shape[2..]])|};")]
    [InlineData("the rest of a batch keeps its sizes", "long[] sizes = [-1, 3, .. x.shape[2..]]; var s = {|CG0001:x.expand(sizes)|};")]
    [InlineData("the rest of an image keeps its sizes", "if (x.dim() == 3) { var s = {|CG0001:x.expand((long[])[3, .. x.shape[1..]])|}; }")]
    [InlineData("the first dimension, which may be the batch", "var s = {|CG0002:x.expand((long[])[3, .. x.shape[1..]])|};")]
    [InlineData("a channel that is put in in place", "var g = x.view(28, 28).unsqueeze_(0); var s = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("a channel that is put in in place by a statement", "x.unsqueeze_(0); var s = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData(
        "a channel and a batch by statements",
        "var g = rand(28, 28); g.unsqueeze_(0); g.unsqueeze_(0); var s = {|CG0001:torch.cat([g, g, g], 1)|};"
    )]
    public Task Are_copies(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("the variable is counted up", "int copies = 3; copies++; var s = x.repeat(1, copies, 1, 1);")]
    [InlineData("the variable may be another", "int copies = 3; if (n > 1) copies = 2; var s = x.repeat(1, copies, 1, 1);")]
    [InlineData("the variable of a loop", "for (int copies = 3; copies < 8; copies++) { var s = x.repeat(1, copies, 1, 1); }")]
    [InlineData("the clone is changed", "var s = torch.cat([x, x.clone().add_(1), x], 1);")]
    [InlineData("a clone of another", "var s = torch.cat([x, y.clone(), x], 1);")]
    [InlineData(
        "the tensor is changed after it was cloned",
        "var parts = new[] { x, x.clone(), x }; x.add_(1); var s = torch.cat(parts, 1);"
    )]
    [InlineData("the rest of another tensor", "var s = x.expand((long[])[-1, 3, .. y.shape[2..]]);")]
    [InlineData("the rest begins elsewhere", "var s = x.expand((long[])[-1, 3, .. x.shape[1..]]);")]
    [InlineData("the batch", "if (x.dim() == 4) { var s = x.expand((long[])[3, .. x.shape[1..]]); }")]
    [InlineData("a batch that is put in in place", "var g = rand(64, 28, 28); g.unsqueeze_(0); var s = torch.cat([g, g, g], 1);")]
    [InlineData("assigned within the list", "var s = torch.cat([x, x = y, x], 1);")]
    public Task Are_not_known(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task A_field_that_is_stacked_into_itself_may_have_been_so_before() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private const int Three = 3;
                private readonly int copies = Three;
                public Tensor Image;

                void Run()
                {
                    Image = {|CG0002:cat([Image, Image, Image], 1)|};
                    Image = {|CG0002:Image.repeat(1, copies, 1, 1)|};
                    Image = cat([Image, Image = rand(1, 1, 8, 8), Image], 1);
                }
            }
            """
        );

    [Fact]
    public Task A_programs_own_namespaces_are_not_TorchSharps() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                void Run(Tensor x, Tensor y, global::Modules.Buffer buffer)
                {
                    Tensor[] rgb = { x, x, x };
                    global::Modules.Buffer.Put(rgb, y);
                    var s = cat(rgb, 1);
                    var t = {|CG0002:TorchSharp.Own.Helper.Load(x).repeat(1, 3, 1, 1)|};
                }
            }

            namespace Modules { class Buffer { public static void Put(Tensor[] all, Tensor y) => all[1] = y; } }

            namespace TorchSharp.Own { static class Helper { public static Tensor Load(object o) { return (Tensor)o; } } }
            """
        );
}
