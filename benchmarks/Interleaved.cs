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
    private const int MostRuns = 101;

    // A long run does not mind what the one before left in the caches.
    private const double LongRun = 50;

    // Milliseconds. What is short is run several times over, so that the clock's own steps do not count.
    private const double ShortestRun = 2;

    /// <summary>How long one repetition may take, in milliseconds; one run is made however long it takes.</summary>
    public double Budget { get; init; } = 300;

    public InterleavedTimes Run(params Action[] ways)
    {
        if (once)
        {
            return new InterleavedTimes([
                [Once(ways, calls: 1, backwards: false)],
            ]);
        }

        // A view looks at what its network does in its first two runs, and Fastest tries; long runs are of networks that have run
        // on smaller images before.
        double[] first = Once(ways, calls: 1, backwards: false);
        double[] warm = first.Min() > LongRun * 4 ? first : Once(ways, calls: 1, backwards: true);
        int calls = Math.Max(1, (int)Math.Ceiling(ShortestRun / Math.Max(warm.Min(), 1e-4)));
        int warmCalls = warm.Max() > LongRun ? 0 : 2;
        int runs = Math.Clamp((int)(Budget / (warm.Sum() * (calls + warmCalls))), 1, MostRuns) | 1;

        // Forwards and backwards in turn, so that none always follows the same one.
        return new InterleavedTimes([
            .. Enumerable
                .Range(0, Repetitions)
                .Select(repetition =>
                    Enumerable.Range(0, runs).Select(run => Once(ways, calls, (run + repetition) % 2 == 1, warmCalls)).ToArray()
                ),
        ]);
    }

    private static double[] Once(Action[] ways, int calls, bool backwards, int warmCalls = 0)
    {
        var times = new double[ways.Length];
        for (int place = 0; place < ways.Length; place++)
        {
            int way = backwards ? ways.Length - 1 - place : place;

            // Not timed: what the way before left in the caches would help or hurt this one.
            for (int call = 0; call < warmCalls; call++)
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
