using System.Diagnostics;

namespace Benchmarks;

/// <summary>
/// Times ways to do the same thing against each other: run by run in turn, so that what else the machine does hits all of
/// them alike. All of it is repeated, so that it shows how much of a ratio is noise.
/// </summary>
/// <param name="once">Everything once, to see that it runs.</param>
internal sealed class Interleaved(bool once)
{
    private const int Repetitions = 3;
    private const int FewestRuns = 7;
    private const int MostRuns = 101;
    private const int WarmCalls = 3;

    // Milliseconds. What is short is run several times over, so that the clock's own steps do not count.
    private const double ShortestRun = 2;

    /// <summary>How long one repetition may take, in milliseconds; the fewest runs are made however long they take.</summary>
    public double Budget { get; init; } = 300;

    public InterleavedTimes Run(params Action[] ways)
    {
        if (once)
        {
            return new InterleavedTimes([
                [Once(ways, calls: 1, backwards: false)],
            ]);
        }

        Once(ways, calls: 1, backwards: false);
        double[] warm = Once(ways, calls: 1, backwards: true);
        int calls = Math.Max(1, (int)Math.Ceiling(ShortestRun / Math.Max(warm.Min(), 1e-4)));
        int runs = Math.Clamp((int)(Budget / (warm.Sum() * (calls + WarmCalls))), FewestRuns, MostRuns) | 1;

        // Forwards and backwards in turn, so that none always follows the same one.
        return new InterleavedTimes([
            .. Enumerable
                .Range(0, Repetitions)
                .Select(_ => Enumerable.Range(0, runs).Select(run => Once(ways, calls, backwards: run % 2 == 1)).ToArray()),
        ]);
    }

    private double[] Once(Action[] ways, int calls, bool backwards)
    {
        var times = new double[ways.Length];
        for (int place = 0; place < ways.Length; place++)
        {
            int way = backwards ? ways.Length - 1 - place : place;

            // Not timed: what the way before left in the caches would help or hurt this one, and a view looks at what its
            // network does in its first two runs.
            for (int call = 0; call < WarmCalls && !once; call++)
            {
                ways[way]();
            }

            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
            {
                ways[way]();
            }

            times[way] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return times;
    }
}

/// <summary>The times of several ways: for each repetition, for each run in it, one for each way.</summary>
internal sealed class InterleavedTimes(double[][][] repetitions)
{
    /// <summary>The time of one way divided by that of another: in each repetition the median over runs that stand side by side.</summary>
    public Ratio Ratio(int dividend, int divisor) =>
        Benchmarks.Ratio.Of([.. repetitions.Select(runs => RuleTimes.Median(runs.Select(times => times[dividend] / times[divisor])))]);
}

/// <summary>A ratio of times: the middle one of several measurements, and how far the largest lies from the smallest.</summary>
internal readonly record struct Ratio(double Value, double Spread)
{
    /// <summary>Whether the measurements lie as far from each other as their middle from 1: then it says nothing but that.</summary>
    public bool IsNoise => Spread >= Math.Abs(Value - 1);

    public static Ratio Of(IReadOnlyList<double> measured) => new(RuleTimes.Median(measured), measured.Max() - measured.Min());

    /// <summary>The ratio and half its spread, with a mark if it is noise.</summary>
    public override string ToString() => FormattableString.Invariant($"{Value:0.00} ± {Spread / 2:0.00}{(IsNoise ? " ≈" : "")}");
}
