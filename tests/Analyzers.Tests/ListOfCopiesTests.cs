using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Arrays, lists and other collections that hold the copies, and what may change their elements.</summary>
public class ListOfCopiesTests
{
    [Theory]
    [InlineData("an array initializer", "Tensor[] rgb = { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("an array in a var", "var rgb = new[] { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("a collection expression in an array", "Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("a list initializer with an alias", "var a = x; var s = {|CG0001:torch.concat(new List<Tensor> { a, x, a }, 1)|};")]
    [InlineData("Enumerable.Repeat as an array", "var s = {|CG0001:torch.cat(Enumerable.Repeat(x, 3).ToArray(), 1)|};")]
    [InlineData("Enumerable.Repeat as a list", "var s = {|CG0001:torch.cat(Enumerable.Repeat(x, 3).ToList(), 1)|};")]
    [InlineData(
        "Enumerable.Repeat with a constant count",
        "const int Copies = 3; var s = {|CG0001:torch.cat(Enumerable.Repeat(x, Copies).ToArray(), 1)|};"
    )]
    [InlineData("an array spread into another", "Tensor[] two = [x, x]; var s = {|CG0001:torch.cat([.. two, x], 1)|};")]
    [InlineData("a list made from an array", "var s = {|CG0001:torch.cat(new List<Tensor>(new[] { x, x, x }), 1)|};")]
    [InlineData(
        "a list filled by three calls of Add",
        "var list = new List<Tensor>(); list.Add(x); list.Add(x); list.Add(x); var s = {|CG0001:torch.cat(list, 1)|};"
    )]
    [InlineData(
        "a list begun by an initializer and filled by Add",
        "var list = new List<Tensor> { x }; list.Add(x); list.Add(x); net.forward({|CG0001:torch.cat(list.ToArray(), 1)|});"
    )]
    [InlineData("a cast collection expression", "var s = {|CG0001:torch.cat((Tensor[])[x, x, x], 1)|};")]
    [InlineData("an array of a written length", "var s = {|CG0001:torch.cat(new Tensor[3] { x, x, x }, 1)|};")]
    [InlineData("ToList of an array", "var s = {|CG0001:torch.cat(new[] { x, x, x }.ToList(), dim: 1L)|};")]
    [InlineData("a collection expression in a span", "ReadOnlySpan<Tensor> t = [x, x, x]; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("an array behind an interface", "IList<Tensor> t = new[] { x, x, x }; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("a collection expression in a list", "List<Tensor> t = [x, x, x]; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("an array as an enumeration", "IEnumerable<Tensor> t = new[] { x, x, x }; var s = {|CG0001:torch.stack(t, 1)|};")]
    [InlineData("Enumerable.Repeat spread into a collection", "var s = {|CG0001:torch.cat([.. Enumerable.Repeat(x, 3)], 1)|};")]
    [InlineData(
        "Enumerable.Repeat with named arguments",
        "var s = {|CG0001:torch.cat(Enumerable.Repeat(element: x, count: 3).ToArray(), 1)|};"
    )]
    [InlineData(
        "Enumerable.Repeat with named arguments in another order",
        "var s = {|CG0001:torch.cat(Enumerable.Repeat(count: 3, element: x).ToArray(), 1)|};"
    )]
    [InlineData("two arrays after each other", "var s = {|CG0001:torch.cat(new[] { x }.Concat(new[] { x, x }).ToArray(), 1)|};")]
    [InlineData(
        "the same tensor selected three times",
        "var s = {|CG0001:torch.cat(Enumerable.Range(0, 3).Select(_ => x).ToArray(), 1)|};"
    )]
    [InlineData(
        "an element of an array is a tensor like any other",
        "var images = new[] { x, y }; net.forward({|CG0001:images[0].repeat(1, 3, 1, 1)|});"
    )]
    [InlineData("an array assigned after its declaration", "Tensor[] rgb; rgb = new[] { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData(
        "an element changes after the stack, in each turn",
        "for (int i = 0; i < 2; i++) { Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|}; rgb[0] = y; }"
    )]
    [InlineData(
        "an element changes after the stack through an alias",
        "Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|}; var other = rgb; other[0] = y;"
    )]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("an element is assigned", "Tensor[] rgb = { x, x, x }; rgb[1] = y; var s = torch.cat(rgb, 1);")]
    [InlineData("a fourth element is added", "var rgb = new List<Tensor> { x, x, x }; rgb.Add(y); var s = torch.cat(rgb, 1);")]
    [InlineData("a third element is another", "var rgb = new List<Tensor> { x, x }; rgb.Add(y); var s = torch.cat(rgb, 1);")]
    [InlineData("filled by a loop", "var list = new List<Tensor>(); for (int i = 0; i < 3; i++) list.Add(x); var s = torch.cat(list, 1);")]
    [InlineData(
        "the tensor changes while the list is filled",
        "var list = new List<Tensor>(); list.Add(x); x.add_(1); list.Add(x); list.Add(x); var s = torch.cat(list, 1);"
    )]
    [InlineData("the list is cleared", "var list = new List<Tensor> { x, x, x }; list.Clear(); var s = torch.cat(list, 1);")]
    [InlineData("an element of the list is assigned", "var list = new List<Tensor> { x, x, x }; list[0] = y; var s = torch.cat(list, 1);")]
    [InlineData(
        "the third element may be missing",
        "var list = new List<Tensor> { x, x }; if (n > 1) list.Add(x); var s = torch.cat(list, 1);"
    )]
    [InlineData(
        "an element is assigned through an alias",
        "Tensor[] rgb = { x, x, x }; var other = rgb; other[0] = y; var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "an element is assigned through an array of arrays",
        "Tensor[] rgb = { x, x, x }; Tensor[][] all = [rgb]; all[0][1] = y; var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "an element is assigned by a function",
        "Tensor[] rgb = { x, x, x }; void Change(Tensor[] t) => t[0] = y; Change(rgb); var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "an element is assigned after the array was reversed",
        "Tensor[] rgb = [x, x, x]; Array.Reverse(rgb); rgb[0] = y; var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "the elements change in a loop by reference",
        "Tensor[] rgb = [x, x, x]; foreach (ref var r in rgb.AsSpan()) r = r + 1; var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "the elements change in a loop by index",
        "Tensor[] rgb = [x, x, x]; for (int i = 0; i < 3; i++) rgb[i] = rgb[i] * i; var s = torch.cat(rgb, 1);"
    )]
    [InlineData(
        "an element is assigned by reference",
        "Tensor[] rgb = [x, x, x]; ref Tensor r = ref rgb[1]; r = y; var s = torch.cat(rgb, 1);"
    )]
    [InlineData("elements are assigned as a tuple", "Tensor[] rgb = [x, x, x]; (rgb[0], rgb[1]) = (y, y); var s = torch.cat(rgb, 1);")]
    [InlineData("an element changes in place, and so do all", "Tensor[] rgb = [x, x, x]; rgb[0].add_(1); var s = torch.cat(rgb, 1);")]
    [InlineData(
        "an element is another in the next turn",
        "Tensor[] rgb = [x, x, x]; for (int i = 0; i < 2; i++) { var s = torch.cat(rgb, 1); rgb[0] = y; }"
    )]
    [InlineData(
        "an element is another when the function runs",
        "Tensor[] rgb = [x, x, x]; Tensor F() => torch.cat(rgb, 1); rgb[0] = y; F();"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task Knowledge_ends_where_others_could_change_the_value() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private List<Tensor> kept = new();

                void Run(Tensor x, Tensor y, Action<List<Tensor>> change)
                {
                    var a = new List<Tensor> { x, x, x };
                    change(a);
                    cat(a, 1);

                    var b = new List<Tensor> { x, x, x };
                    kept = b;
                    Other();
                    cat(b, 1);

                    var c = new List<Tensor> { x, x, x };
                    Action later = () => c[0] = y;
                    later();
                    cat(c, 1);

                    var d = new List<Tensor> { x, x, x };
                    d.Reverse();
                    d.RemoveAt(0);
                    cat(d, 1);

                    var e = new[] { x, x, x };
                    Array.Fill(e, y, 0, 1);
                    cat(e, 1);

                    var f = new[] { x, x, x };
                    Swap(ref f[0], ref f[1]);
                    cat(f, 1);

                    var g = new[] { x, x, x };
                    Swap(ref g, ref f);
                    cat(g, 1);

                    var h = x;
                    Swap(ref h, ref y);
                    cat([h, x, h], 1);

                    var i = new[] { x, x, x };
                    (i[1], h) = (y, x);
                    cat(i, 1);

                    var j = new[] { x, x, x };
                    IList<Tensor> view = j;
                    view[2] = y;
                    cat(j, 1);

                    var k = new Tensor[3];
                    k[0] = x;
                    k[1] = y;
                    k[2] = x;
                    cat(k, 1);

                    var l = new List<Tensor>(3) { x, x };
                    if (change is null) l.Add(y); else l.Add(x);
                    cat(l, 1);
                }

                void Other() => kept[0] = rand(1);

                static void Swap<T>(ref T a, ref T b) => (a, b) = (b, a);
            }
            """
        );
}
