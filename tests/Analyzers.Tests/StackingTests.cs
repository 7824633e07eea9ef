using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

public class StackingTests
{
    [Theory]
    [InlineData("net.forward({|CG0001:torch.cat(new[] { x, x, x }, 1)|});")]
    [InlineData("net.call({|CG0001:torch.cat([x, x, x], dim: -3)|});")]
    [InlineData("var s = {|CG0001:torch.cat(dim: 1, tensors: new[] { x, x, x })|};")]
    [InlineData("var s = {|CG0001:cat([x, x, x], 1)|};")]
    [InlineData("var s = {|CG0001:torch.concatenate([x, x, x], axis: 1)|};")]
    [InlineData("var s = {|CG0001:torch.concat([x, x, x], 1)|};")]
    [InlineData("Tensor[] rgb = { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("var rgb = new[] { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("var a = x; var s = {|CG0001:torch.concat(new List<Tensor> { a, x, a }, 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(Enumerable.Repeat(x, 3).ToArray(), 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(Enumerable.Repeat(x, 3).ToList(), 1)|};")]
    [InlineData("const int Copies = 3; var s = {|CG0001:torch.cat(Enumerable.Repeat(x, Copies).ToArray(), 1)|};")]
    [InlineData("Tensor[] two = [x, x]; var s = {|CG0001:torch.cat([.. two, x], 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(new List<Tensor>(new[] { x, x, x }), 1)|};")]
    [InlineData("var list = new List<Tensor>(); list.Add(x); list.Add(x); list.Add(x); var s = {|CG0001:torch.cat(list, 1)|};")]
    [InlineData("var list = new List<Tensor> { x }; list.Add(x); list.Add(x); net.forward({|CG0001:torch.cat(list.ToArray(), 1)|});")]
    [InlineData("var t = x.view(n, h, w, 1); var s = {|CG0001:torch.cat([t, t, t], 3)|};")]
    [InlineData("var t = zeros(8, 8, 1); var s = {|CG0001:torch.dstack(new[] { t, t, t })|};")]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY)[0]; var s = {|CG0001:torch.stack([t, t, t])|};"
    )]
    [InlineData("var s = {|CG0001:x.expand(new Size(new long[] { -1, 3, -1, -1 }))|};")]
    [InlineData("var s = {|CG0001:torch.cat((Tensor[])[x, x, x], 1)|};")]
    [InlineData("var s = {|CG0001:torch.ones(1, 3, 1, 1).mul(x)|};")]
    [InlineData("var s = {|CG0001:x.select(1, 0).unsqueeze(1).repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:x.reshape(-1, 1, 28, 28).expand(-1, 3, -1, -1)|};")]
    [InlineData("using var g = x / 255; using var s = {|CG0001:torch.cat(new[] { g, g, g }, 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(new[] { (Tensor)x, (x), x! }, 1)|};")]
    [InlineData("const long Dim = 1; var s = {|CG0001:torch.cat([x, x, x], Dim)|};")]
    [InlineData("var s = {|CG0001:torch.stack([x, x, x], dim: 1)|};")]
    [InlineData("var s = {|CG0001:torch.stack(new[] { x, x, x }, -3)|};")]
    [InlineData("var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:x.repeat(new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("const int C = 3; var s = {|CG0001:x.repeat([1, C, 1, 1])|};")]
    [InlineData("long[] sizes = { 1, 3, 1, 1 }; var s = {|CG0001:x.repeat(sizes)|};")]
    [InlineData("var s = {|CG0001:x.expand(-1, 3, -1, -1)|};")]
    [InlineData("var s = {|CG0001:x.expand((-1, 3, -1, -1))|};")]
    [InlineData("var s = {|CG0001:x.expand(new long[] { -1, 3, -1, -1 })|};")]
    [InlineData("var s = {|CG0001:x.expand(n, 3, h, w)|};")]
    [InlineData("var s = {|CG0001:x.expand(x.shape[0], 3, x.shape[2], x.shape[3])|};")]
    [InlineData("var s = {|CG0001:x.expand(3, -1, -1)|};")]
    [InlineData("var s = {|CG0001:x.tile([1, 3, 1, 1])|};")]
    [InlineData("var s = {|CG0001:torch.tile(x, new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("var s = {|CG0001:torch.broadcast_to(x, n, 3, h, w)|};")]
    [InlineData("var s = {|CG0001:x.broadcast_to(n, 3, h, w)|};")]
    [InlineData("var s = {|CG0001:x.repeat_interleave(3, dim: 1)|};")]
    [InlineData("var s = {|CG0001:torch.repeat_interleave(x, 3, dim: 1)|};")]
    [InlineData("var s = {|CG0001:x.index_select(1, torch.zeros(3, dtype: ScalarType.Int64))|};")]
    [InlineData("var s = {|CG0001:x.index_select(1, torch.tensor(new long[] { 0, 0, 0 }))|};")]
    [InlineData("var i = torch.zeros(3, dtype: ScalarType.Int64); var s = {|CG0001:torch.index_select(x, 1, i)|};")]
    [InlineData("var s = {|CG0001:x * torch.ones(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:torch.ones(1, 3, 1, 1) * x|};")]
    [InlineData("var o = torch.ones(1, 3, 1, 1); var s = {|CG0001:x.mul(o)|};")]
    [InlineData("var s = {|CG0001:x.unsqueeze(1).repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat([x, x, x], 1)|}.to(torch.CPU);")]
    [InlineData("torchvision.transforms.Lambda(t => {|CG0001:t.expand(3, -1, -1)|});")]
    [InlineData("Func<Tensor, Tensor> f = t => {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("Tensor F(Tensor t) => {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("Tensor F() { return {|CG0001:x.repeat(1, 3, 1, 1)|}; }")]
    [InlineData("var s = x?{|CG0001:.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = n switch { 1 => {|CG0001:torch.cat([x, x, x], 1)|}, _ => x };")]
    [InlineData("foreach (var t in new[] { x, y }) { net.forward({|CG0001:t.repeat(1, 3, 1, 1)|}); }")]
    [InlineData("for (int i = 0; i < 3; i++) { var t = x; net.forward({|CG0001:torch.cat([t, t, t], 1)|}); }")]
    [InlineData("x = x / 255; net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("var t = rand(8, 1, 28, 28); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("var t = x.view(n, 1, h, w); var s = {|CG0001:torch.hstack(t, t, t)|};")]
    [InlineData("var t = zeros(4, 1, 8, 8); var s = {|CG0001:torch.hstack(new[] { t, t, t })|};")]
    [InlineData("var t = zeros(1, 8, 8); var s = {|CG0001:torch.vstack(new[] { t, t, t })|};")]
    [InlineData("var t = x.mean([1], keepdim: true); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).repeat(3, 1, 1)|};")]
    [InlineData(
        "var g = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var f = g.to(ScalarType.Float32) / 255; var s = {|CG0001:torch.cat([f, f, f], 0)|};"
    )]
    [InlineData("var g = torchvision.transforms.functional.rgb_to_grayscale(image); var s = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("var g = torchvision.transforms.Grayscale().call(image); var s = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("if (x.shape[0] == 1) { var s = {|CG0001:x.repeat(3, 1, 1)|}; }")]
    [InlineData("if (x.dim() == 3 && x.size(0) == 1) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("if (x.shape[0] != 1) return; var s = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("x = x.shape[0] switch { 1 => {|CG0001:x.repeat(3, 1, 1)|}, _ => x };")]
    [InlineData("var g = x.unsqueeze(0); g = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("x = x.unsqueeze(0); x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("var s = x.shape[1] == 1 ? {|CG0001:x.repeat(1, 3, 1, 1)|} : x;")]
    [InlineData("var t = x.unsqueeze(-1); var s = {|CG0001:torch.cat([t, t, t], -1)|};")]
    [InlineData("var t = y.view(-1, 1, 28, 28); var s = {|CG0001:t.expand_as(rand(8, 3, 28, 28))|};")]
    [InlineData("x.add_(1); var s = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("var c = Conv2d(16, 1, 3); var s = {|CG0001:c.forward(y).repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; torchvision.utils.save_image(rgb, \"a.png\", torchvision.ImageFormat.Png); net.forward(rgb);"
    )]
    [InlineData("using (torch.no_grad()) { net.forward({|CG0001:x.expand(-1, 3, -1, -1)|}); }")]
    [InlineData("try { net.forward({|CG0001:x.expand(-1, 3, -1, -1)|}); } finally { x.Dispose(); }")]
    [InlineData("x = net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("var z = conv.forward(y) + {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    public Task Flags(string statements) => Verify.Statements<StackingAnalyzer>(statements);

    [Theory]
    [InlineData("var s = torch.cat([x, y, x], 1);")]
    [InlineData("var s = torch.cat([x, x], 1);")]
    [InlineData("var s = torch.cat([x, x, x, x], 1);")]
    [InlineData("var s = torch.cat([x, x, x], 2);")]
    [InlineData("var s = torch.cat([x, x, x], 0);")]
    [InlineData("var s = torch.cat([x, x, x]);")]
    [InlineData("var s = torch.stack([x, x, x]);")]
    [InlineData("var s = torch.cat([x, x, x], n);")]
    [InlineData("var s = x.repeat(3, 1, 1, 1);")]
    [InlineData("var s = x.repeat(1, n, 1, 1);")]
    [InlineData("var s = x.repeat(2, 3, 1, 1);")]
    [InlineData("Tensor f() => x; var s = torch.cat([f(), f(), f()], 1);")]
    [InlineData("var s = torch.cat([rand(1, 1, 8, 8), rand(1, 1, 8, 8), rand(1, 1, 8, 8)], 1);")]
    [InlineData("var s = torch.rand(1, 3, 224, 224).repeat(1, 3, 1, 1);")]
    [InlineData("var t = torch.rand(1, 3, 224, 224); var u = t; var s = torch.cat([t, u, t], 1);")]
    [InlineData("var conv64 = Conv2d(1, 64, 3); var s = conv64.forward(x).repeat(1, 3, 1, 1);")]
    [InlineData(
        "var features = Sequential(Conv2d(1, 64, 3), ReLU(), MaxPool2d(2)); var t = features.forward(x); var s = torch.cat([t, t, t], 1);"
    )]
    [InlineData("var s = x.repeat(1, 1, 3, 3);")]
    [InlineData("var s = tokens.expand(-1, 3, -1);")]
    [InlineData("var t = y.view(4, 1, 8); var s = torch.cat([t, t, t], 1);")]
    [InlineData("torch.stack([x, x, x], dim: 2);")]
    [InlineData("var t = y.view(4, 1, 8, 8); torch.stack([t, t, t], dim: 1);")]
    [InlineData("var s = torch.tensor(new float[] { 1, 2, 3 }).view(3, 1, 1).expand_as(image);")]
    [InlineData("var mean = torch.tensor(new float[] { 1, 2, 3 }).view(1, 3, 1, 1); var s = mean.expand(n, 3, h, w);")]
    [InlineData("Tensor[] rgb = { x, x, x }; rgb[1] = y; var s = torch.cat(rgb, 1);")]
    [InlineData("var rgb = new List<Tensor> { x, x, x }; rgb.Add(y); var s = torch.cat(rgb, 1);")]
    [InlineData("var rgb = new List<Tensor> { x, x }; rgb.Add(y); var s = torch.cat(rgb, 1);")]
    [InlineData("var list = new List<Tensor>(); for (int i = 0; i < 3; i++) list.Add(x); var s = torch.cat(list, 1);")]
    [InlineData("var list = new List<Tensor>(); list.Add(x); x.add_(1); list.Add(x); list.Add(x); var s = torch.cat(list, 1);")]
    [InlineData("var list = new List<Tensor> { x, x, x }; list.Clear(); var s = torch.cat(list, 1);")]
    [InlineData("var list = new List<Tensor> { x, x, x }; list[0] = y; var s = torch.cat(list, 1);")]
    [InlineData("var list = new List<Tensor> { x, x }; if (n > 1) list.Add(x); var s = torch.cat(list, 1);")]
    [InlineData("var a = x; x.add_(1); var b = x; var s = torch.cat([a, b, a], 1);")]
    [InlineData("Tensor[] rgb = { x, x, x }; x.add_(1); var s = torch.cat(rgb, 1);")]
    [InlineData("var s = torch.cat([x, -x, x], 1);")]
    [InlineData("var q = new Queue<Tensor>(); var s = torch.cat([q.Dequeue(), q.Dequeue(), q.Dequeue()], 1);")]
    [InlineData("var s = x.narrow(1, 0, 2).repeat(1, 3, 1, 1);")]
    [InlineData("var s = x.reshape(-1, 3, 28, 28).repeat(1, 3, 1, 1);")]
    [InlineData("var t = torch.zeros([1, 3, 8, 8]); var u = torch.ones_like(t); var s = u.expand(-1, 3, -1, -1);")]
    [InlineData("Tensor[] rgb = { x, x, x }; var other = rgb; other[0] = y; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = { x, x, x }; Tensor[][] all = [rgb]; all[0][1] = y; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = { x, x, x }; void Change(Tensor[] t) => t[0] = y; Change(rgb); var s = torch.cat(rgb, 1);")]
    [InlineData("var a = x; x.add_(1); var s = torch.cat([a, x, a], 1);")]
    [InlineData("var s = torch.cat([x, x.add_(1), x], 1);")]
    [InlineData("var a = x; x = y; var s = torch.cat([a, x, a], 1);")]
    [InlineData("var a = x.clone(); var s = torch.cat([a, x, a], 1);")]
    [InlineData("torchvision.transforms.Grayscale(3);")]
    [InlineData("torchvision.utils.save_image(torch.cat([x, x, x], 1), \"out.png\", torchvision.ImageFormat.Png);")]
    [InlineData("var grid = torchvision.utils.make_grid(x.repeat(1, 3, 1, 1));")]
    [InlineData("var rgb = torch.cat([x, x, x], 1); torchvision.utils.save_image(rgb, \"out.png\", torchvision.ImageFormat.Png);")]
    [InlineData("var rgb = x.repeat(1, 3, 1, 1).cpu(); torchvision.io.write_png(rgb, \"out.png\");")]
    [InlineData("var s = (x > 0.5).repeat(1, 3, 1, 1);")]
    [InlineData("var m = x.gt(0.5); var s = m.expand(-1, 3, -1, -1);")]
    [InlineData("var s = y.masked_fill(x.repeat(1, 3, 1, 1), 0);")]
    [InlineData("var l = nn.functional.mse_loss(y, x.repeat(1, 3, 1, 1));")]
    [InlineData("var loss = MSELoss(); var l = loss.forward(y, x.repeat(1, 3, 1, 1));")]
    [InlineData("var s = nn.functional.grid_sample(y, x.repeat(1, 3, 1, 1));")]
    [InlineData("var s = conv.weight.repeat(1, 3, 1, 1);")]
    [InlineData("var p = Parameter(rand(1, 1, 8)); var s = p.expand(3, -1, -1);")]
    [InlineData("var s = torch.eye(4).expand(3, 4, 4);")]
    [InlineData("var i = x.argmax(1).unsqueeze(-1); var s = i.repeat(1, 1, 3);")]
    [InlineData("if (x.shape[1] == 3) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("var g = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB); var s = g.repeat(3, 1, 1);")]
    [InlineData("var s = x.repeat_interleave(3);")]
    [InlineData("var s = x.repeat_interleave(3, dim: 2);")]
    [InlineData("var s = x.index_select(1, torch.tensor(new long[] { 0, 1, 2 }));")]
    [InlineData("var s = x * torch.ones(1, 1, 3, 3);")]
    [InlineData("var s = rand(1, 3, 8, 8) * torch.ones(1, 3, 1, 1);")]
    [InlineData("var s = torch.hstack(x, x, x);")]
    [InlineData("var s = torch.vstack(new[] { x, x, x });")]
    [InlineData("var s = x.expand(3, 3);")]
    [InlineData("var s = x.repeat(1, 3);")]
    [InlineData("var s = x.repeat(1, 3, 1, 1, 1);")]
    [InlineData("var t = x; if (n > 2) t = y; var s = torch.cat([t, x, t], 1);")]
    [InlineData("var t = x; for (int i = 0; i < 3; i++) { var s = torch.cat([t, x, t], 1); t = y; }")]
    [InlineData("var t = x; Action a = () => t = y; var s = torch.cat([t, x, t], 1);")]
    public Task Leaves_alone(string statements) => Verify.Statements<StackingAnalyzer>(statements);

    [Theory]
    [InlineData("var s = {|CG0002:mask.repeat(3, 1, 1)|};")]
    [InlineData("var s = {|CG0002:x.tile([3, 1, 1])|};")]
    [InlineData("var s = {|CG0002:x.expand(3, h, w)|};")]
    [InlineData("var t = x.view(28, 28); var s = {|CG0002:torch.stack([t, t, t])|};")]
    [InlineData("var t = x.unsqueeze(0); var s = {|CG0002:torch.cat([t, t, t])|};")]
    [InlineData("var t = x.unsqueeze(-1); var s = {|CG0002:t.repeat(1, 1, 3)|};")]
    [InlineData("var g = x.unsqueeze(0); g.squeeze_(0); var s = {|CG0002:g.repeat(3, 1, 1)|};")]
    public Task Wonders(string statements) => Verify.Statements<StackingAnalyzer>(statements);

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
    public Task Generated_code_is_left_alone() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                [System.CodeDom.Compiler.GeneratedCode("tool", "1")]
                void Generated(Tensor x) { var s = cat([x, x, x], 1); }
                void Written(Tensor x) { var s = {|CG0001:cat([x, x, x], 1)|}; }
            }

            [System.CodeDom.Compiler.GeneratedCode("tool", "1")]
            class Tool
            {
                private readonly Func<Tensor, Tensor> field = t => t.repeat(1, 3, 1, 1);
                void Run(Tensor x) { var s = cat([x, x, x], 1); }
            }
            """,
            others:
            [
                ("Wrapper.g.cs", "class A { void Run(TorchSharp.torch.Tensor x) { var s = x.repeat(1, 3, 1, 1); } }"),
                ("Other.cs", "// <auto-generated/>\nclass B { void Run(TorchSharp.torch.Tensor x) { var s = x.repeat(1, 3, 1, 1); } }"),
            ]
        );

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
    public Task Everywhere_that_code_can_stand() =>
        Verify.Program<StackingAnalyzer>(
            """
            using T = TorchSharp.torch.Tensor;
            using TH = TorchSharp.torch;

            class Program
            {
                private readonly Func<Tensor, Tensor> field = t => {|CG0001:t.repeat(1, 3, 1, 1)|};
                private T Property(T t) => {|CG0001:TH.cat([t, t, t], 1)|};
                public Program(Tensor t) { field = u => {|CG0001:cat([u, u, u], 1)|}; }
                async Task<Tensor> Wait(Task<Tensor> t)
                {
                    var u = await t;
                    return {|CG0001:cat([u, u, u], 1)|};
                }
                IEnumerable<Tensor> All(IEnumerable<Tensor> all)
                {
                    foreach (var t in all) yield return {|CG0001:t.expand(-1, 3, -1, -1)|};
                }
                public static Tensor operator +(Program p, Tensor t) => {|CG0001:cat([t, t, t], 1)|};
                Tensor this[Tensor t] { get { return {|CG0001:cat([t, t, t], 1)|}; } }
            }
            """
        );

    [Fact]
    public Task A_layer_of_a_network_tells_its_channels() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Net : Module<Tensor, Tensor>
            {
                private readonly Conv2d wide = Conv2d(1, 64, 3);
                private readonly Conv2d one;
                private readonly Module<Tensor, Tensor> head;

                public Net() : base("net")
                {
                    one = Conv2d(64, 1, 3);
                    head = Sequential(("conv", Conv2d(1, 8, 3)), ("bn", BatchNorm2d(8)), ("relu", ReLU()));
                }

                public override Tensor forward(Tensor image)
                {
                    var a = wide.forward(image).repeat(1, 3, 1, 1);
                    var b = {|CG0001:one.call(a).repeat(1, 3, 1, 1)|};
                    var c = head.call(image);
                    return cat([c, c, c], 1);
                }
            }
            """
        );

    [Theory]
    [InlineData("2", "var s = {|CG0001:torch.cat([x, x], 1)|}; var t = torch.cat([x, x, x], 1);")]
    [InlineData("2, 3", "var s = {|CG0001:torch.cat([x, x], 1)|}; var t = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("4", "var s = {|CG0001:x.expand(-1, 4, -1, -1)|};")]
    public Task The_option_copies_says_which_numbers_count(string copies, string statements) =>
        Verify.Program<StackingAnalyzer>(
            $$"""class P { void Run(Tensor x) { {{statements}} } }""",
            $"dotnet_code_quality.CG0001.copies = {copies}"
        );

    [Theory]
    [InlineData("three")]
    [InlineData("1")]
    [InlineData("3,,2")]
    [InlineData("-3")]
    public Task A_bad_option_is_reported_once_and_ignored(string copies) =>
        Verify.Program<StackingAnalyzer>(
            "class P { void Run(Tensor x) { var s = {|CG0001:x.repeat(1, 3, 1, 1)|}; var t = {|CG0001:x.repeat(1, 3, 1, 1)|}; } }",
            $"dotnet_code_quality.CG0001.copies = {copies}",
            [
                new Microsoft.CodeAnalysis.Testing.DiagnosticResult(
                    "CG0006",
                    Microsoft.CodeAnalysis.DiagnosticSeverity.Warning
                ).WithArguments(Options.CopiesKey, copies),
            ]
        );

    [Theory]
    [InlineData(
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = {|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|};"
    )]
    [InlineData(
        "var norm = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]); net.forward({|CG0004:norm.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); var rgb = {|CG0004:{|CG0001:x.expand(-1, 3, -1, -1)|} - mean|};"
    )]
    [InlineData(
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = torchvision.transforms.functional.normalize(rgb, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);"
    )]
    [InlineData("var t = torchvision.transforms.functional.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);")]
    [InlineData("var rgb = {|CG0001:cat([x, x, x], 1)|} - 0.5;")]
    public Task Per_channel_normalization_of_a_stack(string statements) => Verify.Statements<StackingAnalyzer>(statements);
}
