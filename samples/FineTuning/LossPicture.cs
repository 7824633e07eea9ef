using ScottPlot;

namespace FineTuning;

/// <summary>The losses of all trainings. Those that lie on each other are told apart by their width, the widest behind.</summary>
internal static class LossPicture
{
    // Colors that people who confuse red and green tell apart (M. Okabe and K. Ito, 2008).
    private static readonly (string Color, float Width, LinePattern Pattern)[] Styles =
    [
        ("#56b4e9", 11, LinePattern.Solid),
        ("#e69f00", 6, LinePattern.Solid),
        ("#000000", 2, LinePattern.Solid),
        ("#d55e00", 2, LinePattern.Dashed),
    ];

    public static void Write(string path, IReadOnlyList<Training> trainings)
    {
        using var plot = new Plot();
        plot.FigureBackground.Color = Colors.White;
        for (int index = 0; index < trainings.Count; index++)
        {
            var curve = plot.Add.ScatterLine(
                Enumerable.Range(0, trainings[index].Losses.Count).Select(step => (double)step).ToArray(),
                trainings[index].Losses.ToArray()
            );
            (string color, float width, LinePattern pattern) = Styles[index];
            curve.Color = Color.FromHex(color);
            curve.LineWidth = width;
            curve.LinePattern = pattern;
            curve.LegendText = trainings[index].Name;
        }

        plot.Title("One training in three ways, and another: converted, with the plain step");
        plot.XLabel("step");
        plot.YLabel("loss");
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePng(path, 900, 480);
    }
}
