using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Benchmarks;

/// <summary>The generator on marked classes, cold and after a keystroke elsewhere, beside the MVVM Toolkit's on as many.</summary>
public class Generation
{
    private const string Other = "class Other { void Run() { } }";
    private CSharpCompilation ours = null!;
    private CSharpCompilation theirs = null!;
    private CSharpCompilation oursEdited = null!;
    private CSharpCompilation theirsEdited = null!;
    private GeneratorDriver oursWarm = null!;
    private GeneratorDriver theirsWarm = null!;

    [Params(1, 100, 1000)]
    public int Classes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        ours = Sources.Compile(true, [Other, .. Sources.Marked(Classes)]);
        theirs = Sources.Compile(true, [Other, .. Sources.Observable(Classes)]);
        oursWarm = Driver(Extensions.OurGenerator()).RunGenerators(ours);
        theirsWarm = Driver(Extensions.Mvvm()).RunGenerators(theirs);
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

    private static GeneratorDriver Driver(ISourceGenerator[] generators) => CSharpGeneratorDriver.Create(generators, parseOptions: Sources.ParseOptions);

    private static CSharpCompilation Edit(CSharpCompilation compilation) => compilation.ReplaceSyntaxTree(
        compilation.SyntaxTrees[0], CSharpSyntaxTree.ParseText(Other.Replace("{ }", "{ int x = 1; }"), Sources.ParseOptions, "Source0.cs"));
}
