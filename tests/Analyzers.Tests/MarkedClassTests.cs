using ChannelGen.Analyzers.Rules;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG1001 to CG1008: what can be wrong with a mark.</summary>
public class MarkedClassTests
{
    private const string Conv = "private readonly Conv2d conv1 = Conv2d(3, 8, 3);";
    private const string Mlp = "private readonly Linear fc = Linear(784, 10); public Net() : base(\"net\") { RegisterComponents(); } ";

    [Theory]
    [InlineData("a partial class", "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("the layer is named", "[GrayscaleInput(\"conv1\")] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("not partial", "[GrayscaleInput] class {|CG1001:Net|} : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData(
        "inside a type that is not partial",
        "class Outer { [GrayscaleInput] partial class {|CG1002:Net|} : Module<Tensor, Tensor> { MEMBERS } }"
    )]
    [InlineData(
        "inside a type that is partial only on the outside",
        "partial class Outer { class Inner { [GrayscaleInput] partial class {|CG1002:Net|} : Module<Tensor, Tensor> { MEMBERS } } }"
    )]
    [InlineData("no network", "[GrayscaleInput] partial class {|CG1003:Net|} { }")]
    [InlineData("a module without a type", "[GrayscaleInput] partial class {|CG1003:Net|} : Module { public Net() : base(\"net\") { } }")]
    [InlineData(
        "abstract",
        "[GrayscaleInput] abstract partial class {|CG1003:Net|} : Module<Tensor, Tensor> { public Net() : base(\"net\") { } }"
    )]
    [InlineData(
        "no tensor goes in",
        "[GrayscaleInput] partial class {|CG1003:Net|} : Module<int, Tensor> { public Net() : base(\"net\") { } "
            + "public override Tensor forward(int x) => zeros(x); }"
    )]
    [InlineData("no such image", "[GrayscaleInput(Image = \"picture\")] partial class {|CG1003:Net|} : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("no such layer", "[{|CG1004:GrayscaleInput(\"conv2\")|}] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("an empty name", "[{|CG1004:GrayscaleInput(\"\")|}] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData(
        "no such layer in a sequence",
        "[{|CG1004:GrayscaleInput(\"features.1\")|}] partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Sequential features = Sequential(Conv2d(3, 8, 3)); "
            + "public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => features.call(x); }"
    )]
    [InlineData(
        "a layer of a sequence",
        "[GrayscaleInput(\"features.0\")] partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Sequential features = Sequential(Conv2d(3, 8, 3)); "
            + "public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => features.call(x); }"
    )]
    [InlineData(
        "a layer inside of what comes from elsewhere",
        "[GrayscaleInput(\"made.by.others\")] partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, "
            + "Tensor> made; public Net(Module<Tensor, Tensor> m) : base(\"net\") { made = m; "
            + "} public override Tensor forward(Tensor x) => made.call(x); }"
    )]
    [InlineData(
        "a linear layer",
        "[{|CG1005:GrayscaleInput(\"fc\")|}] partial class Net : Module<Tensor, Tensor> { private readonly Linear fc = Linear(3, "
            + "8); MEMBERS }"
    )]
    [InlineData(
        "a convolution of 64 channels",
        "[{|CG1005:GrayscaleInput(\"other\")|}] partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Conv2d other = Conv2d(64, 8, 1); MEMBERS }"
    )]
    [InlineData(
        "two convolutions are given the image",
        "[GrayscaleInput] partial class {|CG1006:Net|} : Module<Tensor, Tensor> { private readonly Conv2d a = Conv2d(3, 8, 3); "
            + "private readonly Conv2d b = Conv2d(3, 8, 3); "
            + "public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => a.call(x) + b.forward(x); }"
    )]
    [InlineData(
        "one of two is named",
        "[GrayscaleInput(\"a\")] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d a = Conv2d(3, 8, 3); "
            + "private readonly Conv2d b = Conv2d(3, 8, 3); "
            + "public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => a.call(x) + b.forward(x); }"
    )]
    [InlineData(
        "two of three channels, of which one is given the image",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d later = Conv2d(3, 8, 3); "
            + "private readonly Conv2d first = Conv2d(3, 3, 3); "
            + "public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => later.call(first.call(x)); }"
    )]
    public Task Of_a_class(string reason, string source)
    {
        Assert.NotEmpty(reason);
        return Verify.Program<MarkedClassAnalyzer>(
            source.Replace("MEMBERS", Conv + " public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => conv1.call(x);")
        );
    }

    [Theory]
    [InlineData("a network of a library", "[assembly: GrayscaleInput(typeof(ResNet), \"conv1\")]")]
    [InlineData("two networks", "[assembly: GrayscaleInput(typeof(ResNet))]\n[assembly: GrayscaleInput(typeof(VGG))]")]
    [InlineData("no type", "[assembly: {|CG1007:GrayscaleInput|}]")]
    [InlineData("a layer without a type", "[assembly: {|CG1007:GrayscaleInput(\"conv1\")|}]")]
    [InlineData(
        "the same type twice",
        "[assembly: GrayscaleInput(typeof(ResNet), \"conv1\")]\n[assembly: {|CG1007:GrayscaleInput(typeof(ResNet))|}]"
    )]
    [InlineData("no network", "[assembly: {|CG1003:GrayscaleInput(typeof(string))|}]")]
    [InlineData("a type on a class", "[{|CG1007:GrayscaleInput(typeof(ResNet))|}] partial class Net { }")]
    public Task Of_the_assembly(string reason, string source)
    {
        Assert.NotEmpty(reason);
        return Verify.Program<MarkedClassAnalyzer>(source);
    }

    [Theory]
    [InlineData(
        "linear layers alone",
        "[GrayscaleInput] partial class {|CG1008:Net|} "
            + ": Module<Tensor, Tensor> { MLP public override Tensor forward(Tensor x) => fc.call(x.flatten(1)).relu(); }"
    )]
    [InlineData(
        "linear layers in a sequence",
        "[GrayscaleInput] partial class {|CG1008:Net|} "
            + ": Module<Tensor, Tensor> { private readonly Sequential body = Sequential(Flatten(), Linear(784, 8), ReLU(), Linear(8, "
            + "2)); public Net() : base(\"net\") { RegisterComponents(); } public override Tensor forward(Tensor x) => body.call(x); }"
    )]
    [InlineData(
        "a layer of the program without a convolution",
        "class Block : Module<Tensor, Tensor> { private readonly Linear fc = Linear(8, 8); "
            + "public Block() : base(\"b\") { RegisterComponents(); } public override Tensor forward(Tensor x) => fc.call(x); "
            + "} [GrayscaleInput] partial class {|CG1008:Net|} : Module<Tensor, Tensor> { private readonly Block block = new Block(); "
            + "public Net() : base(\"net\") { RegisterComponents(); } public override Tensor forward(Tensor x) => block.call(x); }"
    )]
    [InlineData(
        "the layers are given to the constructor",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, Tensor> body; "
            + "public Net(Module<Tensor, Tensor> body) : base(\"net\") { this.body = body; RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => body.call(x); }"
    )]
    [InlineData(
        "a layer is set from outside",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { public Module<Tensor, Tensor> Body { get; set; "
            + "} = Linear(8, 8); public Net() : base(\"net\") { RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => Body.call(x); }"
    )]
    [InlineData(
        "a layer is made by a library",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, "
            + "Tensor> body = torchvision.models.resnet18(); public Net() : base(\"net\") { RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => body.call(x); }"
    )]
    [InlineData(
        "the layers are loaded",
        "[GrayscaleInput] partial class Net : Module<Tensor, "
            + "Tensor> { private readonly torch.jit.ScriptModule body = torch.jit.load(\"a.pt\"); "
            + "public Net() : base(\"net\") { RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => (Tensor)((dynamic)body).forward(x); }"
    )]
    [InlineData(
        "the layers are in a list",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly ModuleList<Module<Tensor, "
            + "Tensor>> all = new ModuleList<Module<Tensor, Tensor>>(); public Net() : base(\"net\") { RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => all[0].call(x); }"
    )]
    [InlineData(
        "forward convolves with a parameter",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Parameter kernel = Parameter(rand(8, 3, 3, "
            + "3)); public Net() : base(\"net\") { RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => nn.functional.conv2d(x, kernel); }"
    )]
    [InlineData(
        "a helper may convolve",
        "static class Ops { public static Tensor Run(Tensor x) => nn.functional.conv2d(x, rand(8, 3, 3, 3)); "
            + "} [GrayscaleInput] partial class Net : Module<Tensor, "
            + "Tensor> { MLP public override Tensor forward(Tensor x) => fc.call(Ops.Run(x)); }"
    )]
    [InlineData(
        "a delegate may convolve",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { public Func<Tensor, Tensor> Stem = x => x; "
            + "MLP public override Tensor forward(Tensor x) => fc.call(Stem(x)); }"
    )]
    [InlineData(
        "a convolution of 64 channels is one",
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Conv2d(64, 8, 3); "
            + "public Net() : base(\"net\") { RegisterComponents(); } public override Tensor forward(Tensor x) => conv1.call(x); }"
    )]
    public Task Without_a_convolution(string reason, string source)
    {
        Assert.NotEmpty(reason);
        return Verify.Program<MarkedClassAnalyzer>(source.Replace("MLP", Mlp));
    }

    [Theory]
    [InlineData(LanguageVersion.CSharp7_3, "{|CG1008:Net|}")]
    [InlineData(LanguageVersion.CSharp8, "{|CG1008:Net|}")]
    [InlineData(LanguageVersion.CSharp9, "Net")]
    public Task In_an_older_language(LanguageVersion version, string name) =>
        Verify.Program<MarkedClassAnalyzer>(
            "[GrayscaleInput] partial class "
                + name
                + " : Module<Tensor, Tensor> { "
                + Conv
                + " public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => conv1.call(x); }",
            version: version
        );

    [Fact]
    public Task The_assembly_form_in_an_older_language() =>
        Verify.Program<MarkedClassAnalyzer>("[assembly: {|CG1008:GrayscaleInput(typeof(ResNet))|}]", version: LanguageVersion.CSharp8);
}
