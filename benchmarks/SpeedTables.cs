using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>A row of a table of ways: its name, and how many times as fast as the first way each way is.</summary>
internal sealed record SpeedRow(
    string Table,
    string Name,
    int Side,
    int Batch,
    IReadOnlyList<string> Ways,
    IReadOnlyList<Ratio> Ratios,
    double Limit = 0
)
{
    public Ratio this[string way] => Ratios[Ways.ToList().IndexOf(way)];

    public string Place => $"{Name}, {Side} x {Side}, batch {Batch}";
}

/// <summary>The tables of layers, networks, normalization and bytes, and the sentences that follow from their numbers.</summary>
/// <param name="once">Everything once, and few rows.</param>
internal sealed class SpeedTables(bool once)
{
    /// <summary>How the paragraph begins that README quotes.</summary>
    public const string ShortStart = "Measured";

    public const string Fastest = "converted, Fastest";

    private const string View = "view";
    private const string ViewLast = "view, ChannelsLast";
    private const string ViewFastest = "view, Fastest";
    private const string Converted = "converted";
    private const string ConvertedLast = "converted, ChannelsLast";
    private const string Copied = "cat, copied to channels-last";

    public static readonly string[] Ways = ["cat", "expand", Copied, View, ViewLast, ViewFastest, Converted, ConvertedLast, Fastest];

    public static readonly string[] TrainingWays = ["cat", Copied, View, Converted, ConvertedLast];

    private readonly List<SpeedRow> rows = [];
    private readonly List<(string Place, Ratio Folded, Ratio FoldedLast)> normalizations = [];
    private readonly List<(string Place, Ratio Converted, Ratio Fastest)> bytes = [];

    /// <summary>The first layers at 224 and the networks at 224, for the pictures: what Fastest makes of each.</summary>
    public IEnumerable<SpeedRow> Of(string table) => rows.Where(row => row.Table == table);

    public string Layers()
    {
        Machine machine = Machine.Measure(once);
        foreach ((string kernel, int side, int batch) in FirstLayer.Rows(once))
        {
            using var layer = new FirstLayer(kernel, side, batch);
            Add("layers", kernel, side, batch, Ways, layer.Ways, milliseconds: 150, layer.Limit(machine));
        }

        return $"""
            ## First layer

            The first convolution alone, as it runs inside of a network: its output may come out in either order in memory. Each number
            says how many times as fast as stacking with `cat` a way is, stacking included. The limit is what arithmetic and written bytes
            allow if all else cost nothing, on a machine that does {machine.Operations / 1e9:0} billion operations and writes {machine.Bytes
                / 1e9:0.0} billion bytes in a second, as this one was measured to do: near 1 where the output is most of the work.
            What lies above it says that libtorch's contiguous convolution does more than that, such as bringing its output into order.

            {Rows("layers", Ways, withLimit: true)}
            {BelowOne("layers")}

            ![How many times as fast as stacked the first layers are](images/benchmarks-first-layer.png)


            """;
    }

    public string Networks()
    {
        foreach (string name in WholeNetworks.Names)
        {
            using var network = new WholeNetworks(name);
            foreach ((int side, int batch) in WholeNetworks.Images(once))
            {
                foreach (bool training in (bool[])[false, true])
                {
                    string table = training ? "training" : "networks";
                    string[] ways = training ? TrainingWays : Ways;
                    Add(table, name, side, batch, ways, network.Ways(side, batch, training), milliseconds: 400);
                }
            }
        }

        return $"""
            ## Whole networks

            Inference, as many times as fast as stacking with `cat`. The first layer is a few percent of a network, so that conversion
            alone saves little; the order in memory is the rest.

            {Rows("networks", Ways, withLimit: false)}
            {BelowOne("networks")}

            ![How many times as fast as stacked the networks are](images/benchmarks-networks.png)

            A step of training, forward and backward. `Fastest` is contiguous there, so that its numbers are those of its neighbors.

            {Rows("training", TrainingWays, withLimit: false)}
            {BelowOne("training")}


            """;
    }

    public string Normalization()
    {
        var text = new StringBuilder();
        foreach ((string kernel, int side, int batch) in Benchmarks.Normalization.Rows(once))
        {
            using var row = new Normalization(kernel, side, batch);
            InterleavedTimes times = Measure(row.Ways, milliseconds: 200);
            (Ratio folded, Ratio last) = (times.Ratio(1, 2), times.Ratio(3, 4));
            normalizations.Add(($"{kernel}, {side} x {side}, batch {batch}", folded, last));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {kernel} | {side} x {side} | {batch} | {times.Ratio(0, 1)} | {times.Ratio(0, 3)} | {folded} | {last} |\n"
            );
        }

