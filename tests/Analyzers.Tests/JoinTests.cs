using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>
/// What was lost on the way is never sure: where several values meet, or a value comes out of code that is not understood, the
/// rule says at most "perhaps" (CG0002). A method's own parameter is free, and a stack of it is sure.
/// </summary>
public class JoinTests
{
    [Theory]
    [InlineData("four channels by the sizes", "var px = new float[1024]; var s = torch.tensor(px, 1, 4, 16, 16).repeat(1, 3, 1, 1);")]
    [InlineData(
        "three channels by a list of sizes",
        "var px = new float[768]; var s = torch.tensor(px, new long[] { 1, 3, 16, 16 }).expand(-1, 3, -1, -1);"
    )]
    [InlineData("a matrix of numbers has no channels", "var t = torch.tensor(new float[4, 5]); var s = torch.cat([t, t, t], 1);")]
    [InlineData("an array has its rank", "var t = torch.from_array(new float[4, 5]); var s = torch.cat([t, t, t], 1);")]
    [InlineData("a series has its rank", "float[,,] a = new float[2, 3, 4]; var t = torch.from_array(a); var s = torch.cat([t, t, t], 1);")]
    [InlineData(
        "a buffer has one dimension, whatever the array has",
        "var t = torch.frombuffer(new float[2, 1, 4, 4], ScalarType.Float32); var s = torch.cat([t, t, t], 1);"
    )]
    [InlineData("a row of numbers", "var t = torch.tensor(new float[] { 1, 2, 3 }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("the condition says at least three", "if (x.shape[1] >= 3) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("the condition says more than two", "if (2 < x.size(1)) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("what is left after an exit has at least three", "if (x.shape[1] < 3) return; var s = x.repeat(1, 3, 1, 1);")]
    [InlineData("three or four, and never one", "if (x.shape[1] == 3 || x.shape[1] == 4) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("three or four in a pattern", "if (x.shape[1] is 3 or 4) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("both exits leave other numbers", "if (x.shape[1] != 3 && x.shape[1] != 4) return; var s = x.repeat(1, 3, 1, 1);")]
    [InlineData("a pattern of at least three", "if (x.shape[1] is >= 3) { var s = x.expand(-1, 3, -1, -1); }")]
    [InlineData("not one", "if (x.shape[1] != 1) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData(
        "both ways give more than one channel",
        "var t = rand(1, 3, 8, 8); if (n > 1) t = rand(1, 4, 8, 8); var s = t.repeat(1, 3, 1, 1);"
    )]
    [InlineData("an addition keeps the channels", "var t = rand(1, 3, 8, 8); t += 1; var s = t.repeat(1, 3, 1, 1);")]
    [InlineData("an addition brings channels", "var t = x; t += rand(1, 3, 8, 8); var s = t.repeat(1, 3, 1, 1);")]
    [InlineData("an element in sight has three channels", "var all = new[] { rand(1, 3, 8, 8), x }; var s = all[0].repeat(1, 3, 1, 1);")]
    [InlineData(
        "an out parameter is assigned three channels",
        "void Set(out Tensor r) => r = rand(1, 3, 8, 8); Set(out var t); var s = t.repeat(1, 3, 1, 1);"
    )]
    [InlineData("a local function gives three channels", "Tensor Make() => rand(1, 3, 8, 8); var s = Make().repeat(1, 3, 1, 1);")]
    [InlineData(
        "a helper gives what it is given",
        "Tensor Half(Tensor t) { return t / 2; } var s = Half(rand(1, 3, 8, 8)).repeat(1, 3, 1, 1);"
    )]
    [InlineData("a helper gives a mask", "Tensor Mask(Tensor t) => t > 0.5; var s = Mask(x).repeat(1, 3, 1, 1);")]
    [InlineData(
        "all elements have three channels",
        "foreach (var t in new[] { rand(1, 3, 8, 8), rand(1, 3, 4, 4) }) { var s = t.repeat(1, 3, 1, 1); }"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("an if may put in three channels", "var t = rand(1, 3, 8, 8); if (n > 1) t = x; var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "an if may put three channels in place of one",
        "var t = x; if (n > 1) { t = rand(1, 3, 8, 8); } var s = {|CG0002:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "both ways of an if",
        "Tensor t; if (n > 1) { t = rand(1, 3, 8, 8); } else { t = x; } var s = {|CG0002:t.expand(-1, 3, -1, -1)|};"
    )]
    [InlineData("a conditional expression", "var t = n > 1 ? rand(1, 3, 8, 8) : x; var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a coalescing expression",
        "Tensor? z = null; if (n > 1) z = rand(1, 3, 8, 8); var t = z ?? x; var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a switch statement",
        "var t = x; switch (n) { case 1: t = rand(1, 3, 8, 8); break; } var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("a switch expression", "var t = n switch { 1 => rand(1, 3, 8, 8), _ => x }; var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a try that may have got so far",
        "var t = x; try { t = rand(1, 3, 8, 8); } catch (Exception) { } var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "in the catch",
        "var t = rand(1, 3, 8, 8); try { t = x; net.forward(t); } catch (Exception) { var s = {|CG0002:t.repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData(
        "a loop that may not run",
        "var t = rand(1, 3, 8, 8); for (int i = 0; i < n; i++) { t = x; } var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("a later turn of a loop", "var t = x; while (n > 1) { var s = {|CG0002:t.repeat(1, 3, 1, 1)|}; t = net.forward(s); }")]
    [InlineData("a goto back", "var t = x; again: var s = {|CG0002:t.repeat(1, 3, 1, 1)|}; t = rand(1, 3, 8, 8); goto again;")]
    [InlineData(
        "a goto over an assignment",
        "var t = rand(1, 3, 8, 8); if (n > 1) goto end; t = x; end: var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("an addition of something unknown", "var t = x; t += net.forward(y); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("a lambda assigns it", "var t = x; Action a = () => t = rand(1, 3, 8, 8); a(); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a method by reference",
        "void Set(ref Tensor r) => r = rand(1, 3, 8, 8); var t = x; Set(ref t); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "an out parameter of two values",
        "void Set(int i, out Tensor r) { if (i > 1) { r = x; } else { r = rand(1, 3, 8, 8); } } Set(1, out var t); "
            + "var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "what a dictionary holds",
        "var data = new Dictionary<string, Tensor>(); data[\"image\"] = rand(1, 3, 8, 8); "
            + "net.forward({|CG0002:data[\"image\"].repeat(1, 3, 1, 1)|});"
    )]
    [InlineData("channels by a number that is not known", "var t = rand(1, n, 8, 8); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a shape with whatever is left for the channels",
        "var t = x.view(2, -1, 28, 28); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a local function gives one or the other",
        "Tensor Make(bool b) { if (b) return rand(1, 3, 8, 8); return x; } var s = {|CG0002:Make(n > 1).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a local function that calls itself",
        "Tensor Make(Tensor t) => n > 1 ? Make(t) : t; var s = {|CG0002:Make(x).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a helper is given something lost",
        "Tensor Half(Tensor t) => t / 2; var s = {|CG0002:Half(net.forward(x)).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("a local reference", "var t = x; ref Tensor r = ref t; r = rand(1, 3, 8, 8); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("a network gives features", "var t = net.forward(x); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a network of the program gives features",
        "Module<Tensor, Tensor> body = net; var s = {|CG0002:body.call(x).expand(-1, 3, -1, -1)|};"
    )]
    [InlineData("a delegate gives anything", "Func<Tensor, Tensor> f = net.forward; var s = {|CG0002:f(x).repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a method that is not understood",
        "var t = Convert.ChangeType(x, typeof(Tensor)) as Tensor; var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("a method of torch that is not understood", "var t = x.matmul(y); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "sizes that are not known",
        "var sizes = net.parameters().First().shape; var t = torch.rand(sizes); var s = {|CG0002:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "an element that was put in later",
        "var all = new Tensor[2]; all[0] = rand(1, 3, 8, 8); var s = {|CG0002:all[0].repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("an element that a method gave", "var all = x.split(1); var s = {|CG0002:all[0].repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "an element of a list that was changed",
        "var all = new List<Tensor> { x }; all.Insert(0, rand(1, 3, 8, 8)); var s = {|CG0002:all[0].repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("one of the elements", "foreach (var t in new[] { x, rand(1, 3, 8, 8) }) { var s = {|CG0002:t.repeat(1, 3, 1, 1)|}; }")]
    [InlineData(
        "the elements that a method gives",
        "foreach (var t in net.parameters().Select(p => p.alias())) { var s = {|CG0002:t.repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData(
        "three, if the other condition does not hold",
        "if (x.shape[1] == 3 || n > 2) { var s = {|CG0002:x.repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData(
        "a method that checks",
        "bool IsColor(Tensor t) { return t.shape[1] == 3; } if (IsColor(x)) { var s = {|CG0002:x.repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData(
        "a method that checks, and an exit",
        "Func<Tensor, bool> isGray = t => false; if (isGray(x)) return; var s = {|CG0002:x.repeat(1, 3, 1, 1)|};"
    )]
    public Task Perhaps(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("both ways are parameters", "var t = x; if (n > 1) t = y; var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "both ways have one channel",
        "var t = rand(1, 1, 8, 8); if (n > 1) t = rand(1, 1, 16, 16); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("null is no value", "Tensor t = null; if (n > 1) { t = x; } else { t = y; } var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("an if that makes a batch", "if (x.dim() == 3) { x = x.unsqueeze(0); } var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a try that scales", "try { x = x / 255; } catch (Exception) { } var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("an addition of a number", "x += 1; var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a switch over parameters", "var t = n switch { 1 => x, _ => y }; var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "gray by its making, whatever it was made of",
        "var t = torchvision.transforms.functional.rgb_to_grayscale(net.forward(x)); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "the code asks for one channel",
        "var t = net.forward(x); if (t.shape[1] == 1) { var s = {|CG0001:t.repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData(
        "a layer of one channel, whatever it was given",
        "var t = Conv2d(8, 1, 3).forward(net.forward(x)); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "one channel by the sizes",
        "var px = new float[256]; var s = {|CG0001:torch.tensor(px, 1, 1, 16, 16).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData("one among others", "if (x.shape[1] == 1 || x.shape[1] == 2) { var s = {|CG0001:x.repeat(1, 3, 1, 1)|}; }")]
    [InlineData(
        "a batch, then one channel",
        "if (x.dim() == 3) x = x.unsqueeze(0); if (x.shape[1] == 1) x = {|CG0001:torch.cat([x, x, x], 1)|}; net.forward(x);"
    )]
    [InlineData(
        "a batch in another way, then one channel",
        "if (x.ndim == 3) { x = x.reshape(1, 1, 28, 28); } if (x.size(1) == 1) { x = {|CG0001:torch.concat(new[] { x, x, x }, -3)|}; }"
    )]
    [InlineData(
        "scaled in a try, and then stacked into itself",
        "try { x = x / 255; } finally { } x = {|CG0001:torch.cat([x, x, x], 1)|};"
    )]
    [InlineData("fewer than two", "if (x.shape[1] < 2) { var s = {|CG0001:x.repeat(1, 3, 1, 1)|}; }")]
    [InlineData("one or two dimensions of space", "if (x.dim() == 3 || x.dim() == 4) { var s = {|CG0001:x.repeat(1, 3, 1, 1)|}; }")]
    [InlineData(
        "an out parameter is given a parameter",
        "void Set(Tensor t, out Tensor r) => r = t / 2; Set(x, out var u); var s = {|CG0001:u.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a helper gives what it is given",
        "Tensor Half(Tensor t) { return t / 2; } var s = {|CG0001:Half(x).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "a helper reads gray",
        "Tensor Read(string file) => torchvision.io.read_image(file, torchvision.io.ImageReadMode.GRAY); "
            + "var s = {|CG0001:Read(\"a.png\").repeat(3, 1, 1)|};"
    )]
    [InlineData("a place that was held before", "Tensor t = empty(0); if (n > 1) t = x; var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "what a loader of data gives",
        "DataLoader loader = null; foreach (var data in loader) { var s = {|CG0001:data[\"data\"].repeat(1, 3, 1, 1)|}; }"
    )]
    [InlineData("an element in sight is free", "var all = new[] { x, rand(1, 3, 8, 8) }; var s = {|CG0001:all[0].repeat(1, 3, 1, 1)|};")]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task Members_that_give_three_channels_features_or_a_mask() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private readonly Module<Tensor, Tensor> body;
                private Tensor twice = rand(1, 1, 8, 8);
                private Tensor color = rand(1, 3, 8, 8);
                private Tensor again = rand(1, 3, 8, 8);
                private Tensor grown = rand(1, 3, 8, 8);
                private Tensor handed;
                private Tensor features;
                private Tensor given;
                public Tensor Open;
                public Tensor Set { get; set; }
                public Tensor Color { get; } = rand(1, 3, 8, 8);
                public Tensor Computed => rand(1, 3, 8, 8);
                public Tensor Body { get { return rand(1, 3, 8, 8); } }
                public virtual Tensor Overridden => rand(1, 1, 8, 8);
                public Tensor Mask => color > 0.5;

                public Program(Module<Tensor, Tensor> body, Tensor given)
                {
                    this.body = body;
                    this.given = given;
                    again = rand(1, 4, 8, 8);
                }

                void Run(Tensor x, Program other)
                {
                    var a = {|CG0002:twice.repeat(1, 3, 1, 1)|};
                    var b = color.repeat(1, 3, 1, 1);
                    var c = again.repeat(1, 3, 1, 1);
                    var d = {|CG0002:grown.repeat(1, 3, 1, 1)|};
                    var e = {|CG0002:handed.repeat(1, 3, 1, 1)|};
                    var f = {|CG0002:features.repeat(1, 3, 1, 1)|};
                    var g = {|CG0001:given.repeat(1, 3, 1, 1)|};
                    var h = {|CG0001:Open.repeat(1, 3, 1, 1)|};
                    var i = {|CG0002:Set.repeat(1, 3, 1, 1)|};
                    var j = Color.repeat(1, 3, 1, 1);
                    var k = Computed.repeat(1, 3, 1, 1);
                    var l = {|CG0002:Body.repeat(1, 3, 1, 1)|};
                    var m = {|CG0002:other.Overridden.repeat(1, 3, 1, 1)|};
                    var n = Mask.repeat(1, 3, 1, 1);
                    var o = {|CG0002:Load().repeat(1, 3, 1, 1)|};
                    var p = {|CG0002:other.twice.repeat(1, 3, 1, 1)|};
                }

                void Change(Tensor x)
                {
                    twice = rand(1, 3, 8, 8);
                    grown += x;
                    Fill(out handed);
                    features = body.forward(x);
                    new Program(body, x) { Set = rand(1, 3, 8, 8) }.Change(x);
                }

                Tensor Load() { if (color is null) return rand(1, 3, 8, 8); return rand(1, 1, 8, 8); }

                static void Fill(out Tensor t) => t = rand(1, 3, 8, 8);
            }
            """
        );

    [Fact]
    public Task What_is_lost_gets_no_fix() =>
        VerifyFix.None<StackingAnalyzer, CodeFixes.StackingFix>(
            """
            using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Program
            {
                public static Tensor Run(Module<Tensor, Tensor> net, Module<Tensor, Tensor> features, Tensor x, bool color)
                {
                    var t = color ? rand(1, 3, 8, 8) : x;
                    return net.forward({|CG0002:cat([t, t, t], 1)|}) + net.forward({|CG0002:features.forward(x).repeat(1, 3, 1, 1)|});
                }
            }
            """
        );
}
