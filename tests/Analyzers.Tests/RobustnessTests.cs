using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;
using ChannelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Half-typed code: no analyzer, fix or generator throws, whatever it sees.</summary>
public class RobustnessTests
{
    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.CSharp12);

    private static ImmutableArray<DiagnosticAnalyzer> Analyzers =>
        [
            new StackingAnalyzer(),
            new WrongKernelAnalyzer(),
            new UsedAfterConversionAnalyzer(),
            new ImageChannelsAnalyzer(),
            new MarkedClassAnalyzer(),
        ];

    private static CodeFixProvider[] Fixes =>
        [new StackingFix(), new WrongKernelFix(), new NormalizedStackFix(), new ImageChannelsFix(), new MarkedClassFix()];

    public static TheoryData<string> Files => [.. Corpus.Files.Keys];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Cut_off_at_each_character(string file)
    {
        string source = Corpus.Files[file];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, source.Length + 1),
            async (length, _) => await AssertNothingThrows(source[..length])
        );
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task With_each_token_deleted_once(string file)
    {
        string source = Corpus.Files[file];
        TextSpan[] tokens =
        [
            .. CSharpSyntaxTree
                .ParseText(source, ParseOptions)
                .GetRoot()
                .DescendantTokens()
                .Select(token => token.Span)
                .Where(span => span.Length > 0),
        ];
        await Parallel.ForEachAsync(tokens, async (span, _) => await AssertNothingThrows(source.Remove(span.Start, span.Length)));
    }

    [Theory]
    [InlineData("[GrayscaleInput(\"features.0.conv\")]")]
    [InlineData("[GrayscaleInput(typeof(Net), \"conv1\", Image = \"image\")]")]
    [InlineData("[assembly: GrayscaleInput(typeof(Net<>), \"conv1\")]")]
    public async Task With_the_attribute_cut_off_at_each_character(string attribute)
    {
        for (int length = 0; length <= attribute.Length; length++)
        {
            await AssertNothingThrows(
                $"using ChannelGen;\n{attribute[..length]}\npartial class Net : TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, "
                    + $"TorchSharp.torch.Tensor> {{ }}"
            );
        }
    }

    [Fact]
    public async Task Shuffled_files_and_another_culture_change_nothing()
    {
        string[] sources = [.. Corpus.Files.Values];
        IReadOnlyList<string> expected = await Run(sources, CultureInfo.InvariantCulture);
        Assert.NotEmpty(expected);
        foreach (string culture in (string[])["tr-TR", "de-DE"])
        {
            Assert.Equal(expected, await Run([.. sources.Reverse()], new CultureInfo(culture)));
        }
    }

    [Fact]
    public async Task Without_TorchSharp_nothing_is_registered()
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Program",
            [CSharpSyntaxTree.ParseText("class P { void Run(string x) { x.ToString(); } }", ParseOptions)],
            References.Framework,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        Assert.All(await Telemetry(compilation), Assert.Null);

        CSharpCompilation withTorch = compilation.WithReferences(References.All);
        Assert.Contains(await Telemetry(withTorch), actions => actions is not null);

        static async Task<string?[]> Telemetry(CSharpCompilation compilation)
        {
            var run = compilation.WithAnalyzers(Analyzers);
            await run.GetAnalyzerDiagnosticsAsync();
            var all = new List<string?>();
            foreach (DiagnosticAnalyzer analyzer in run.Analyzers)
            {
                var actions = await run.GetAnalyzerTelemetryInfoAsync(analyzer, default);
                int count =
                    actions.OperationActionsCount
                    + actions.OperationBlockActionsCount
                    + actions.OperationBlockStartActionsCount
                    + actions.SyntaxNodeActionsCount
                    + actions.SymbolActionsCount
                    + actions.SemanticModelActionsCount
                    + actions.SyntaxTreeActionsCount;
                all.Add(count == 0 ? null : $"{analyzer.GetType().Name}: {count}");
            }

            return [.. all];
        }
    }

    private static async Task<IReadOnlyList<string>> Run(string[] sources, CultureInfo culture)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = culture;
            CSharpCompilation compilation = Compile(sources);
            CSharpGeneratorDriver
                .Create([new WrapperGenerator().AsSourceGenerator()], parseOptions: ParseOptions)
                .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
            ImmutableArray<Diagnostic> diagnostics = await output.WithAnalyzers(Analyzers).GetAnalyzerDiagnosticsAsync();
            return
            [
                .. diagnostics
                    .Select(diagnostic =>
                        $"{diagnostic.Id} {diagnostic.Location.SourceSpan} {diagnostic.GetMessage(CultureInfo.InvariantCulture)}"
                    )
                    .Order(StringComparer.Ordinal),
                .. output
                    .SyntaxTrees.Where(tree => tree.FilePath.EndsWith(".g.cs", StringComparison.Ordinal))
                    .Select(tree => tree.ToString())
                    .Order(StringComparer.Ordinal),
            ];
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static CSharpCompilation Compile(params string[] sources) =>
        CSharpCompilation.Create(
            "Program",
            sources.Select((source, index) => CSharpSyntaxTree.ParseText(source, ParseOptions, $"Source{index}.cs")),
            References.All,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );

    private static async Task AssertNothingThrows(string source)
    {
        CSharpCompilation compilation = Compile(source);
        var failures = new ConcurrentBag<Exception>();
        var run = compilation.WithAnalyzers(
            Analyzers,
            new CompilationWithAnalyzersOptions(
                new AnalyzerOptions([]),
                (exception, _, _) => failures.Add(exception),
                concurrentAnalysis: false,
                logAnalyzerExecutionTime: false
            )
        );
        ImmutableArray<Diagnostic> diagnostics = await run.GetAnalyzerDiagnosticsAsync();
        Assert.True(failures.IsEmpty, $"{failures.FirstOrDefault()}\n{source}");

        GeneratorDriver driver = CSharpGeneratorDriver
            .Create([new WrapperGenerator().AsSourceGenerator()], parseOptions: ParseOptions)
            .RunGenerators(compilation);
        Exception? generator = driver.GetRunResult().Results.Single().Exception;
        Assert.True(generator is null, $"{generator}\n{source}");

        if (!diagnostics.IsEmpty)
        {
            await AssertNoFixThrows(source, diagnostics);
        }
    }

    private static async Task AssertNoFixThrows(string source, ImmutableArray<Diagnostic> diagnostics)
    {
        using var workspace = new AdhocWorkspace();
        Project project = workspace
            .AddProject("Program", LanguageNames.CSharp)
            .WithParseOptions(ParseOptions)
            .WithMetadataReferences(References.All)
            .WithCompilationOptions(new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Document document = project.AddDocument("Source0.cs", SourceText.From(source), filePath: "Source0.cs");
        SyntaxTree tree = (await document.GetSyntaxTreeAsync())!;
        foreach (CodeFixProvider fix in Fixes)
        {
            foreach (Diagnostic diagnostic in diagnostics.Where(diagnostic => fix.FixableDiagnosticIds.Contains(diagnostic.Id)))
            {
                Diagnostic here = Diagnostic.Create(
                    diagnostic.Descriptor,
                    Location.Create(tree, diagnostic.Location.SourceSpan),
                    diagnostic.Properties,
                    "",
                    "",
                    ""
                );
                var actions = new List<Microsoft.CodeAnalysis.CodeActions.CodeAction>();
                try
                {
                    await fix.RegisterCodeFixesAsync(new CodeFixContext(document, here, (action, _) => actions.Add(action), default));
                    foreach (var action in actions)
                    {
                        await action.GetOperationsAsync(default);
                    }
                }
                catch (Exception exception)
                {
                    Assert.Fail($"{exception}\n{source}");
                }
            }
        }
    }
}

