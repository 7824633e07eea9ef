using ChannelGen.Analyzers.Rules;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Analyzers.Tests;

/// <summary>The table of TorchSharp's methods names what TorchSharp and TorchVision have, and nothing that a program has.</summary>
public class TorchApiTests
{
    public static TheoryData<string> Names => [.. TorchApi.Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_entry_is_a_method_of_TorchSharp_or_TorchVision(string name)
    {
        TorchSymbols symbols = Symbols("");
        IMethodSymbol[] methods =
        [
            .. symbols
                .ApiOwners.SelectMany(owner => owner.GetMembers(name))
                .OfType<IMethodSymbol>()
                .Where(method => method.DeclaredAccessibility == Accessibility.Public),
        ];
        Assert.NotEmpty(methods);
        Assert.All(methods, method => Assert.Equal(TorchApi.Table[name], symbols.EffectOf(method)));
    }

    [Theory]
    [InlineData("static class Ops { public static TorchSharp.torch.Tensor cat(TorchSharp.torch.Tensor[] all, long dim) => all[0]; }")]
    [InlineData("namespace Modules { class Ops { public TorchSharp.torch.Tensor cat() => null!; } }")]
    [InlineData("namespace TorchSharp { class Ops { public TorchSharp.torch.Tensor cat() => null!; } }")]
    public void A_programs_own_method_of_the_same_name_is_none_of_them(string source)
    {
        TorchSymbols symbols = Symbols(source, out Compilation compilation);
        ISymbol method = compilation.GetSymbolsWithName("cat").Single();
        Assert.Equal(Effect.None, symbols.EffectOf((IMethodSymbol)method));
    }

    [Fact]
    public Task A_programs_own_Loss_is_a_network_like_any_other() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                void Run(Tensor x, Tensor y, global::Modules.Loss own, MSELoss loss)
                {
                    own.call(y, {|CG0001:x.repeat(1, 3, 1, 1)|});
                    loss.call(y, x.repeat(1, 3, 1, 1));
                }
            }

            namespace Modules
            {
                class Loss() : Module<Tensor, Tensor, Tensor>("loss") { public override Tensor forward(Tensor a, Tensor b) => a * b; }
            }
            """
        );

    private static TorchSymbols Symbols(string source) => Symbols(source, out _);

    private static TorchSymbols Symbols(string source, out Compilation compilation)
    {
        compilation = CSharpCompilation.Create("Program", [CSharpSyntaxTree.ParseText(source)], References.All);
        return TorchSymbols.Of(compilation)!;
    }
}
