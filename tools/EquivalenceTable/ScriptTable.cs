using ChannelGen;
using ChannelGen.Runtime.Tests.Files;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EquivalenceTable;

/// <summary>A row for each kind of convolution in a TorchScript module, which is written to a file and loaded.</summary>
internal static class ScriptTable
{
    public static IEnumerable<(string Row, bool Within)> Rows()
    {
        yield return Row("conv1d", 1, ScalarType.Float32, channels => Conv1d(channels, 8, 5, 2, 2));
        yield return Row("conv2d", 2, ScalarType.Float32, channels => Conv2d(channels, 8, 5, 2, 2));
        yield return Row("conv2d", 2, ScalarType.Float64, channels => Conv2d(channels, 8, 5, 2, 2, dtype: ScalarType.Float64));
        yield return Row("conv3d", 3, ScalarType.Float32, channels => Conv3d(channels, 8, 5, 2, 2));
    }

    private static (string Row, bool Within) Row(string name, int space, ScalarType dtype, Func<long, Convolution> make)
    {
        manual_seed(1);
        long[] sides = [.. Enumerable.Repeat(space == 3 ? 12L : 33L, space)];
        using Tensor image = rand([2, 1, .. sides]).to(dtype);
        using Tensor color = rand([2, 3, .. sides]).to(dtype);
        (double plain, double plainBound) = ToGray(name, space, make(3), image, null);
        (double normalized, double normalizedBound) = ToGray(name, space, make(3), image, ChannelNormalization.ImageNet);

        using Convolution gray = make(1);
        using jit.ScriptModule<Tensor, Tensor> script = Script(name, space, gray);
        ColorModule<Tensor, Tensor> converted = script.ToColor(LumaCoefficients.Bt709);
        (double difference, double bound, bool within) = Comparison.ToColor(
            gray,
            (layer, input) => input.shape[1] == 3 ? converted.forward(input) : layer.forward(input),
            color,
            LumaCoefficients.Bt709
        );
        return (
            $"| {name} | {dtype} | {plain:0.0e+00} | {plainBound:0.0e+00} | {normalized:0.0e+00} | {normalizedBound:0.0e+00} | "
                + $"{difference:0.0e+00} | {bound:0.0e+00} |\n",
            plain <= plainBound && normalized <= normalizedBound && within
        );
    }

    /// <summary>The bound is that of the same layer outside of a script.</summary>
    private static (double Difference, double Bound) ToGray(
        string name,
        int space,
        Convolution layer,
        Tensor image,
        ChannelNormalization? normalization
    )
    {
        using var grad = no_grad();
        var options = new GrayscaleOptions { Normalization = normalization, KeepColorWeights = true };
        using jit.ScriptModule<Tensor, Tensor> script = Script(name, space, layer);
        GrayscaleModule<Tensor, Tensor> twin = layer.ToGrayscale(options);
        double bound = twin.Verify([image]).Layers[0].Bound!.Value;
        twin.RestoreColor();
        long[] each = [1, -1, .. Enumerable.Repeat(1L, space)];
        using Tensor stacked = image.expand([-1, 3, .. image.shape[2..]]);
        using Tensor mean = tensor(normalization?.Mean.ToArray() ?? [0, 0, 0], image.dtype).view(each);
        using Tensor std = tensor(normalization?.Std.ToArray() ?? [1, 1, 1], image.dtype).view(each);
        using Tensor expected = script.forward((stacked - mean) / std);
        using Tensor found = script.ToGrayscale(options).forward(image);
        return ((expected - found).abs().max().to(ScalarType.Float64).item<double>(), bound);
    }

    private static jit.ScriptModule<Tensor, Tensor> Script(string name, int space, Convolution layer)
    {
        string path = Path.GetTempFileName();
        string Each(int number) => $"[{string.Join(", ", Enumerable.Repeat(number, space))}]";
        TorchFile.SaveScript(
            path,
            $"return torch.{name}(x, self.conv1.weight, self.conv1.bias, {Each(2)}, {Each(2)}, {Each(1)}, 1)",
            [("conv1.weight", layer.weight), ("conv1.bias", layer.bias)]
        );
        jit.ScriptModule<Tensor, Tensor> script = jit.load<Tensor, Tensor>(path);
        File.Delete(path);
        return script;
    }
}
