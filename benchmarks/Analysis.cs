using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Benchmarks;

/// <summary>About 1,000 lines compiled, and compiled with our rules.</summary>
public class Analysis
{
    private CSharpCompilation compilation = null!;

    [Params("stacks", "TorchSharp", "no TorchSharp")]
    public string Program { get; set; } = "";

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
    public static readonly string[] Names = ["stacks", "TorchSharp", "no TorchSharp"];

    public static CSharpCompilation Compile(string name) => name == "no TorchSharp"
        ? Sources.Compile(false, Sources.WithoutTorch())
        : Sources.Compile(true, Sources.WithTorch(name == "stacks"));
}

/// <summary>
/// The time that the compiler counts for each analyzer, in one run of all of them: ours beside each rule of
/// Meziantou.Analyzer. Medians over runs.
/// </summary>
internal static class RuleTimes
{
    private const int Runs = 9;

    /// <summary>Milliseconds: of compiling alone, of all our rules together, and of each of the others.</summary>
    public static (double Compile, double Ours, IReadOnlyList<double> Others) Measure(string program)
    {
        CSharpCompilation compilation = Programs.Compile(program);
        var compile = new List<double>();
        var times = new Dictionary<DiagnosticAnalyzer, List<double>>();
        for (int run = 0; run <= Runs; run++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            using (var stream = new MemoryStream())
            {
                compilation.Clone().Emit(stream);
            }

            double elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var analysis = compilation.Clone().WithAnalyzers(
                [.. Extensions.Ours, .. Extensions.Meziantou],
                new CompilationWithAnalyzersOptions(new AnalyzerOptions([]), onAnalyzerException: null, concurrentAnalysis: false, logAnalyzerExecutionTime: true));
            AnalysisResult result = analysis.GetAnalysisResultAsync(default).Result;
            if (run == 0)
            {
                continue;
            }

            compile.Add(elapsed);
            foreach ((DiagnosticAnalyzer analyzer, var telemetry) in result.AnalyzerTelemetryInfo)
            {
                if (!times.TryGetValue(analyzer, out List<double>? list))
                {
                    times.Add(analyzer, list = []);
                }

                list.Add(telemetry.ExecutionTime.TotalMilliseconds);
            }
        }

        return (
            Median(compile),
            Extensions.Ours.Sum(analyzer => times.TryGetValue(analyzer, out List<double>? list) ? Median(list) : 0),
            [.. Extensions.Meziantou.Select(analyzer => times.TryGetValue(analyzer, out List<double>? list) ? Median(list) : 0)]);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