        var ofBytes = new StringBuilder();
        foreach ((int side, int batch) in BytesToScores.Rows(once))
        {
            using var row = new BytesToScores(side, batch);
            InterleavedTimes times = Measure(row.Ways, milliseconds: 500);
            bytes.Add(($"{side} x {side}, batch {batch}", times.Ratio(0, 1), times.Ratio(0, 2)));
            ofBytes.Append(CultureInfo.InvariantCulture, $"| {side} x {side} | {batch} | {times.Ratio(0, 1)} | {times.Ratio(0, 2)} |\n");
        }

        return $"""
            ## Normalization

            The first layer with ImageNet's normalization: how many times as fast as stacking (cat), normalizing and the color layer the
            converted layer is that has the normalization folded in; and what folding costs, the time of that layer divided by that of the
            same layer without any normalization.

            | kernel | image | batch | folded | folded, ChannelsLast | cost | cost, ChannelsLast |
            |---|---|---|---|---|---|---|
            {text}
            From decoded bytes to scores, MobileNetV3 small: the bytes scaled, stacked, normalized and given to the color network, as people
            write it, against the bytes themselves given to the converted one.

            | image | batch | converted | converted, Fastest |
            |---|---|---|---|
            {ofBytes}

            """;
    }

    /// <summary>The paragraph that README quotes.</summary>
    public string InShort()
    {
        string Range(string table, int batch)
        {
            SpeedRow[] found = [.. Of(table).Where(row => row.Side >= 224 && (batch == 0 || row.Batch == batch))];
            double[] gains = [.. found.Select(row => row[Fastest].Value)];
            return gains.Length == 0 ? "(not measured)" : FormattableString.Invariant($"{gains.Min():0.00} to {gains.Max():0.00}");
        }

        return $"""
            {ShortStart} with `MemoryLayout.Fastest`: eight networks on images of 224 x 224 are {Range("networks", 8)} times as fast
            as stacked with `cat` in batches of 8, and {Range("networks", 1)} times with single images; first layers by themselves,
            at 224 x 224 and up, are {Range("layers", 0)} times as fast.
            """.ReplaceLineEndings("\n");
    }

    /// <summary>What was hoped for, and whether the numbers of this run reach it.</summary>
    public string Goals()
    {
        SpeedRow[] large = [.. Of("layers").Where(row => row.Side >= 224)];
        SpeedRow[] networks = [.. Of("networks").Where(row => row.Side >= 224)];
        IEnumerable<(string, double)> Gains(IEnumerable<SpeedRow> of) => of.Select(row => (row.Place, row[Fastest].Value));
        IEnumerable<(string, double)> Never() =>
            rows.Where(row => row.Ways.Contains(Fastest))
                .SelectMany(row =>
                    new[]
                    {
                        ($"{row.Place}, converted", row[Fastest].Value / row[Converted].Value),
                        ($"{row.Place}, view", row[ViewFastest].Value / row[View].Value),
                    }
                );
        return $"""
            ## Goals

            What `Fastest` was to reach, and what this run gives.

            {Goal(
                "first layers at 224 and up at least 1.9 times as fast",
                1.9,
                Gains(large),
                "writing the output, which is the same stacked or not, bounds small kernels: see the limits"
            )}
            {Goal(
                "of these, 7x7 and 16x16 at least 3.0 times",
                3.0,
                Gains(large.Where(row => row.Name.StartsWith('7') || row.Name.StartsWith("16", StringComparison.Ordinal))),
                "three channels are three times the arithmetic, and the output has to be written besides"
            )}
            {Goal(
                "networks at 224 and batch 8 at least 1.1 times",
                1.1,
                Gains(networks.Where(row => row.Batch == 8)),
                "what comes behind the first layer is not faster channels-last by so much on this machine"
            )}
            {Goal(
                "networks at 224 and batch 1 at least as fast",
                1.0,
                Gains(networks.Where(row => row.Batch == 1)),
                "the order in memory gains nothing there, and the first layer is less than the noise"
            )}
            {Goal(
                "nowhere below 0.98 of Contiguous",
                0.98,
                Never(),
                "a trial of a few runs takes the difference for something that it is not, or the rows are noisy"
            )}
            {Goal(
                "a folded normalization at most 1.2 times the plain layer, which is 1.2 divided by the cost, at least 1",
                1.0,
                normalizations
                    .Select(row => (row.Place, 1.2 / row.Folded.Value))
                    .Concat(normalizations.Select(row => ($"{row.Place}, ChannelsLast", 1.2 / row.FoldedLast.Value))),
                "a layer that does next to nothing but write its output does it twice"
            )}
            {Goal(
                "from bytes to scores at least 1.1 times",
                1.1,
                bytes.Select(row => (row.Place, row.Fastest.Value)),
                "the network itself is most of the work"
            )}


            """;
    }

    private void Add(string table, string name, int side, int batch, string[] ways, Action[] actions, double milliseconds, double limit = 0)
    {
        InterleavedTimes times = Measure(actions, milliseconds);
        rows.Add(new SpeedRow(table, name, side, batch, ways, [.. ways.Select((_, way) => times.Ratio(0, way))], limit));
    }

    private InterleavedTimes Measure(Action[] ways, double milliseconds) => new Interleaved(once) { Budget = milliseconds }.Run(ways);

    private string Rows(string table, string[] ways, bool withLimit)
    {
        string[] limit = withLimit ? ["limit"] : [];
        string[] heads = [table == "layers" ? "kernel" : "network", "image", "batch", .. ways.Skip(1), .. limit];
        var text = new StringBuilder($"| {string.Join(" | ", heads)} |\n|{string.Concat(heads.Select(_ => "---|"))}\n");
        foreach (SpeedRow row in Of(table))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Name} | {row.Side} x {row.Side} | {row.Batch} | {string.Join(" | ", row.Ratios.Skip(1))} |"
            );
            text.Append(withLimit ? FormattableString.Invariant($" {row.Limit:0.0} |\n") : "\n");
        }

        return text.ToString();
    }

    /// <summary>A sentence for every way of ours that is slower than stacking in some rows, which names them and the reason.</summary>
    private string BelowOne(string table)
    {
        string[] sentences =
        [
            .. Of(table)
                .SelectMany(row => row.Ways.Zip(row.Ratios, (way, ratio) => (Row: row, Way: way, Ratio: ratio)))
                .Where(cell => cell.Way is not ("cat" or "expand" or Copied) && cell.Ratio.Value < 1)
                .GroupBy(cell =>
                    (cell.Way, Why: cell.Ratio.IsNoise ? "That is within the spread of the repetitions" : Why(cell.Way, table))
                )
                .Select(all => $"- {all.Key.Way}: {Places(all.Select(cell => (cell.Row.Place, cell.Ratio.Value)))}. {all.Key.Why}."),
        ];
        return sentences.Length == 0
            ? "No row has a way of ours below 1.\n"
            : $"Slower than stacked, below 1:\n\n{string.Join("\n", sentences)}\n";
    }

    private static string Why(string way, string table) =>
        (way, table) switch
        {
            (View, _) =>
                "A view copies the image and sums the kernels at each call, some tens of microseconds that a small layer does not save",
            (ViewFastest or Fastest, "layers") => "A layer of some microseconds does not save what the wrapper asks about the image",
            (ViewFastest or Fastest, _) => "Its trial found nothing to gain, so that it runs as contiguous does",
            (ViewLast, "networks") =>
                "A view leaves kernels contiguous, and libtorch reorders each at every run, which counts for small images",
            (ViewLast or ConvertedLast, "layers") => "For small images libtorch has a way of its own that takes contiguous ones alone",
            (ConvertedLast, _) => "This network's convolutions at this size are not faster channels-last, which is what Fastest is for",
            _ => "One first layer is less than what two networks differ by that lie elsewhere in memory",
        };

    private static string Goal(string goal, double wanted, IEnumerable<(string Place, double Value)> found, string why)
    {
        (string Place, double Value)[] all = [.. found];
        (string Place, double Value)[] missed = [.. all.Where(row => row.Value < wanted).OrderBy(row => row.Value)];
        if (missed.Length == 0)
        {
            return $"- {goal}: reached in all {all.Length} rows.";
        }

        return $"- {goal}: reached in {all.Length - missed.Length} of {all.Length} rows. Not in {Places(missed)}. The reason: {why}.";
    }

    private static string Places(IEnumerable<(string Place, double Value)> cells) =>
        string.Join("; ", cells.Select(cell => FormattableString.Invariant($"{cell.Place}: {cell.Value:0.00}")));
}
