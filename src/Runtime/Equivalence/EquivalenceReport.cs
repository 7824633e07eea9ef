using System.Globalization;
using System.Text;

namespace ChannelGen;

/// <summary>How one layer's output differs between the stacked and the converted network.</summary>
/// <param name="Layer">The path of the layer; "(output)" for the network's answer.</param>
/// <param name="Kind">Its class.</param>
/// <param name="Difference">The largest difference of any element, over all images.</param>
/// <param name="Magnitude">The largest absolute value of any element of the stacked network's output.</param>
/// <param name="Bound">
/// For a converted layer, what the difference of the element that comes nearest to it may be by rounding alone:
/// 2 gamma_n sum |w||x| (N. Higham, "Accuracy and Stability of Numerical Algorithms", 3.1). Null for the others, whose
/// difference follows from it.
/// </param>
/// <param name="IsWithinBound">Whether every element is within its bound; null where there is none.</param>
public sealed record LayerDifference(string Layer, string Kind, double Difference, double Magnitude, double? Bound, bool? IsWithinBound);

/// <summary>The stacked and the converted network, compared on images.</summary>
public sealed record EquivalenceReport
{
    /// <summary>How many images were compared.</summary>
    public required int Images { get; init; }

    /// <summary>Every layer in the order in which it first ran, and the network's answer last.</summary>
    public required IReadOnlyList<LayerDifference> Layers { get; init; }

    /// <summary>The network's parameters before and after.</summary>
    public required (long Before, long After) Parameters { get; init; }

    /// <summary>The multiplications of the converted layers for one image, before and after.</summary>
    public required (long Before, long After) Multiplications { get; init; }

    /// <summary>
    /// Whether every element of every converted layer is within its bound, for every image. False also if no converted layer
    /// was seen: forward hooks see layers that are run with call, not with forward.
    /// </summary>
    public bool Holds => Layers.Any(layer => layer.IsWithinBound == true) && Layers.All(layer => layer.IsWithinBound != false);

    /// <summary>The difference of the network's answer.</summary>
    public LayerDifference Output => Layers[^1];

    /// <summary>What the report says: which layers hold, within which bound, and what to do if one does not.</summary>
    public string Verdict
    {
        get
        {
            LayerDifference[] converted = [.. Layers.Where(layer => layer.IsWithinBound is not null)];
            LayerDifference[] exceeded = [.. converted.Where(layer => layer.IsWithinBound == false)];
            string OfAnswer() =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The answer differs by {Output.Difference:0.0e+00} of {Output.Magnitude:0.0e+00}"
                );
            return converted.Length == 0
                    ? "Nothing is shown: no converted layer was seen to run. Hooks see layers that are run with call, not with forward. "
                        + $"{OfAnswer()}."
                : exceeded.Length == 0
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"The conversion holds: {Listed(converted)} {(converted.Length == 1 ? "differs" : "differ")} from the stacked run "
                            + $"by rounding alone, at most {converted.Max(layer => layer.Difference):0.0e+00}, "
                            + $"within the bound for every element. {OfAnswer()}, which follows from that."
                    )
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"THE CONVERSION DOES NOT HOLD: {Listed(exceeded)} {(exceeded.Length == 1 ? "differs" : "differ")} from the stacked "
                        + $"run by {exceeded.Max(layer => layer.Difference):0.0e+00}, more than rounding can do. {OfAnswer()}. "
                        + $"Its weights are not those of the conversion any more: if it was trained or changed since, "
                        + $"convert the color network again, or verify right after the conversion."
                );

            static string Listed(LayerDifference[] layers) => Text.Quoted(layers.Select(layer => layer.Layer));
        }
    }

    /// <summary>The report as a table, and the verdict.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        int width = Layers.Max(layer => layer.Layer.Length + layer.Kind.Length + 3);
        text.Append(CultureInfo.InvariantCulture, $"{"layer".PadRight(width)}  difference   magnitude       bound\n");
        foreach (LayerDifference layer in Layers)
        {
            string name = layer.Kind.Length == 0 ? layer.Layer : $"{layer.Layer} ({layer.Kind})";
            string bound = layer.Bound is { } value
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{value,10:0.0e+00}  {(layer.IsWithinBound == true ? "within" : "EXCEEDED")}"
                )
                : "";
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name.PadRight(width)}  {layer.Difference,10:0.0e+00}  {layer.Magnitude,10:0.0e+00}  {bound}\n"
            );
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"{Images} image{(Images == 1 ? "" : "s")}; parameters {Parameters.Before:N0} -> {Parameters.After:N0}; "
                + $"multiplications of the converted layers {Multiplications.Before:N0} -> {Multiplications.After:N0}\n{Verdict}\n"
        );
        return text.ToString();
    }
}
