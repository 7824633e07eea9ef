using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

public class MarkedClassTests
{
    private const string Conv = "private readonly Conv2d conv1 = Conv2d(3, 8, 3);";

    [Theory]
    [InlineData("[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("[GrayscaleInput(\"conv1\")] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("[GrayscaleInput] class {|CG1001:Net|} : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("class Outer { [GrayscaleInput] partial class {|CG1002:Net|} : Module<Tensor, Tensor> { MEMBERS } }")]
    [InlineData(
        "partial class Outer { class Inner { [GrayscaleInput] partial class {|CG1002:Net|} : Module<Tensor, Tensor> { MEMBERS } } }"
    )]
    [InlineData("[GrayscaleInput] partial class {|CG1003:Net|} { }")]
    [InlineData("[GrayscaleInput] partial class {|CG1003:Net|} : Module { public Net() : base(\"net\") { } }")]
    [InlineData("[GrayscaleInput] abstract partial class {|CG1003:Net|} : Module<Tensor, Tensor> { public Net() : base(\"net\") { } }")]
    [InlineData(
        "[GrayscaleInput] partial class {|CG1003:Net|} : Module<int, Tensor> { public Net() : base(\"net\") { } public override Tensor forward(int x) => zeros(x); }"
    )]
    [InlineData("[GrayscaleInput(Image = \"picture\")] partial class {|CG1003:Net|} : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("[{|CG1004:GrayscaleInput(\"conv2\")|}] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData("[{|CG1004:GrayscaleInput(\"\")|}] partial class Net : Module<Tensor, Tensor> { MEMBERS }")]
    [InlineData(
        "[{|CG1004:GrayscaleInput(\"features.1\")|}] partial class Net : Module<Tensor, Tensor> { private readonly Sequential features = Sequential(Conv2d(3, 8, 3)); public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => features.call(x); }"
    )]
    [InlineData(
        "[GrayscaleInput(\"features.0\")] partial class Net : Module<Tensor, Tensor> { private readonly Sequential features = Sequential(Conv2d(3, 8, 3)); public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => features.call(x); }"
    )]
    [InlineData(
        "[GrayscaleInput(\"made.by.others\")] partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, Tensor> made; public Net(Module<Tensor, Tensor> m) : base(\"net\") { made = m; } public override Tensor forward(Tensor x) => made.call(x); }"
    )]
    [InlineData(
        "[{|CG1005:GrayscaleInput(\"fc\")|}] partial class Net : Module<Tensor, Tensor> { private readonly Linear fc = Linear(3, 8); MEMBERS }"
    )]
    [InlineData(
        "[{|CG1005:GrayscaleInput(\"other\")|}] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d other = Conv2d(64, 8, 1); MEMBERS }"
    )]
    [InlineData(
        "[GrayscaleInput] partial class {|CG1006:Net|} : Module<Tensor, Tensor> { private readonly Conv2d a = Conv2d(3, 8, 3); private readonly Conv2d b = Conv2d(3, 8, 3); public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => a.call(x) + b.forward(x); }"
    )]
    [InlineData(
        "[GrayscaleInput(\"a\")] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d a = Conv2d(3, 8, 3); private readonly Conv2d b = Conv2d(3, 8, 3); public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => a.call(x) + b.forward(x); }"
    )]
    [InlineData(
        "[GrayscaleInput] partial class Net : Module<Tensor, Tensor> { private readonly Conv2d later = Conv2d(3, 8, 3); private readonly Conv2d first = Conv2d(3, 3, 3); public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => later.call(first.call(x)); }"
    )]
    public Task Of_a_class(string source) =>
        Verify.Program<MarkedClassAnalyzer>(
            source.Replace("MEMBERS", Conv + " public Net() : base(\"net\") { } public override Tensor forward(Tensor x) => conv1.call(x);")
        );

    [Theory]
    [InlineData("[assembly: GrayscaleInput(typeof(ResNet), \"conv1\")]")]
    [InlineData("[assembly: GrayscaleInput(typeof(ResNet))]\n[assembly: GrayscaleInput(typeof(VGG))]")]
    [InlineData("[assembly: {|CG1007:GrayscaleInput|}]")]
    [InlineData("[assembly: {|CG1007:GrayscaleInput(\"conv1\")|}]")]
    [InlineData("[assembly: GrayscaleInput(typeof(ResNet), \"conv1\")]\n[assembly: {|CG1007:GrayscaleInput(typeof(ResNet))|}]")]
    [InlineData("[assembly: {|CG1003:GrayscaleInput(typeof(string))|}]")]
    [InlineData("[{|CG1007:GrayscaleInput(typeof(ResNet))|}] partial class Net { }")]
    public Task Of_the_assembly(string source) => Verify.Program<MarkedClassAnalyzer>(source);
}
