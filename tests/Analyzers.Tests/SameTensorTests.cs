using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>When two expressions are the same tensor with the same numbers.</summary>
public class SameTensorTests
{
    [Theory]
    [InlineData(
        "a local that is disposed of at the end",
        "using var g = x / 255; using var s = {|CG0001:torch.cat(new[] { g, g, g }, 1)|};"
    )]
    [InlineData("casts, parentheses and the null-forgiving operator", "var s = {|CG0001:torch.cat(new[] { (Tensor)x, (x), x! }, 1)|};")]
    [InlineData("a parameter that was scaled before", "x = x / 255; net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("a change before the stack", "x.add_(1); var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("two aliases declared together", "Tensor a = x, b = x; var s = {|CG0001:torch.cat([a, b, x], 1)|};")]
    [InlineData("an out variable", "void F(out Tensor t) => t = y; F(out var u); var s = {|CG0001:torch.cat([u, u, u], 1)|};")]
    [InlineData("a pattern variable", "object o = x; if (o is Tensor t) net.forward({|CG0001:torch.cat([t, t, t], 1)|});")]
    [InlineData(
        "an element of a tuple",
        "(Tensor image, int label) pair = (x, 1); var s = {|CG0001:torch.cat([pair.image, pair.image, pair.image], 1)|};"
    )]
    [InlineData("assigned after its declaration", "Tensor t; t = x; var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("null before it is assigned", "Tensor t = null!; t = x; var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData(
        "the dimension is taken away again in place",
        "var g = x.unsqueeze(0); g.squeeze_(0); var s = {|CG0002:g.repeat(3, 1, 1)|};"
    )]
    public Task Perhaps(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("another tensor between the copies", "var s = torch.cat([x, y, x], 1);")]
    [InlineData("three calls of a function", "Tensor f() => x; var s = torch.cat([f(), f(), f()], 1);")]
    [InlineData("three random tensors", "var s = torch.cat([rand(1, 1, 8, 8), rand(1, 1, 8, 8), rand(1, 1, 8, 8)], 1);")]
    [InlineData("a change between two aliases", "var a = x; x.add_(1); var b = x; var s = torch.cat([a, b, a], 1);")]
    [InlineData("a change after the array was made", "Tensor[] rgb = { x, x, x }; x.add_(1); var s = torch.cat(rgb, 1);")]
    [InlineData("one copy is negated", "var s = torch.cat([x, -x, x], 1);")]
    [InlineData("three calls of Dequeue", "var q = new Queue<Tensor>(); var s = torch.cat([q.Dequeue(), q.Dequeue(), q.Dequeue()], 1);")]
    [InlineData(
        "a change in place through the original, of which the alias is one",
        "var a = x; x.add_(1); var s = torch.cat([a, x, a], 1);"
    )]
    [InlineData("a change in place among the copies", "var s = torch.cat([x, x.add_(1), x], 1);")]
    [InlineData("the alias keeps the value of before", "var a = x; x = y; var s = torch.cat([a, x, a], 1);")]
    [InlineData("a clone cannot be told from a changed one after a local", "var a = x.clone(); var s = torch.cat([a, x, a], 1);")]
    [InlineData("an alias that may be another tensor", "var t = x; if (n > 2) t = y; var s = torch.cat([t, x, t], 1);")]
    [InlineData(
        "an alias that is another tensor in the next turn",
        "var t = x; for (int i = 0; i < 3; i++) { var s = torch.cat([t, x, t], 1); t = y; }"
    )]
    [InlineData("an alias that a lambda may change", "var t = x; Action a = () => t = y; var s = torch.cat([t, x, t], 1);")]
    [InlineData("three chunks", "Tensor[] parts = image.chunk(3, 1); var s = torch.cat([parts[0], parts[1], parts[2]], 1);")]
    [InlineData("three channels of an image", "var s = torch.cat([image[.., 0], image[.., 1], image[.., 2]], 1);")]
    [InlineData("another tensor between two aliases", "var t = x; t.add_(1); var u = x; var s = torch.cat([t, y, u], 1);")]
    [InlineData(
        "elements by an index that is counted up",
        "var i = 0; var all = new[] { x, y, x }; var s = torch.cat([all[i++], all[i++], all[i++]], 1);"
    )]
    [InlineData("null among the copies", "var s = torch.cat([x, null!, x], 1);")]
    [InlineData("default among the copies", "var s = torch.cat([x, x, default!], 1);")]
    [InlineData("one copy may be another tensor", "var s = torch.cat([n > 2 ? x : y, x, x], 1);")]
    [InlineData("the maximum beside two copies", "var s = torch.cat([x.max(1).values, x, x], 1);")]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task Fields_and_properties_are_the_same_value_when_nothing_assigns_them() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private readonly Tensor fixedImage = rand(1, 1, 8, 8);
                private Tensor image = rand(1, 1, 8, 8);
                public Tensor Auto { get; set; } = rand(1, 1, 8, 8);
                public Tensor Computed => rand(1, 1, 8, 8);

                void Run()
                {
                    var a = {|CG0001:cat([fixedImage, fixedImage, fixedImage], 1)|};
                    var b = {|CG0001:cat([this.image, this.image, image], 1)|};
                    var c = {|CG0001:cat([Auto, Auto, this.Auto], 1)|};
                    var d = cat([Computed, Computed, Computed], 1);
                }
            }
            """
        );

    [Fact]
    public Task Members_of_all_kinds() =>
        Verify.Program<StackingAnalyzer>(
            """
            interface IBatch { Tensor Image { get; } }
            record Pair(Tensor Image, Tensor Label);
            class Base
            {
                public virtual Tensor Image { get; set; } = null!;
                public Tensor Lazy => field ??= rand(1);
                private Tensor field = null!;
            }

            struct Box { public Tensor Image; public readonly Tensor Fixed; public Box(Tensor t) { Image = t; Fixed = t; } }
            class Primary(Tensor captured)
            {
                Tensor Run() => {|CG0001:cat([captured, captured, captured], 1)|};
            }

            class Program
            {
                private static readonly Tensor Shared = rand(1, 1, 8, 8);
                private Tensor image = rand(1, 1, 8, 8);
                private static Tensor color = rand(1, 3, 8, 8);
                private static readonly Tensor Color = rand(1, 3, 8, 8);
                private const long Three = 3;

                void Run(IBatch batch, Pair pair, Base all, Box box, in Tensor readOnly, ref Tensor changing, Program other)
                {
                    var a = {|CG0001:cat([pair.Image, pair.Image, pair.Image], 1)|};
                    var b = {|CG0001:cat([box.Image, box.Image, box.Image], 1)|};
                    var c = {|CG0001:cat([Shared, Program.Shared, Shared], 1)|};
                    var d = cat([batch.Image, batch.Image, batch.Image], 1);
                    var e = cat([all.Lazy, all.Lazy, all.Lazy], 1);
                    var f = {|CG0001:cat([readOnly, readOnly, readOnly], 1)|};
                    var g = {|CG0001:cat([changing, changing, changing], 1)|};
                    var h = cat([image, other.image, image], 1);
                    var i = {|CG0001:cat([other.image, other.image, other.image], 1)|};
                    var j = cat([pair.Image, pair.Label, pair.Image], 1);
                    var k = Color.repeat(1, Three, 1, 1);
                    var l = {|CG0001:Shared.repeat(1, Three, 1, 1)|};
                    var m = cat([image, image = Shared, image], 1);
                    var n = cat([image, Change(), image], 1);
                }

                Tensor Change() { image = rand(1); return image; }
            }
            """
        );
}
