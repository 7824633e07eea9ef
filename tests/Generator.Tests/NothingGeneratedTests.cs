using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Generator.Tests;

/// <summary>Where CG1008 says that nothing can be generated, nothing is, and the program compiles as it did.</summary>
public class NothingGeneratedTests
{
    private const string Convolution = """
        [GrayscaleInput]
        public partial class Net : Module<Tensor, Tensor>
        {
            private readonly Conv2d conv1 = Conv2d(3, 8, 3);
            public Net() : base("net") { RegisterComponents(); }
            public override Tensor forward(Tensor image) { return conv1.call(image); }
        }
        """;

    private const string Linears = """
        [GrayscaleInput]
        public partial class Net : Module<Tensor, Tensor>
        {
            private readonly Linear fc = Linear(784, 10);
            public Net() : base("net") { RegisterComponents(); }
            public override Tensor forward(Tensor image) { return fc.call(image.flatten(1)); }
        }
        """;

    [Theory]
    [InlineData("C# 7.3", LanguageVersion.CSharp7_3, Convolution)]
    [InlineData("C# 8", LanguageVersion.CSharp8, Convolution)]
    [InlineData("the assembly form in C# 8", LanguageVersion.CSharp8, "[assembly: GrayscaleInput(typeof(ResNet))]")]
    [InlineData("no convolution", LanguageVersion.CSharp12, Linears)]
    public async Task One_error_and_no_file(string reason, LanguageVersion version, string source)
    {
        Assert.NotEmpty(reason);
        CSharpCompilation program = Generation.Compile(version, NullableContextOptions.Disable, Generation.Usings + source);
        Compilation output = Generation.Run(program, out GeneratorRunResult result);
        Assert.Empty(result.GeneratedSources);
        Generation.AssertClean(output);
        Assert.Equal("CG1008", Assert.Single(await Generation.Analyze(program)).Id);
    }

    [Theory]
    [InlineData(LanguageVersion.CSharp9)]
    [InlineData(LanguageVersion.CSharp10)]
    [InlineData(LanguageVersion.CSharp11)]
    public async Task From_csharp_9_on_it_is_generated_and_compiles(LanguageVersion version)
    {
        CSharpCompilation program = Generation.Compile(version, NullableContextOptions.Disable, Generation.Usings + Convolution);
        Compilation output = Generation.Run(program, out GeneratorRunResult result);
        Assert.NotEmpty(result.GeneratedSources);
        Generation.AssertClean(output);
        Assert.Empty(await Generation.Analyze(program));
    }
}
