using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Diagnostics.Telemetry;

namespace Benchmarks;

/// <summary>
/// The time that the compiler counts for each analyzer, ours and in turn each rule of Meziantou.Analyzer. Every run parses
/// the program anew, as a compiler does. Medians over runs.
/// </summary>
internal static class RuleTimes
{
    private const int WarmUps = 30;
    private const int Runs = 30;

    public static string Table(bool once)
    {
        var text = new StringBuilder(
            """
            | program | all our rules / compile | our costliest rule / compile | median rule / compile | median rule at work / compile |
            |---|---|---|---|---|

            """
        );
        foreach (string program in Programs.Names)
        {
            Times times = Measure(program, once ? 0 : WarmUps, once ? 1 : Runs);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {program} | {times.Ours.Sum() / times.Compile:0.00000} | {times.Ours.Max() / times.Compile:0.00000} | "
                    + $"{Median(times.Others) / times.Compile:0.00000} | {Median(times.OthersAtWork) / times.Compile:0.00000} |\n"
            );
        }

        return text.ToString();
    }

    private static Times Measure(string program, int warmUps, int runs)
    {
        ImmutableArray<DiagnosticAnalyzer>[] packages = [Extensions.Ours, Extensions.Meziantou];
        var compile = new List<double>();
        var times = packages
            .SelectMany(static package => package)
            .ToDictionary(static analyzer => analyzer, static _ => new List<double>());
        var atWork = new HashSet<DiagnosticAnalyzer>();
        for (int run = -warmUps; run < runs; run++)
        {
            CSharpCompilation compilation = Programs.Compile(program);
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            using (var stream = new MemoryStream())
            {
                compilation.Clone().Emit(stream);
            }

            double elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            AnalyzerTelemetryInfo[][] found = [.. packages.Select(package => Analyze(compilation, package))];
            if (run < 0)
            {
                continue;
            }

            compile.Add(elapsed);
            for (int package = 0; package < packages.Length; package++)
            {
                foreach ((DiagnosticAnalyzer analyzer, AnalyzerTelemetryInfo telemetry) in packages[package].Zip(found[package]))
                {
                    times[analyzer].Add(telemetry.ExecutionTime.TotalMilliseconds);
                    if (LooksAtCode(telemetry))
                    {
                        atWork.Add(analyzer);
                    }
                }
            }
        }

        return new Times(
            Median(compile),
            [.. Extensions.Ours.Select(analyzer => Median(times[analyzer]))],
            [.. Extensions.Meziantou.Select(analyzer => Median(times[analyzer]))],
            [.. Extensions.Meziantou.Where(atWork.Contains).Select(analyzer => Median(times[analyzer]))]
        );
    }

    private static AnalyzerTelemetryInfo[] Analyze(CSharpCompilation compilation, ImmutableArray<DiagnosticAnalyzer> package)
    {
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: null,
            concurrentAnalysis: false,
            logAnalyzerExecutionTime: true
        );
        AnalysisResult result = compilation.Clone().WithAnalyzers(package, options).GetAnalysisResultAsync(default).Result;
        return [.. package.Select(analyzer => result.AnalyzerTelemetryInfo[analyzer])];
    }

    /// <summary>Whether a rule is asked about code at all, rather than off by default or without a type that it needs.</summary>
    private static bool LooksAtCode(AnalyzerTelemetryInfo telemetry) =>
        telemetry.OperationActionsCount
            + telemetry.OperationBlockActionsCount
            + telemetry.OperationBlockStartActionsCount
            + telemetry.SyntaxNodeActionsCount
            + telemetry.CodeBlockActionsCount
            + telemetry.CodeBlockStartActionsCount
            + telemetry.SemanticModelActionsCount
            + telemetry.SyntaxTreeActionsCount
            + telemetry.SymbolActionsCount
            + telemetry.SymbolStartActionsCount
        > 0;

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }

    /// <summary>Milliseconds.</summary>
    private sealed record Times(double Compile, double[] Ours, double[] Others, double[] OthersAtWork);
}
