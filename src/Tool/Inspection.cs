using static TorchSharp.torch;

namespace ChannelGen.Tool;

/// <summary>The command inspect.</summary>
internal static class Inspection
{
    public static int Print(string path, TextWriter output)
    {
        using Checkpoint checkpoint = Checkpoint.Read(path);
        int name = checkpoint.Entries.Keys.Select(key => key.Length).DefaultIfEmpty().Max();
        int dtype = checkpoint.Entries.Values.Select(entry => $"{entry.dtype}".Length).DefaultIfEmpty().Max();
        foreach ((string key, Tensor entry) in checkpoint.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{key.PadRight(name)}  {$"{entry.dtype}".PadRight(dtype)}  [{string.Join(", ", entry.shape)}]");
        }

        output.WriteLine($"{checkpoint.Entries.Count} entries, {checkpoint.Entries.Values.Sum(entry => entry.numel()):N0} numbers");
        Tell(output, "three", [.. checkpoint.LayersWith(3)]);
        Tell(output, "one", [.. checkpoint.LayersWith(1)]);
        if (checkpoint.Entries.Keys.FirstOrDefault(key => key.EndsWith("normalization_kernel", StringComparison.Ordinal)) is { } constant)
        {
            output.WriteLine($"It is of a network that was converted with a normalization, which '{constant}' holds.");
        }

        return ExitCodes.Well;
    }

    private static void Tell(TextWriter output, string channels, string[] layers)
    {
        const int Shown = 8;
        if (layers.Length > 0)
        {
            string more = layers.Length > Shown ? $" and {layers.Length - Shown} more" : "";
            output.WriteLine(
                $"Kernels of {channels} input channel{(channels == "one" ? "" : "s")}: {string.Join(", ", layers.Take(Shown))}{more}"
            );
        }
    }
}
