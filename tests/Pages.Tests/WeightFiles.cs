using System.Text;
using ChannelGen.Runtime.Tests.Files;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace ChannelGen.Pages.Tests;

/// <summary>The files that docs/weights.md reads: one color network in every format that trained weights come in.</summary>
internal static class WeightFiles
{
    public static void Make(string folder)
    {
        manual_seed(4);
        var entries = new Dictionary<string, Tensor>
        {
            ["conv1.weight"] = randn(8, 3, 3, 3, requires_grad: true),
            ["conv1.bias"] = randn(8, requires_grad: true),
            ["fc.weight"] = randn(4, 8, requires_grad: true),
            ["fc.bias"] = randn(4, requires_grad: true),
        };
        (string, object?)[] table = [.. entries.Select(entry => (entry.Key, (object?)entry.Value))];
        WriteAsExportsd(Path.Combine(folder, "lesion.dat"), entries);
        TorchFile.Save(Path.Combine(folder, "lesion.pth"), table);
        Safetensors.SaveStateDict(Path.Combine(folder, "lesion.safetensors"), entries);
        TorchFile.SaveScript(
            Path.Combine(folder, "lesion.pt"),
            """
            y = torch.relu(torch.conv2d(x, self.conv1.weight, self.conv1.bias, [2, 2], [1, 1], [1, 1], 1))
            return torch.linear(torch.mean(y, [2, 3]), self.fc.weight, self.fc.bias)
            """,
            [.. entries.Select(entry => (entry.Key, (Tensor?)entry.Value))]
        );
        using var own = new BinaryWriter(File.Create(Path.Combine(folder, "lesion-own.dat")));
        nn.Module.save_state_dict(own, entries);
    }

    /// <summary>What save_state_dict of exportsd.py writes: numbers in LEB128, keys, and the bytes of each tensor.</summary>
    private static void WriteAsExportsd(string path, Dictionary<string, Tensor> entries)
    {
        using FileStream stream = File.Create(path);
        Number(entries.Count);
        foreach ((string key, Tensor value) in entries)
        {
            Number(key.Length);
            stream.Write(Encoding.UTF8.GetBytes(key));
            Number(6); // torch.float32
            Number(value.dim());
            foreach (long size in value.shape)
            {
                Number(size);
            }

            value.WriteBytesToStream(stream);
        }

        void Number(long value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                stream.WriteByte((byte)(value | 0x80));
            }

            stream.WriteByte((byte)value);
        }
    }
}
