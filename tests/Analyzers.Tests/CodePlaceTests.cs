using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Wherever code can stand, a stack is found.</summary>
public class CodePlaceTests
{
    [Theory]
    [InlineData("a transform made of a lambda", "torchvision.transforms.Lambda(t => {|CG0001:t.expand(3, -1, -1)|});")]
    [InlineData("a lambda in a delegate", "Func<Tensor, Tensor> f = t => {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("a local function of one expression", "Tensor F(Tensor t) => {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("a local function with a body", "Tensor F() { return {|CG0001:x.repeat(1, 3, 1, 1)|}; }")]
    [InlineData("a conditional access", "var s = x?{|CG0001:.repeat(1, 3, 1, 1)|};")]
    [InlineData("an arm of a switch expression", "var s = n switch { 1 => {|CG0001:torch.cat([x, x, x], 1)|}, _ => x };")]
    [InlineData("the body of a foreach", "foreach (var t in new[] { x, y }) { net.forward({|CG0001:t.repeat(1, 3, 1, 1)|}); }")]
    [InlineData("the body of a for", "for (int i = 0; i < 3; i++) { var t = x; net.forward({|CG0001:torch.cat([t, t, t], 1)|}); }")]
    [InlineData("in a using without gradients", "using (torch.no_grad()) { net.forward({|CG0001:x.expand(-1, 3, -1, -1)|}); }")]
    [InlineData("in a try", "try { net.forward({|CG0001:x.expand(-1, 3, -1, -1)|}); } finally { x.Dispose(); }")]
    [InlineData("assigned to the tensor that is stacked", "x = net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("an operand", "var z = conv.forward(y) + {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("a lambda in an action", "Action a = () => net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("a lambda that runs after an assignment", "Action a = () => net.forward({|CG0001:torch.cat([x, x, x], 1)|}); x = y; a();")]
    [InlineData("a static local function", "static Tensor F(Tensor t) { return {|CG0001:torch.cat([t, t, t], 1)|}; }")]
    [InlineData("a chain of conditional accesses", "var s = x?.unsqueeze(1)?{|CG0001:.repeat(1, 3, 1, 1)|};")]
    [InlineData("in a lock", "lock (net) { net.forward({|CG0001:torch.cat([x, x, x], 1)|}); }")]
    [InlineData("in a do loop", "do { net.forward({|CG0001:torch.cat([x, x, x], 1)|}); } while (n > 2);")]
    [InlineData("in a while loop after an assignment", "while (n > 2) { x = y; net.forward({|CG0001:torch.cat([x, x, x], 1)|}); }")]
    [InlineData("in a tuple", "var (a, b) = (net.forward({|CG0001:torch.cat([x, x, x], 1)|}), 2);")]
    [InlineData("in a query", "var q = from t in new[] { x, y } select {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("in an anonymous object", "var s = new { Image = {|CG0001:torch.cat([x, x, x], 1)|} };")]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

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
    public Task Top_level_statements() =>
        Verify.Program<StackingAnalyzer>(
            """
            var x = rand(1, 1, 8, 8);
            var net = torchvision.models.resnet18();
            net.forward({|CG0001:cat([x, x, x], 1)|});
            Tensor[] parts = [x, x, x];
            net.forward({|CG0001:cat(parts, 1)|});
            parts[0] = rand(1);
            net.forward(cat(parts, 1));
            Tensor Local(Tensor t) => {|CG0001:t.expand(-1, 3, -1, -1)|};
            foreach (var t in new[] { x }) net.forward({|CG0001:t.repeat(1, 3, 1, 1)|});
            """,
            isProgram: true
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
}
