using System.Globalization;
using System.Text;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Metrology;
using ScottPlot;

namespace Benchmarks;

/// <summary>Runs everything in short and writes docs/benchmarks.md and its pictures: ratios, each within one run.</summary>
/// <param name="once">Everything once, and nothing written.</param>
internal sealed class Report(bool once)
{
    private static readonly string Docs = Path.Combine(Sources.Metadata("RepositoryRoot"), "docs");

    public int Write()
    {
        var text = new StringBuilder(
            """
            # Benchmarks

            Written by

                dotnet run -c Release --project benchmarks -- short

            which takes some minutes, with as many threads as libtorch takes by itself. Layers, networks and normalization: the ways are
            run in turn, run by run; a ratio is the median of the ratios of runs that stand side by side, the middle one of three
            repetitions, and after ± stands half the distance from the smallest of the three to the largest. Higher is better. ≈ marks a
            ratio that lies no further from 1 than that distance: it shows no difference. Networks of one row are different objects with
            the same weights, which lie elsewhere in memory: that alone makes one or two percent. The other tables: ratios of medians
            within one run of BenchmarkDotNet; machines are noisy, so read two digits. Without "short", BenchmarkDotNet takes its own
            arguments and measures for longer.

            The order in memory is [`MemoryLayout`](view-or-conversion.md): contiguous where nothing is said.


            """
        );
        if (SteadyMemory.Set() is { } trouble)
        {
            text.Append(CultureInfo.InvariantCulture, $"{trouble}\n\n");
            Console.Error.WriteLine(trouble);
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"This run: {Environment.ProcessorCount} processors, {System.Runtime.InteropServices.RuntimeInformation.OSDescription.Trim()}, "
                + $".NET {Environment.Version}.\n\n"
        );
        string inShort = SpeedPart(text);
        SmallTables(text);
        AnalyzerTable(text);
        GeneratorTable(text);
        string page = text.ToString().Replace("\r\n", "\n");
        Console.Write(page);
        if (once)
        {
            return 0;
        }

        File.WriteAllText(Path.Combine(Docs, "benchmarks.md"), page);
        string readme = Path.Combine(Docs, "..", "README.md");
        string[] paragraphs = File.ReadAllText(readme).Split("\n\n");
        File.WriteAllText(
            readme,
            string.Join("\n\n", paragraphs.Select(old => old.StartsWith(SpeedTables.ShortStart, StringComparison.Ordinal) ? inShort : old))
        );
        return 0;
    }

    /// <summary>One table by itself, to look at: no picture is drawn.</summary>
    public string Table(string name)
    {
        _ = SteadyMemory.Set();
        var tables = new SpeedTables(once);
        return name switch
        {
            "layers" => tables.Layers(),
            "networks" => tables.Networks(),
            _ => tables.Normalization(),
        };
    }

    private string SpeedPart(StringBuilder text)
    {
        var tables = new SpeedTables(once);
        Console.Error.WriteLine($"{nameof(FirstLayer)} ...");
        string layers = tables.Layers();
        Console.Error.WriteLine($"{nameof(WholeNetworks)} ...");
        string networks = tables.Networks();
        Console.Error.WriteLine($"{nameof(Normalization)} ...");
        string normalization = tables.Normalization();
        text.Append(tables.InShort()).Append("\n\n").Append(tables.Goals()).Append(layers).Append(networks).Append(normalization);
        Draw("benchmarks-first-layer.png", "first layers: times as fast as stacked (higher is better)", tables.Of("layers"), 1400);
        Draw("benchmarks-networks.png", "networks: times as fast as stacked (higher is better)", tables.Of("networks"), 1400);
        return tables.InShort();
    }

    private void Draw(string file, string title, IEnumerable<SpeedRow> rows, int width)
    {
        SpeedRow[] shown = [.. rows.Where(row => row.Side == 224)];
        string[] labels = [.. shown.Select(row => $"{row.Name.Replace(", ", "\n")}\nbatch {row.Batch}")];
        Bars(file, labels, [.. shown.Select(row => row[SpeedTables.Fastest])], title, width);
    }

    private void SmallTables(StringBuilder text)
    {
        // A difference of less than a percent is looked for.
        Times times = Run<Wrapper>(iterations: 25, milliseconds: 200);
        var group = times.Groups.Single();
        double network = Of(group, nameof(Wrapper.Network));
        (long stacked, long converted) = PeakMemory.MeasureBoth();
        text.Append(
            CultureInfo.InvariantCulture,
            $"""
            ## Wrapper and memory

            | what | ratio |
            |---|---|
            | wrapper.forward / network.forward, ResNet-20 on 32 x 32 | {Of(group, nameof(Wrapper.Wrapped)) / network:0.000} |
            | what the wrapper adds to a network of one multiplication / forward of the ResNet-20 | {(
                Of(group, nameof(Wrapper.WrappedPixel)) - Of(group, nameof(Wrapper.Pixel))
            ) / network:0.0000} |
            | network.ToGrayscale().forward / network.forward, the same | {Of(group, nameof(Wrapper.LookedUpAndWrapped)) / network:0.000} |
            | memory that stacking and the first layer add at the peak, stacked / converted, 8 images of 2048 x 2048 | {(double)stacked
                / converted:0.00} |

            ## The check of a conversion

            The time that the processor works on `ToGrayscale()`, divided by that of one forward on an image of 224 x 224, of a network
            that was just made, with one thread. The check runs the network on ordinary, signed and large values, before and after, on
            the smallest size that it takes, or on the example that it is given. Convolutions and linear maps run once in all of that.
            What is left is what every layer costs that is looked at: copies of what it is given and gives, and a few calls of libtorch.
            So the check costs less than two forwards of networks in which convolutions are most of the work. It costs more where there
            are many cheap layers, as in MobileNetV2, where the network takes one size alone, and where an example is as large as the
            image that is measured against.


            """
        );
        text.Append(ConversionTime.Table(once)).Append('\n');
    }

