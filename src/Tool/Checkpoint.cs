using ChannelGen.Checkpoints;
using ChannelGen.PyBridge;
using static TorchSharp.torch;

namespace ChannelGen.Tool;

/// <summary>A state dictionary with the file that it comes from.</summary>
internal sealed class Checkpoint : IDisposable
{
    private static readonly string[] PyTorchEndings = [".pth", ".pt", ".bin", ".safetensors"];

    private Checkpoint(string path, Dictionary<string, Tensor> entries)
    {
        Path = path;
        Entries = entries;
    }

    public string Path { get; }

    public Dictionary<string, Tensor> Entries { get; }

    /// <summary>Reads a file by what it holds, whatever it is called.</summary>
    public static Checkpoint Read(string path)
    {
        MustExist(path);
        Progress.Tell($"reading {path}, {new FileInfo(path).Length / 1e6:0.0} MB");
        using FileStream stream = File.OpenRead(path);
        return new Checkpoint(
            path,
            Script.Is(path) ? Script.Entries(path)
                : CheckpointFormats.Of(stream) is CheckpointFormat.Zip or CheckpointFormat.Safetensors ? PyTorchCheckpoint.Read(path)
                : StateDictFile.Read(path)
        );
    }

    /// <summary>Writes a file in the format that its ending says. The file is whole afterwards, or as it was.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> entries)
    {
        CheckEnding(path);
        Progress.Tell($"writing {path}");
        if (HasEnding(path, ".dat"))
        {
            StateDictFile.Write(path, entries);
        }
        else
        {
            PyTorchCheckpoint.Write(path, entries);
        }
    }

    public static void MustExist(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path}: it is a folder; wanted a file.");
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such file.");
        }
    }

    /// <summary>So that a wrong ending is told before the work is done.</summary>
    public static void CheckEnding(string path)
    {
        if (!HasEnding(path, ".dat") && !PyTorchEndings.Any(ending => HasEnding(path, ending)))
        {
            throw new ArgumentException(
                $"{path}: its ending says no format; wanted .dat for TorchSharp's, {string.Join(", ", PyTorchEndings)} for PyTorch's."
            );
        }
    }

    /// <summary>The kernels of convolutions by their layers, those that could receive an image of that many channels.</summary>
    public IEnumerable<string> LayersWith(long channels) =>
        Entries
            .Where(entry => IsKernel(entry) && entry.Value.shape[1] == channels)
            .Select(entry => entry.Key[..^".weight".Length])
            .Order(StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (Tensor entry in Entries.Values)
        {
            entry.Dispose();
        }
    }

    private static bool IsKernel(KeyValuePair<string, Tensor> entry) =>
        entry.Key.EndsWith(".weight", StringComparison.Ordinal) && entry.Value.dim() is >= 3 and <= 5;

    private static bool HasEnding(string path, string ending) =>
        System.IO.Path.GetExtension(path).Equals(ending, StringComparison.OrdinalIgnoreCase);
}
