using Microsoft.CodeAnalysis;

namespace ChannelGen.Generator.Tests;

/// <summary>Classes written in less usual ways get their wrapper all the same, without a warning.</summary>
public class UnusualClassTests
{
    internal const string Rest = "public override Tensor forward(Tensor image) => conv1.call(image);";

    [Theory]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[GrayscaleInput] public partial class Net(long n) : Module<Tensor, "
            + "Tensor>(\"net\") { private readonly Conv2d conv1 = Conv2d(3, n, 3); REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "[GrayscaleInput] public partial class Net(long n) : Module<Tensor, "
            + "Tensor>(\"net\") { private readonly Conv2d conv1 = Conv2d(1, n, 3); REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, Tensor> conv1; "
            + "public Net() : base(\"net\") { this.conv1 = Conv2d(in_channels: 1, out_channels: 4, kernel_size: 3); "
            + "RegisterComponents(); } REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private const int Channels = 1; "
            + "private readonly Conv2d conv1 = Conv2d(out_channels: 4, kernel_size: 3, in_channels: Channels); "
            + "public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "static class Sizes { public const long In = 1; } [GrayscaleInput] public partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Conv2d conv1 = Conv2d(Sizes.In, 4, 3); public Net() : base(\"net\") => RegisterComponents(); "
            + "REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Make(1); "
            + "private static Conv2d Make(long n) => Conv2d(n, 4, 3); public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net",
        "ColorNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private readonly Sequential conv1 = Sequential((\"stem\", "
            + "Sequential(Conv2d(1, 4, 3), ReLU())), (\"head\", Conv2d(4, 4, 1))); "
            + "public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "public class Base : Module<Tensor, Tensor> { protected readonly Conv2d conv1 = Conv2d(3, 4, 3); "
            + "public Base() : base(\"net\") => RegisterComponents(); REST } [GrayscaleInput(\"conv1\")] public partial class Net : Base "
            + "{ }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[GrayscaleInput(\"stem\")] public partial class Net : Module<Tensor, Tensor> { private Module<Tensor, Tensor> conv1; "
            + "public Net() : base(\"net\") { conv1 = Conv2d(3, 4, 3); register_module(\"stem\", conv1); } REST }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[ChannelGen.GrayscaleInputAttribute(layer: \"conv1\", Image = \"image\")] public sealed partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[Obsolete] [GrayscaleInput, Serializable] public partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); REST } "
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); "
            + "public Net() : base(\"net\") => RegisterComponents(); public override Tensor forward(Tensor @event) => "
            + "conv1.call(@event); }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "public interface INet { } [GrayscaleInput] public partial class Net : Module<Tensor, Tensor>, "
            + "INet { private readonly Conv2d conv1 = Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[GrayscaleInput] public partial class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); "
            + "public Net() : base(\"net\") => RegisterComponents(); REST } public class GrayscaleNets { } public class ToGrayscale { }"
    )]
    [InlineData(
        "Net`1",
        "GrayscaleNet`1",
        "[GrayscaleInput] public partial class Net<T> : Module<Tensor, Tensor> where T : notnull, "
            + "IComparable<T> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); "
            + "REST }"
    )]
    [InlineData(
        "Net`1",
        "GrayscaleNet`1",
        "[GrayscaleInput] public partial class Net<@class> : Module<Tensor, Tensor> where @class : Module<Tensor, Tensor>, "
            + "new() { private readonly Conv2d conv1 = Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); REST }"
    )]
    [InlineData(
        "Net`1",
        "GrayscaleNet`1",
        "[GrayscaleInput] public partial class Net<T1> : Module<T1, Tensor> where T1 : Tensor { private readonly Conv2d conv1 = "
            + "Conv2d(3, 4, 3); public Net() : base(\"net\") => RegisterComponents(); "
            + "public override Tensor forward(T1 image) => conv1.call(image); }"
    )]
    [InlineData(
        "Net`2",
        "ColorNet`2",
        "[GrayscaleInput] public partial class Net<TImage, TResult> : Module<TImage, "
            + "TResult> where TImage : Tensor where TResult : class { private readonly Conv2d conv1 = Conv2d(1, 4, 3); "
            + "public Net() : base(\"net\") => RegisterComponents(); public override TResult forward(TImage image) => "
            + "(TResult)(object)conv1.call(image); }"
    )]
    [InlineData(
        "Net",
        "GrayscaleNet",
        "[GrayscaleInput] public partial class Net : Module<Parameter, Tensor> { private readonly Conv2d conv1 = Conv2d(3, 4, 3); "
            + "public Net() : base(\"net\") => RegisterComponents(); public override Tensor forward(Parameter image) => "
            + "conv1.call(image); }"
    )]
    public void It_gets_its_wrapper(string name, string wrapper, string source)
    {
        Compilation output = Generation.Run(
            Generation.Compile(Generation.Usings + "namespace Program;\n" + source.Replace("REST", Rest)),
            out _
        );
        Assert.Empty(
            output
                .GetDiagnostics()
                .Where(diagnostic =>
                    diagnostic.Severity is DiagnosticSeverity.Warning or DiagnosticSeverity.Error
                    && diagnostic.Id is not ("CS8019" or "CS0612")
                )
        );
        Assert.NotNull(output.GetTypeByMetadataName("Program." + name));
        Assert.NotNull(output.GetTypeByMetadataName("Program." + wrapper));
    }
}
