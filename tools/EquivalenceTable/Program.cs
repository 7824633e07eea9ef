using System.Globalization;
using System.Reflection;
using System.Text;
using EquivalenceTable;

// Prints docs/equivalence.md and writes it: what conversions change, in every network of torchvision and every kind of layer.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool quick = args is ["--quick"];
string root = typeof(Networks)
    .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
    .Single(attribute => attribute.Key == "RepositoryRoot")
    .Value!;
var text = new StringBuilder();
text.Append(
    """
    # Equivalence

    What a conversion changes, as printed by

        dotnet run -c Release --project tools/EquivalenceTable

    Differences are the largest of any element. Beside each stands the bound for that element: what two float results of the
    same sum may differ by when they are summed in another order, 2 gamma_n sum |w||x| with gamma_n = n u / (1 - n u), where n
    counts the products of one output and u is the unit roundoff of the dtype (N. Higham, "Accuracy and Stability of Numerical
    Algorithms", 3.1). The bound is of the first layer; what follows from it in the answer stands in a column of its own,
    beside the largest score. Weights are random, from a seed; images are noise.

    ## Networks

    Every factory of torchvision.models, in float32, on one image of 96 x 96. "To gray" compares with the image stacked, "normalized"
    with the image stacked and normalized by ImageNet's statistics; "to color" compares the gray network, spread with BT.709,
    on a color image with what it gives for that image's luma.

    | network | layer | to gray | bound | normalized | bound | to color | bound | answers differ by | of |
    |---|---|---|---|---|---|---|---|---|---|

    """
);
bool holds = true;
foreach ((string name, var make) in quick ? Networks.All.Where(entry => entry.Name is "resnet18" or "mobilenet_v3_small") : Networks.All)
{
    Console.Error.WriteLine(name);
    (string row, bool within) = Networks.Row(name, make);
    text.Append(row);
    holds &= within;
}

text.Append(
    """

    ## Layers

    Kernels of 5 (3 in three dimensions) and stride 2, on noise. "Normalized" is with ImageNet's statistics and 8-bit input.

    | layer | padding mode | dtype | to gray | bound | normalized | bound | to color | bound |
    |---|---|---|---|---|---|---|---|---|

    """
);
foreach ((string row, bool within) in LayerTable.Rows())
{
    text.Append(row);
    holds &= within;
}

text.Append(
    """

    ## TorchScript

    A convolution in a script, with kernels of 5, stride 2 and zero padding, that was written to a file and loaded. The bound is that of the
    same layer outside of a script.

    | function | dtype | to gray | bound | normalized | bound | to color | bound |
    |---|---|---|---|---|---|---|---|

    """
);
foreach ((string row, bool within) in ScriptTable.Rows())
{
    text.Append(row);
    holds &= within;
}

text.Append(
    """

    ## Channel maps

    A Conv2d with a kernel of 5, stride 2 and zero padding, given the map's new channels, compared with itself before its conversion,
    given the old channels that follow from them.

    | map | channels | BFloat16 | bound | Float32 | bound | Float64 | bound |
    |---|---|---|---|---|---|---|---|

    """
);
foreach ((string row, bool within) in MapTable.Rows())
{
    text.Append(row);
    holds &= within;
}

text.Append(
    """

    ## What the network does to its image itself

    The first layer, a Conv2d with a kernel of 5 and stride 2, of a network that prepares its image before it, converted to gray and
    compared with the image stacked.

    | before the layer | padding mode | Float32 | bound | Float64 | bound |
    |---|---|---|---|---|---|

    """
);
foreach ((string row, bool within) in MapTable.FoldedRows())
{
    text.Append(row);
    holds &= within;
}

text.Append(CultureInfo.InvariantCulture, $"\n{(holds ? "Every difference is within its bound." : "A difference EXCEEDS its bound.")}\n");
string page = text.ToString().Replace("\r\n", "\n");
Console.Write(page);
if (!quick)
{
    File.WriteAllText(Path.Combine(root, "docs", "equivalence.md"), page);
}

return holds ? 0 : 1;
