using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Benchmarks;

/// <summary>
/// The generator on marked classes, cold and after a keystroke elsewhere, beside the MVVM Toolkit's on as many, and beside
/// one that does nothing: what the compiler itself takes to find the attribute.
/// </summary>
public class Generation
{
    public const string Same = "the same";
    public const string Smallest = "each its smallest";

    private const string Other = "class Other { void Run() { } }";
    private CSharpCompilation ours = null!;
    private CSharpCompilation theirs = null!;
    private CSharpCompilation oursEdited = null!;
    private CSharpCompilation theirsEdited = null!;
    private GeneratorDriver oursWarm = null!;
    private GeneratorDriver theirsWarm = null!;
    private GeneratorDriver nothingWarm = null!;

    [Params(1, 100, 1000)]
    public int Classes { get; set; }

    [Params(Same, Smallest)]
    public string Files { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        ours = Sources.Compile(true, [Other, .. Files == Same ? Sources.MarkedAndObservable(Classes) : Sources.Marked(Classes)]);
        theirs = Files == Same ? ours : Sources.Compile(true, [Other, .. Sources.Observable(Classes)]);
        oursWarm = Driver(Extensions.OurGenerator()).RunGenerators(ours);
        theirsWarm = Driver(Extensions.Mvvm()).RunGenerators(theirs);
        nothingWarm = Driver([new NothingGenerator().AsSourceGenerator()]).RunGenerators(ours);
        if (oursWarm.GetRunResult().GeneratedTrees.Length < Classes || theirsWarm.GetRunResult().GeneratedTrees.Length < Classes)
        {
            throw new InvalidOperationException("Not every class was generated for.");
        }

        oursEdited = Edit(ours);
        theirsEdited = Edit(theirs);
    }

    [Benchmark(Baseline = true)]
    public GeneratorDriver MvvmCold() => Driver(Extensions.Mvvm()).RunGenerators(theirs.Clone());

    [Benchmark]
    public GeneratorDriver OursCold() => Driver(Extensions.OurGenerator()).RunGenerators(ours.Clone());

    [Benchmark]
    public GeneratorDriver MvvmKeystroke() => theirsWarm.RunGenerators(theirsEdited.Clone());

    [Benchmark]
    public GeneratorDriver OursKeystroke() => oursWarm.RunGenerators(oursEdited.Clone());

    [Benchmark]
    public GeneratorDriver NothingKeystroke() => nothingWarm.RunGenerators(oursEdited.Clone());

    private static GeneratorDriver Driver(ISourceGenerator[] generators) =>
        CSharpGeneratorDriver.Create(generators, parseOptions: Sources.ParseOptions);

    private static CSharpCompilation Edit(CSharpCompilation compilation) =>
        compilation.ReplaceSyntaxTree(
            compilation.SyntaxTrees[0],
            CSharpSyntaxTree.ParseText(Other.Replace("{ }", "{ int x = 1; }"), Sources.ParseOptions, "Source0.cs")
        );

    /// <summary>Finds the marked classes and says nothing of them.</summary>
    private sealed class NothingGenerator : IIncrementalGenerator
    {
        public void Initialize(IncrementalGeneratorInitializationContext context) =>
            context.RegisterSourceOutput(
                context.SyntaxProvider.ForAttributeWithMetadataName(
                    "ChannelGen.GrayscaleInputAttribute",
                    static (node, _) => node is ClassDeclarationSyntax,
                    static (marked, _) => marked.TargetSymbol.Name
                ),
                static (_, _) => { }
            );
    }
}
