using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Generator.Tests;

/// <summary>
/// However a program writes the factories of torch.nn, their calls are seen for what they are. A natively gray class shows
/// it: it gets a ColorNet only where its layer was understood.
/// </summary>
public class FactoryNameTests
{
    [Theory]
    [InlineData("using static TorchSharp.torch.nn;", "", "Conv2d")]
    [InlineData("using static global::TorchSharp.torch.nn;", "", "Conv2d")]
    [InlineData("using TorchSharp; using static TorchSharp.torch.nn; using static System.Linq.Enumerable;", "", "Conv2d")]
    [InlineData("", "global using static TorchSharp.torch.nn;", "Conv2d")]
    [InlineData("using TorchSharp;", "", "torch.nn.Conv2d")]
    [InlineData("", "global using TorchSharp;", "torch.nn.Conv2d")]
    [InlineData("using static TorchSharp.torch;", "", "nn.Conv2d")]
    [InlineData("", "global using static TorchSharp.torch;", "nn.Conv2d")]
    [InlineData("", "", "TorchSharp.torch.nn.Conv2d")]
    [InlineData("", "", "global::TorchSharp.torch.nn.Conv2d")]
    [InlineData("using F = TorchSharp.torch.nn;", "", "F.Conv2d")]
    [InlineData("using T = TorchSharp.torch;", "", "T.nn.Conv2d")]
    public void Factories_are_understood(string usings, string globalUsings, string factory) =>
        Assert.Equal("ColorNet", Wrapper(usings, globalUsings, factory, ""));

    [Theory]
    [InlineData("private static Conv2d Conv2d(long a, long b, long k) => TorchSharp.torch.nn.Conv2d(3, b, k);")]
    [InlineData("private static Conv2d Conv2d(long a, long b, long k) { var made = TorchSharp.torch.nn.Conv2d(3, b, k); return made; }")]
    public void A_method_of_the_class_of_the_same_name_is_that_method(string method) =>
        Assert.Equal("GrayscaleNet", Wrapper("using static TorchSharp.torch.nn;", "", "Conv2d", method));

    private static string Wrapper(string usings, string globalUsings, string factory, string members)
    {
        CSharpCompilation compilation = Generation.Compile(
            globalUsings + "\nclass Nothing { }",
            $$"""
            {{usings}}
            using TorchSharp.Modules;
            using Tensor = TorchSharp.torch.Tensor;
            namespace Program;
            [ChannelGen.GrayscaleInput]
            public partial class Net : TorchSharp.torch.nn.Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = {{factory}}(1, 4, 3);
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
                {{members}}
            }
            """
        );
        Compilation output = Generation.Run(compilation, out _);
        Generation.AssertClean(output);
        return Assert.Single(new[] { "ColorNet", "GrayscaleNet" }, name => output.GetTypeByMetadataName("Program." + name) is not null);
    }
}
