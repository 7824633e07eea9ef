using System.IO.Compression;
using ChannelGen.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Tool;

/// <summary>Files of torch.jit.save. They hold the network with its code, so they are converted as networks are, with the check.</summary>
internal static class Script
{
    public static bool Is(string path)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            return archive.Entries.Any(entry => entry.FullName.Contains("/code/", StringComparison.Ordinal));
        }
        catch (InvalidDataException)
        {
            return false; // no zip file: it is read as something else, or refused there
        }
    }

    public static Dictionary<string, Tensor> Entries(string path) => Load(path).state_dict();

    /// <summary>Converts a file to another, which is whole afterwards, or as it was.</summary>
    public static void Convert(
        string source,
        string target,
        bool toGray,
        string? layer,
        LumaCoefficients luma,
        ChannelNormalization? normalization
    )
    {
        using jit.ScriptModule<Tensor, Tensor> script = Load(source);
        try
        {
            if (toGray)
            {
                script.ToGrayscale(new GrayscaleOptions { Layer = layer, Normalization = normalization });
            }
            else
            {
                script.ToColor(luma, new ColorOptions { Layer = layer });
            }
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidDataException($"{source}: {exception.Message}", exception);
        }

        FileReplacement.Write(target, temporary => jit.save(script, temporary));
    }

    private static jit.ScriptModule<Tensor, Tensor> Load(string path)
    {
        try
        {
            return jit.load<Tensor, Tensor>(path);
        }
        catch (System.Runtime.InteropServices.ExternalException exception)
        {
            throw new InvalidDataException($"{path}: no whole file of torch.jit.save. {exception.Message}", exception);
        }
    }
}