/// <summary>Programs that hold every form that the rules look at.</summary>
internal static class Corpus
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using ChannelGen;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    public static readonly IReadOnlyDictionary<string, string> Files = new Dictionary<string, string>
    {
        ["Forms"] =
            Usings
            + """
                static class Forms
                {
                    const int C = 3;
                    static readonly long[] Sizes = { 1, 3, 1, 1 };
                    static Tensor Run(Module<Tensor, Tensor> net, Tensor x, Tensor[] all, long n)
                    {
                        Tensor[] rgb = { x, x, x };
                        var a = x;
                        net.forward(cat(rgb, 1)).Dispose();
                        net.call(torch.cat(dim: -3, tensors: [x, a, x])).Dispose();
                        var l = new List<Tensor> { a, x, a };
                        using var s = concat(l, 1).to(CPU);
                        net.forward(s);
                        net.forward(torch.stack(Enumerable.Repeat(x, C).ToArray(), dim: 1));
                        net.forward(x?.repeat(1, C, 1, 1)!);
                        net.forward(x.repeat(Sizes));
                        net.forward(x.expand((-1, 3, -1, -1)) + x.expand(n, 3, x.shape[2], x.shape[3]));
                        net.forward(x.tile([1, 3, 1, 1])).add_(torch.broadcast_to(x, n, 3, 8, 8));
                        x = x.unsqueeze(0);
                        x = x.repeat(3, 1, 1) * ones(1, 3, 1, 1);
                        if (x.shape[1] == 1 && x is not null) x = x.repeat_interleave(3, dim: 1);
                        else x = x.index_select(1, torch.zeros(3, dtype: ScalarType.Int64));
                        foreach (var t in all) _ = t.dim() switch { 4 => t.expand(-1, 3, -1, -1), _ => t };
                        Func<Tensor, Tensor> f = t => { t[0] = t; return hstack([t, t, t]); };
                        (a, x) = (x, a);
                        var y = net.forward(torchvision.transforms.functional.normalize(cat([.. rgb], 1), [0.1, 0.2, 0.3], [1, 2, 3]));
                        return net.ToGrayscale().forward(f(y ?? x));
                    }
                }
                """,
        ["Kernels"] =
            Usings
            + """
                class Kernels
                {
                    private readonly Conv2d color = Conv2d(3, 8, 3), gray = Conv2d(1, 8, 3);
                    void Run(Module<Tensor, Tensor> net, Tensor x)
                    {
                        gray.weight = new Parameter(color.weight.mean(new long[] { 1 }, keepdim: true));
                        var m = color.weight.detach().mean([-3], keepdim: true);
                        gray.weight.copy_(m);
                        var sd = net.state_dict();
                        sd["conv1.weight"] = sd["conv1.weight"].mean([1], keepdim: true);
                        gray.weight = new Parameter(color.weight.sum([1]).unsqueeze(1) / color.weight.shape[1]);
                        var luma = tensor(new[] { 0.3f, 0.6f, 0.1f }).view(1, 3, 1, 1).to(CPU);
                        gray.weight.set_((color.weight * luma).sum([1], keepdim: true));
                        gray.weight = Parameter(color.weight[.., 0..1] * 0.3 + color.weight[TensorIndex.Colon, TensorIndex.Slice(1, 2)]);
                        color.weight = Parameter(cat([gray.weight, gray.weight, gray.weight], 1));
                        var g = net.ToGrayscale();
                        net.forward(x);
                        torchvision.transforms.Normalize([0.4, 0.5, 0.6], [1, 1, 1]).call(x.repeat(1, 3, 1, 1));
                    }
                }
                """,
        ["Marked"] =
            Usings
            + """
                [assembly: GrayscaleInput(typeof(ResNet), "conv1")]
                namespace Nets
                {
                    partial class Outer<T> where T : class
                    {
                        [GrayscaleInput("features.0.conv", Image = "image")]
                        public sealed partial class Net : Module<Tensor, int, Tensor>
                        {
                            private readonly Sequential features = Sequential(("0", Block(3, 8)), ("1", ReLU()));
                            private readonly Module<Tensor, Tensor> head;
                            public Net(int classes) : base("net")
                            {
                                head = new Head(8, classes);
                                register_module("extra", Conv2d(3, 1, 1));
                                RegisterComponents();
                            }
                            private static Sequential Block(long i, long o) => Sequential(("conv", Conv2d(i, o, 3, padding: 1)));
                            public override Tensor forward(Tensor image, int scale)
                            {
                                var x = image.to(ScalarType.Float32) / 255;
                                return head.call(features.call(x)) * scale;
                            }
                        }
                        class Head(int i, int o) : Module<Tensor, Tensor>("head")
                        {
                            private readonly Conv2d conv = Conv2d(i, o, 1);
                            public override Tensor forward(Tensor x) => conv.forward(x);
                        }
                    }
                    [GrayscaleInput] class NotPartial : Module<Tensor, Tensor>
                    {
                        private readonly Conv2d a = Conv2d(3, 8, 3), b = Conv2d(3, 8, 3);
                        public NotPartial() : base("n") { }
                        public override Tensor forward(Tensor x) => a.call(x) + b.call(x);
                    }
                }
                """,
        ["Evidence"] =
            Usings
            + """
                class Evidence
                {
                    private readonly Linear fc = Linear(8, 8);
                    Tensor Run(Module<Tensor, Tensor> net, Tensor x, Tensor y, Tensor mask)
                    {
                        if (x.shape is [_, 1, ..] && x is { ndim: 4 }) net.forward(x.repeat(1, 3, 1, 1));
                        bool gray = x.shape[^3] == 1;
                        while (gray) x = x.mean([1], keepdim: true).expand(-1, 3, -1, -1);
                        var f = fc.call(x.flatten(1)).squeeze(0)[.., 0];
                        f = cat([f, f, f], 1) + cat([x, y], 1).repeat(1, 3, 1, 1);
                        x[mask.repeat(1, 3, 1, 1)] = torch.meshgrid([x, y])[0].expand(-1, 3, -1, -1);
                        var rgb = x.repeat(1, 3, 1, 1);
                        rgb[.., 0] = y;
                        rgb.select(1, 0).mul_(2);
                        Tensor[] parts = [x, x, x];
                        for (int i = 0; i < 3; i++) { f = cat(parts, 1); parts[i].add_(1); ref var r = ref parts[0]; }
                        var sd = fc.state_dict();
                        sd["conv.weight"] = sd["conv.weight"].repeat(1, 3, 1, 1) / 3;
                        var z = cat(Enumerable.Range(0, 3).Select(_ => x).Concat([y]).ToArray(), 1) * ones(1, 3, 1, 1).to(CPU);
                        z -= tensor(new[] { 1f, 2f, 3f }).view(1, 3, 1, 1);
                        return torchvision.transforms.Compose(torchvision.transforms.Normalize([1, 2, 3], [1, 1, 1])).call(z);
                    }
                }
                """,
        ["Networks"] =
            Usings
            + """
                class Net : Module<Tensor, Tensor>
                {
                    private readonly Module<Tensor, Tensor> body = Conv2d(3, 8, 3), norm = BatchNorm2d(3);
                    public Net() : base("net") => RegisterComponents();
                    public override Tensor forward(Tensor image)
                    {
                        var half = (image.to(ScalarType.Float32) / 2).clamp(0, 1);
                        image = functional.interpolate(half, new long[] { 8, 8 });
                        return body.call(image) + norm.call(image[.., 0..2]);
                    }
                }
                class User
                {
                    private readonly Net net = new();
                    Tensor Run(Tensor x)
                    {
                        var other = this.net;
                        Func<Tensor, Tensor> f = other.forward;
                        using (var local = new Net()) { local.eval(); f(local?.call(x)!); Sequential(local); }
                        new Net().forward(rand(1, 1, 8, 8));
                        torchvision.models.resnet18().call(net.call(zeros(1, 1, 8, 8)));
                        Sequential(("a", Conv2d(1, 8, 3))).forward(ones(1, 3, 8, 8));
                        return net.forward(cat([x, x, x], 1).to(CPU));
                    }
                }
                """,
    };
}
