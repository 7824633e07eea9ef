using ChannelGen.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Tool;

/// <summary>The command verify: two checkpoints of one network, entry by entry.</summary>
internal static class Verification
{
    public static int Compare(string first, string second, ChannelNormalization? normalization, TextWriter output)
    {
        using Checkpoint a = Checkpoint.Read(first);
        using Checkpoint b = Checkpoint.Read(second);
        string[] kernels =
        [
            .. a.Entries.Where(entry => IsConverted(entry.Value, b.Entries.GetValueOrDefault(entry.Key))).Select(entry => entry.Key),
        ];

        // Gray from color, and never the other way: what the colors did differently is lost in a gray kernel.
        (Checkpoint color, Checkpoint gray) = kernels.Any(key => a.Entries[key].shape[1] == 1) ? (b, a) : (a, b);
        var expected = new Dictionary<string, Tensor>(color.Entries);
        var made = new List<Tensor>();
        try
        {
            foreach (string key in kernels)
            {
                Dictionary<string, Tensor> converted = StateDictConversion.ToGrayscale(
                    color.Entries,
                    key[..^".weight".Length],
                    normalization: normalization
                );
                foreach ((string name, Tensor value) in converted.Where(entry => !color.Entries.ContainsValue(entry.Value)))
                {
                    expected[name] = value;
                    made.Add(value);
                }
            }

            bool same = CompareKeys(expected, gray, normalization, output);
            foreach ((string key, Tensor value) in expected.Where(entry => gray.Entries.ContainsKey(entry.Key)))
            {
                same &= CompareEntry(key, value, gray.Entries[key], color.Entries.GetValueOrDefault(key), output);
            }

            output.WriteLine(
                !same ? "The checkpoints differ."
                : kernels.Length == 0 ? $"The checkpoints are the same: {expected.Count} entries."
                : $"The checkpoints are of one network: {gray.Path} is {color.Path} in gray."
            );
            return same ? ExitCodes.Well : ExitCodes.Different;
        }
        finally
        {
            made.ForEach(tensor => tensor.Dispose());
        }
    }

    /// <summary>A kernel of three input channels beside one of one.</summary>
    private static bool IsConverted(Tensor a, Tensor? b) =>
        b is not null && a.dim() is >= 3 and <= 5 && a.dim() == b.dim() && a.shape[1] != b.shape[1] && (a.shape[1] == 1 || b.shape[1] == 1);

    private static bool CompareKeys(
        Dictionary<string, Tensor> expected,
        Checkpoint gray,
        ChannelNormalization? normalization,
        TextWriter output
    )
    {
        string[] missing = [.. expected.Keys.Except(gray.Entries.Keys)];
        string[] unexpected = [.. gray.Entries.Keys.Except(expected.Keys)];
        foreach (string key in missing)
        {
            output.WriteLine($"{key}: not in {gray.Path}");
        }

        foreach (string key in unexpected)
        {
            bool isConstant = normalization is null && key.EndsWith("normalization_kernel", StringComparison.Ordinal);
            output.WriteLine(
                $"{key}: in {gray.Path} alone{(isConstant ? ", so a normalization was taken in: name it with --normalize" : "")}"
            );
        }

        return missing.Length + unexpected.Length == 0;
    }

    private static bool CompareEntry(string key, Tensor expected, Tensor found, Tensor? color, TextWriter output)
    {
        if (!expected.shape.AsSpan().SequenceEqual(found.shape))
        {
            output.WriteLine($"{key}: [{string.Join(", ", expected.shape)}] and [{string.Join(", ", found.shape)}]");
            return false;
        }

        if (expected.numel() == 0)
        {
            return true;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor difference = (expected.to(ScalarType.Float64) - found.to(ScalarType.Float64)).abs();
        double largest = difference.max().item<double>();
        bool isConverted = color is not null && !color.shape.AsSpan().SequenceEqual(found.shape);
        if (!isConverted)
        {
            if (largest != 0)
            {
                output.WriteLine($"{key}: differs by up to {largest:0.0e+00}");
            }

            return largest == 0;
        }

        // Two sums of three numbers in another order, each rounded: at most gamma_3 sum |w_i| apart for either.
        Tensor bound = color!.to(ScalarType.Float64).abs().sum(1, keepdim: true) * (6 * finfo(found.dtype).eps);
        bool isWithin = (difference <= bound).all().item<bool>();
        output.WriteLine(
            $"{key}: the gray kernel {(isWithin ? "is" : "is not")} the sum of the color kernels; "
                + $"the largest difference is {largest:0.0e+00}, the bound of rounding {bound.max().item<double>():0.0e+00}"
        );
        return isWithin;
    }
}
