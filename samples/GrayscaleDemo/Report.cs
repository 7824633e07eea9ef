using Spectre.Console;

namespace GrayscaleDemo;

/// <summary>What the demo says on the console, as wide as that is.</summary>
internal static class Report
{
    /// <summary>A table of what each network answers for each image.</summary>
    public static Table Answers(IEnumerable<(GrayImage Image, string First, string Second)> answers)
    {
        Table table = new Table().Border(TableBorder.Simple).Title("What the networks answer: class and score");
        table.AddColumns("image", "pixels", "gray levels", "ResNet-18", "LesionNet");
        table.Columns[2].RightAligned();
        foreach ((GrayImage image, string first, string second) in answers)
        {
            table.AddRow(
                Markup.Escape(image.Name),
                image.SizeInWords,
                $"{image.Levels:N0}",
                first,
                second
            );
        }

        return table;
    }

    /// <summary>What was gained, in whole sentences.</summary>
    /// <param name="row">One network.</param>
    /// <param name="images">All images.</param>
    public static Padder Gain(Measurement row, IReadOnlyList<GrayImage> images)
    {
        long pixels = images.Sum(image => image.Pixels.numel());
        GrayImage largest = images.MaxBy(image => image.Pixels.numel())!;
        string same = row.SameClasses == images.Count ? "the same" : "not all the same";
        string[] sentences =
        [
            $"The answers are {same}: the class agrees on {row.SameClasses} of {Count(images.Count)}, "
                + $"and no score differs by more than {row.Output.Difference:0.0e+00}, where scores reach {row.Output.Magnitude:0.0}.",
            $"The first layer, {row.Layer}, has {Part(row.LayerWeights)} its weights: "
                + $"{row.LayerWeights.Converted:N0} in place of {row.LayerWeights.Stacked:N0}. "
                + $"The network has {row.Parameters.Converted:N0} parameters in place of {row.Parameters.Stacked:N0}.",
            $"The input has {Part((3 * pixels, pixels))} its bytes: "
                + $"{pixels * sizeof(float):N0} in place of {3 * pixels * sizeof(float):N0} for {Count(images.Count)}.",
            $"On {largest.Name} it is {row.Speed.InWords}.",
            $"The first layer's output differs by {row.FirstLayer.Difference:0.0e+00}; "
                + $"rounding alone explains up to {row.FirstLayer.Bound:0.0e+00}.",
        ];
        var list = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(1)).AddColumn(new GridColumn().PadRight(0));
        foreach (string sentence in sentences)
        {
            list.AddRow(new Text("-"), new Text(sentence));
        }

        return new Padder(new Rows(new Text(row.Network, new Style(decoration: Decoration.Bold)), list), new Padding(0, 1, 0, 0));
    }

    private static string Part((long Stacked, long Converted) amounts) =>
        amounts.Stacked == 3 * amounts.Converted ? "a third of" : $"{(double)amounts.Converted / amounts.Stacked:0.00} of";

    private static string Count(int images) => images == 1 ? "1 image" : $"{images} images";
}
