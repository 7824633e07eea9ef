using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Tests;

/// <summary>
/// What is known of the variable t at the end of some statements: "[1, ?, 8]" for a known rank, "0:1 -3:64" for sizes known
/// from one end, and what it was made as.
/// </summary>
public class InferenceTests
{
    [Theory]
    [InlineData("var t = rand(2, 3, 8, 8);", "[2, 3, 8, 8]")]
    [InlineData("var t = zeros(new long[] { 2, n, 8 });", "[2, ?, 8]")]
    [InlineData("var t = x;", "")]
    [InlineData("var t = x.view(-1, 1, 28, 28);", "[?, 1, 28, 28]")]
    [InlineData("var t = x.unsqueeze(0);", "0:1")]
    [InlineData("var t = x.unsqueeze(1);", "1:1")]
    [InlineData("var t = x.unsqueeze(-1);", "-1:1")]
    [InlineData("var t = rand(8, 8).unsqueeze(0).unsqueeze(0);", "[1, 1, 8, 8]")]
    [InlineData("var t = rand(4, 5).unsqueeze(-1);", "[4, 5, 1]")]
    [InlineData("var t = x.unsqueeze(0).unsqueeze(0);", "0:1 1:1")]
    [InlineData("var t = x.unsqueeze(0).unsqueeze(2);", "0:1 2:1")]
    [InlineData("var t = rand(1, 2, 3, 4).permute(0, 3, 1, 2);", "[1, 4, 2, 3]")]
    [InlineData("var t = rand(1, 2, 3, 4).transpose(1, 2);", "[?, ?, ?, ?]")]
    [InlineData("var t = rand(5, 2, 3)[0];", "[2, 3]")]
    [InlineData("var t = rand(1, 1, 8, 8).repeat(1, 3, 1, 1);", "[1, 3, 8, 8]")]
    [InlineData("var t = rand(8, 8).repeat(3, 1, 1);", "[3, 8, 8]")]
    [InlineData("var t = rand(4, 1, 8, 8).expand(-1, 3, -1, -1);", "[4, 3, 8, 8]")]
    [InlineData("var t = cat([rand(1, 2, 8, 8), rand(1, 3, 8, 8)], 1);", "[1, 5, 8, 8]")]
    [InlineData("var t = stack([rand(8, 8), rand(8, 8)], 0);", "[2, 8, 8]")]
    [InlineData("var t = rand(2, 3, 8, 8).mean([1], keepdim: true);", "[2, 1, 8, 8]")]
    [InlineData("var t = rand(2, 3, 8, 8).mean([1]);", "[?, ?, ?]")]
    [InlineData("var t = rand(2, 3, 8, 8).narrow(1, 0, 2);", "[2, 2, 8, 8]")]
    [InlineData("var t = rand(2, 3, 8, 8).repeat_interleave(2, dim: 1);", "[2, 6, 8, 8]")]
    [InlineData("var t = rand(2, 3, 8, 8) / 255 - 0.5;", "[2, 3, 8, 8]")]
    [InlineData("var t = rand(2, 1, 8, 8) - rand(1, 3, 1, 1);", "[2, 3, 8, 8]")]
    [InlineData("var t = rand(2, 1, 8, 8).to(CPU).detach().clone().relu();", "[2, 1, 8, 8]")]
    [InlineData("var t = nn.functional.max_pool2d(rand(2, 4, 8, 8), 2);", "[2, 4, ?, ?]")]
    [InlineData("var t = Conv2d(3, 64, 3).forward(x);", "-3:64")]
    [InlineData("var c = Conv2d(3, 64, 3); var t = c.call(rand(2, 3, 8, 8));", "[?, 64, ?, ?]")]
    [InlineData("var t = Sequential(Conv2d(3, 64, 3), ReLU(), Conv2d(64, 7, 1), BatchNorm2d(7)).forward(x);", "-3:7")]
    [InlineData("var t = x.mean([2, 3]);", "")]
    [InlineData("var t = rand(2, 3, 8, 8).flatten(1);", "[?, ?]")]
    [InlineData("var t = rand(2, 1, 8, 8).squeeze(1);", "[?, ?, ?]")]
    [InlineData("var t = rand(2, 3, 8, 8).squeeze(1);", "[2, 3, 8, 8]")]
    [InlineData("var t = rand(2, 3, 8, 8)[.., 0];", "")]
    [InlineData("var t = rand(2, 3, 8, 8).amax([2, 3], keepdim: true);", "[2, 3, 1, 1]")]
    [InlineData("var t = Flatten().call(x);", "[?, ?]")]
    [InlineData("var t = PixelShuffle(2).call(rand(1, 12, 8, 8));", "[1, 3, ?, ?]")]
    [InlineData("var t = Conv1d(1, 8, 3).call(x);", "[?, 8, ?]")]
    [InlineData("var t = cat([x, x], 1);", "1:-1")]
    [InlineData("var t = x.repeat(1, 2, 1, 1);", "[?, -1, ?, ?]")]
    [InlineData("var t = Embedding(8, 4).call(x);", "no image")]
    [InlineData("var t = Conv2d(3, 8, 3).state_dict()[\"conv1.weight\"];", "no image")]
    [InlineData("var t = Linear(8, 5).forward(x);", "-1:5")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY);", "[1, ?, ?] gray")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB);", "[3, ?, ?]")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\");", "[?, ?, ?]")]
    [InlineData("var t = torchvision.transforms.functional.rgb_to_grayscale(x);", "-3:1 gray")]
    [InlineData("var t = torchvision.transforms.Grayscale().call(x);", "-3:1 gray")]
    [InlineData("var t = x > 0.5;", "no image")]
    [InlineData("var t = x.argmax(1);", "no image")]
    [InlineData("var t = Conv2d(3, 8, 3).weight;", "no image")]
    [InlineData("var t = n > 1 ? rand(1, 2, 8) : rand(1, 3, 8);", "[1, -1, 8]")]
    [InlineData("var t = rand(1, 2, 8); t = rand(4, 4);", "[4, 4]")]
    [InlineData("var t = rand(1, 2, 8); if (n > 1) t = rand(4, 4);", "1:-1")]
    [InlineData("var t = rand(1, 2, 8); for (int i = 0; i < 2; i++) t = rand(4, 4);", "1:-1")]
    [InlineData("var t = rand(1, 2, 8); t.add_(1);", "[1, 2, 8] uncertain")]
    [InlineData("var t = rand(1, 2, 8); t.squeeze_(0);", " uncertain")]
    [InlineData("var t = rand(1, 2, 8); Change(t);", "[1, 2, 8] uncertain")]
    [InlineData("var t = rand(1, 2, 8); Action a = () => t = x;", "")]
    [InlineData("var t = x; if (t.shape[1] != 1) return;", "1:1 guarded")]
    [InlineData("var t = x; if (t.dim() != 4) throw new Exception();", "[?, ?, ?, ?] guarded")]
    [InlineData("var t = Unknown(x);", "")]
    public void Facts(string statements, string expected) => Assert.Equal(expected, Describe(statements));

    private static string Describe(string statements)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(
            $$"""
            using System;
            using TorchSharp;
            using TorchSharp.Modules;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;
            class Program
            {
                static Tensor Unknown(Tensor t) => t;
                static void Change(Tensor t) { }
                void Run(Tensor x, long n)
                {
                    {{statements}}
                    GC.KeepAlive(t);
                }
            }
            """,
            new CSharpParseOptions(LanguageVersion.CSharp12)
        );
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Program",
            [tree],
            References.All,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        SemanticModel model = compilation.GetSemanticModel(tree);
        var context = new ValueContext(model, TorchSymbols.Of(compilation)!, default);
        SyntaxNode use = tree.GetRoot().DescendantNodes().OfType<ArgumentSyntax>().Last().Expression;
        TensorFacts facts = TensorInference.Facts(model.GetOperation(use)!, context);
        var parts = new List<string>();
        if (facts.Rank is { } rank)
        {
            parts.Add($"[{string.Join(", ", Enumerable.Range(0, rank).Select(dimension => facts.Size(dimension)?.ToString() ?? "?"))}]");
        }
        else
        {
            parts.AddRange(
                Enumerable
                    .Range(0, 4)
                    .Concat(Enumerable.Range(1, 4).Select(dimension => -dimension))
                    .Where(dimension => facts.Size(dimension) is not null)
                    .Select(dimension => $"{dimension}:{facts.Size(dimension)}")
            );
        }

        string text = string.Join(" ", parts);
        text += (facts.IsGray ? " gray" : "") + (facts.IsGuarded ? " guarded" : "") + (facts.IsUncertain ? " uncertain" : "");
        return facts.IsNoImage ? "no image" : text;
    }
}
