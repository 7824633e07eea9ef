using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Benchmarks;

/// <summary>About 1,000 lines compiled, and compiled with our rules.</summary>
public class Analysis
{
    private CSharpCompilation compilation = null!;

    [ParamsSource(nameof(Names))]
    public string Program { get; set; } = "";

    public static string[] Names => Programs.Names;

    [GlobalSetup]
    public void Setup() => compilation = Programs.Compile(Program);

    [Benchmark(Baseline = true)]
    public int Compile() => compilation.Clone().GetDiagnostics().Length;

    [Benchmark]
    public int CompileWithOurRules() => compilation.Clone().WithAnalyzers(Extensions.Ours).GetAllDiagnosticsAsync().Result.Length;
}

/// <summary>The programs by name.</summary>
internal static class Programs
{
    public static readonly string[] Names =
    [
        "no TorchSharp",
        "TorchSharp, no stack",
        "TorchSharp, one stack",
        "TorchSharp, every tenth line stacks",
    ];

    public static CSharpCompilation Compile(string name) =>
        Array.IndexOf(Names, name) switch
        {
            0 => Sources.Compile(false, Sources.WithoutTorch()),
            1 => Sources.Compile(true, Sources.WithTorch(0)),
            2 => Sources.Compile(true, Sources.WithTorch(1)),
            _ => Sources.Compile(true, Sources.WithTorch(int.MaxValue)),
        };
}
