using ChannelGen.Checkpoints;
using static TorchSharp.torch;

namespace ChannelGen.Tool;

/// <summary>The command convert.</summary>
internal static class Conversion
{
    public static int Convert(
        string source,
        string target,
        bool toGray,
        string? layer,
        LumaCoefficients luma,
        ChannelNormalization? normalization
    )
    {
        if (!toGray && normalization is not null)
        {
            throw new ArgumentException(
                "--normalize goes with --to gray. A gray checkpoint does not tell what its images went through; "
                    + "convert the network itself with ToColor and ColorOptions."
            );
        }

        Checkpoint.MustExist(source);
        if (Script.Is(source))
        {
            Progress.Tell($"converting {source}");
            Script.Convert(source, target, toGray, layer, luma, normalization);
            Console.Out.WriteLine($"{target}: the script takes {(toGray ? "one channel" : "three channels")} now");
            return ExitCodes.Well;
        }

        Checkpoint.CheckEnding(target);
        using Checkpoint checkpoint = Checkpoint.Read(source);
        string found = layer ?? OnlyLayer(checkpoint, toGray ? 3 : 1);
        Progress.Tell($"converting {found}");
        Dictionary<string, Tensor> converted = toGray
            ? StateDictConversion.ToGrayscale(checkpoint.Entries, found, normalization: normalization)
            : StateDictConversion.ToColor(checkpoint.Entries, found, luma);
        try
        {
            Checkpoint.Write(target, converted);
        }
        finally
        {
            foreach (Tensor entry in converted.Values)
            {
                entry.Dispose();
            }
        }

        Console.Out.WriteLine($"{target}: '{found}' takes {(toGray ? "one channel" : "three channels")} now");
        return ExitCodes.Well;
    }

    /// <summary>The layer that receives the image, if only one could. Which one does is otherwise known to the network alone.</summary>
    private static string OnlyLayer(Checkpoint checkpoint, long channels)
    {
        string[] layers = [.. checkpoint.LayersWith(channels)];
        return layers switch
        {
            [string only] => only,
            [] => throw new ArgumentException(
                $"{checkpoint.Path}: no kernel has {channels} input channel{(channels == 1 ? "" : "s")}. "
                    + $"Name the layer with --layer if it is of a group."
            ),
            _ => throw new ArgumentException(
                $"{checkpoint.Path}: {layers.Length} kernels have {channels} input channel{(channels == 1 ? "" : "s")}, "
                    + $"for example {string.Join(", ", layers.Take(4).Select(name => $"'{name}'"))}. "
                    + $"Name the one that receives the image with --layer."
            ),
        };
    }
}
