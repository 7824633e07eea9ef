using System.Globalization;
using BenchmarkDotNet.Running;
using Benchmarks;

// "short" writes docs/benchmarks.md and its pictures; with BENCHMARKS_ONCE=1 it runs everything once, to see that it runs, and
// writes nothing. "rules" prints only the table of the analyzer's rules, "conversion" that of conversions, and "layers", "networks"
// and "normalization" those of that; "verify" prints how much memory Verify takes for a large image. Anything else goes to
// BenchmarkDotNet as it is.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool once = Environment.GetEnvironmentVariable("BENCHMARKS_ONCE") == "1";
switch (args)
{
    case ["short"]:
        return new Report(once).Write();
    case ["layers" or "networks" or "normalization"]:
        Console.Write(new Report(once).Table(args[0]));
        return 0;
    case ["rules"]:
        Console.Write(RuleTimes.Table(once: false));
        return 0;
    case ["conversion"]:
        Console.Write(ConversionTime.Table(once: false));
        return 0;
    case ["verify"]:
        Console.Write(PeakMemory.OfVerify());
        return 0;
    case ["peak", var way]:
        Console.WriteLine(PeakMemory.Measure(way == "stacked"));
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Report).Assembly).Run(args);
        return 0;
}