    private void AnalyzerTable(StringBuilder text)
    {
        Times times = Run<Analysis>();
        text.Append(
            """
            ## Analyzer

            About 1,000 lines. The time that the compiler counts for a rule, as a part of the time to compile and emit the same program:
            for all of ours together, for the costliest of ours, and for the median of the rules of Meziantou.Analyzer in the same run, of
            all of them and of those that are asked about code (the others are off by default or miss a type).


            """
        );
        text.Append(RuleTimes.Table(once));
        text.Append(
            """

            The whole compilation with our rules alone, divided by that without: what the compiler adds to run any rule included.

            | program | compile with rules / compile |
            |---|---|

            """
        );
        foreach (
            IGrouping<string, (string Method, string Parameters, double Time)> group in times.Groups.OrderBy(static group =>
                Array.IndexOf(Programs.Names, group.Key)
            )
        )
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {group.Key} | {Of(group, nameof(Analysis.CompileWithOurRules)) / Of(group, nameof(Analysis.Compile)):0.00} |\n"
            );
        }

        text.Append('\n');
    }

    private void GeneratorTable(StringBuilder text)
    {
        Times times = Run<Generation>();
        text.Append(
            """
            ## Generator

            Time divided by that of the MVVM Toolkit's ObservableProperty generator on as many classes with one attributed field: of our
            generator, cold and after an edit elsewhere; and of a generator that finds the marked classes and does nothing more, which is
            the compiler's own part. "The same" files are networks that have both attributes; in "each its smallest" theirs derive from
            ObservableObject with one using, ours from Module<Tensor, Tensor> with five.

            | files | classes | cold | keystroke | keystroke, doing nothing |
            |---|---|---|---|---|

            """
        );
        foreach (
            IGrouping<string, (string Method, string Parameters, double Time)> group in times.Groups.OrderByDescending(static group =>
                group.Key.EndsWith(Generation.Same, StringComparison.Ordinal)
            )
        )
        {
            string[] parameters = group.Key.Split('|');
            double keystroke = Of(group, nameof(Generation.MvvmKeystroke));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {parameters[1]} | {parameters[0]} | "
                    + $"{Of(group, nameof(Generation.OursCold)) / Of(group, nameof(Generation.MvvmCold)):0.00} | "
                    + $"{Of(group, nameof(Generation.OursKeystroke)) / keystroke:0.00} | "
                    + $"{Of(group, nameof(Generation.NothingKeystroke)) / keystroke:0.00} |\n"
            );
        }
    }

    private static double Of(IEnumerable<(string Method, string Parameters, double Time)> group, string method) =>
        group.Single(row => row.Method == method).Time;

    private Times Run<T>(int iterations = 5, int milliseconds = 100)
    {
        Console.Error.WriteLine($"{typeof(T).Name} ...");

        // In this process: the build of a process of its own would not have libtorch made loadable on older hosts.
        Job job = Job
            .Default.WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(20), logOutput: false))
            .WithWarmupCount(once ? 0 : 2)
            .WithIterationCount(once ? 1 : iterations)
            .WithIterationTime(TimeInterval.FromMilliseconds(milliseconds));
        if (once)
        {
            job = job.WithInvocationCount(1).WithUnrollFactor(1);
        }

        ManualConfig config = ManualConfig
            .CreateEmpty()
            .AddJob(job)
            .AddLogger(NullLogger.Instance)
            .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
            .WithOptions(ConfigOptions.DisableOptimizationsValidator | ConfigOptions.DisableLogFile);
        Summary summary = BenchmarkRunner.Run<T>(config);
        return new Times([
            .. summary.Reports.Select(report =>
                (
                    report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
                    string.Join("|", report.BenchmarkCase.Parameters.Items.Select(parameter => parameter.Value)),
                    report.ResultStatistics?.Median
                        ?? throw new InvalidOperationException($"{report.BenchmarkCase.DisplayInfo} did not run.")
                )
            ),
        ]);
    }

    private void Bars(string file, IReadOnlyList<string> labels, IReadOnlyList<Ratio> values, string title, int width)
    {
        if (once)
        {
            return;
        }

        using var plot = new Plot();
        foreach ((Bar bar, Ratio ratio) in plot.Add.Bars(values.Select(ratio => ratio.Value).ToArray()).Bars.Zip(values))
        {
            bar.Error = ratio.Spread / 2;
        }

        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, labels.Count).Select(index => (double)index)], labels.ToArray());
        plot.Axes.Bottom.TickLabelStyle.FontSize = labels.Count > 8 ? 9 : 12;
        plot.Title(title);
        plot.Add.HorizontalLine(1);
        plot.Axes.SetLimitsY(0, Math.Max(1.1, values.Max(ratio => ratio.Value) * 1.1));
        plot.SavePng(Path.Combine(Docs, "images", file), width, 400);
    }

    private sealed record Times(IReadOnlyList<(string Method, string Parameters, double Time)> Rows)
    {
        public IEnumerable<IGrouping<string, (string Method, string Parameters, double Time)>> Groups =>
            Rows.GroupBy(row => row.Parameters);
    }
}
