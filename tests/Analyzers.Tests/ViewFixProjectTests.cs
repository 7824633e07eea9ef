using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The view's fix over several documents and projects, where the network's class is in another one.</summary>
public class ViewFixProjectTests
{
    private const string Usings = """
        using ChannelGen;
        using TorchSharp;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    private const string Networks =
        Usings
        + """
            public class Net : Module<Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => body.call(image);
            }

            public class Second : Module<Tensor, Tensor, Tensor>
            {
                private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                public Second() : base("second") => RegisterComponents();
                public override Tensor forward(Tensor age, Tensor image) => body.call(image) * age;
            }
            """;

    private static string User(string name, string body) =>
        Usings
        + $$"""
            public class {{name}}
            {
                public Tensor Run(Net net, Second second, Tensor x, Tensor age)
                {
                    {{body.Replace("\n", "\n        ")}}
                }
            }
            """;

    [Theory]
    [InlineData("return net.forward({|CG0001:cat(new[] { x, x, x }, 1)|});", "return net.AsGrayscale().forward(x);")]
    [InlineData("x = {|CG0001:x.repeat(1, 3, 1, 1)|};\nreturn net.call(x);", "return net.AsGrayscale().call(x);")]
    [InlineData("return second.call(age, {|CG0001:x.repeat(1, 3, 1, 1)|});", "return second.AsGrayscale(image: \"image\").call(age, x);")]
    [InlineData(
        "var made = new Net();\nreturn made.call({|CG0001:x.repeat(1, 3, 1, 1)|});",
        "var made = new Net();\nreturn made.AsGrayscale().call(x);"
    )]
    public Task The_networks_class_is_in_another_project(string before, string after) =>
        VerifyFix.OfProjects<StackingAnalyzer, StackingFix>(
            Networks,
            [User("First", before), User("Other", before)],
            [User("First", after), User("Other", after)],
            StackingFix.ViewKey
        );

    [Fact]
    public Task A_network_of_another_project_is_converted_where_it_is_made() =>
        VerifyFix.OfProjects<StackingAnalyzer, StackingFix>(
            Networks,
            [User("First", "var made = new Net();\nreturn made.call({|CG0001:x.repeat(1, 3, 1, 1)|});")],
            [User("First", "var made = new Net();\nreturn made.ToGrayscale().call(x);")],
            StackingFix.ConvertKey
        );

    [Fact]
    public Task A_class_of_another_project_is_marked_without_an_exception()
    {
        const string Source = """
            [assembly: ChannelGen.GrayscaleInput(typeof(Net), "body.0")]
            [assembly: ChannelGen.GrayscaleInput(typeof(Derived))]
            public class Derived : Net { }
            """;
        return VerifyFix.OfProjects<MarkedClassAnalyzer, MarkedClassFix>(Networks, [Source], [Source], null);
    }

    /// <summary>A stack that no fix can touch comes first: the others are fixed all the same.</summary>
    [Fact]
    public Task What_has_no_fix_does_not_keep_others_from_theirs() =>
        VerifyFix.OfAll<StackingAnalyzer, StackingFix>(
            [
                User("First", "var kept = {|CG0001:cat(new[] { x, x, x }, 1)|};\nreturn kept;"),
                User("Other", "return net.forward({|CG0001:cat(new[] { x, x, x }, 1)|}) + net.forward({|CG0001:x.repeat(1, 3, 1, 1)|});"),
                Networks,
            ],
            [
                User("First", "var kept = {|CG0001:cat(new[] { x, x, x }, 1)|};\nreturn kept;"),
                User("Other", "return net.AsGrayscale().forward(x) + net.AsGrayscale().forward(x);"),
                Networks,
            ],
            StackingFix.ViewKey
        );
}
