using ChannelGen.Checkpoints;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.PyBridge;

/// <summary>
/// State dictionaries in PyTorch's formats: zip files of torch.save (.pth, .pt, .bin) and safetensors (.safetensors). Which of
/// the two a file is its first bytes tell; one that is written follows its ending.
/// </summary>
public static class PyTorchCheckpoint
{
    /// <summary>
    /// The tensors of a file, on the CPU, for the caller to dispose. Of a file that has more than a state dictionary, as training
    /// scripts write, the dictionary that has the tensors: the only one, or the one called state_dict, model_state_dict or model.
    /// </summary>
    /// <param name="path">A file of torch.save or of safetensors.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is cut short, of another format, or no state dictionary.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no checkpoint '{path}'.", path);
        }

        // What a reader has made before it fails goes with this scope.
        using DisposeScope scope = NewDisposeScope();
        try
        {
            using FileStream stream = File.OpenRead(path);
            CheckpointFormat format = CheckpointFormats.Of(stream);
            Dictionary<string, Tensor> entries = format switch
            {
                CheckpointFormat.Zip => TorchArchive.Read(stream),
                CheckpointFormat.Safetensors => Safetensors.LoadStateDict(stream, leaveOpen: true),
                _ => throw new InvalidDataException($"It is {format.Describe()}."),
            };
            foreach (Tensor entry in entries.Values)
            {
                entry.DetachFromDisposeScope();
            }

            return entries;
        }
        catch (Exception exception)
            when (exception is not (OutOfMemoryException or UnauthorizedAccessException))
        {
            // The readers fail in many ways on files that are not whole.
            throw new InvalidDataException($"{path}: no whole checkpoint of torch.save or safetensors. {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Writes a state dictionary, to a file beside that takes the place of <paramref name="path"/> once it is whole.
    /// </summary>
    /// <param name="path">The file; its ending says the format.</param>
    /// <param name="stateDict">The entries.</param>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> stateDict)
    {
        ArgumentNullException.ThrowIfNull(stateDict);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> entries = stateDict.ToDictionary(entry => entry.Key, entry => entry.Value.detach().cpu().contiguous());
        FileReplacement.Write(
            path,
            temporary =>
            {
                using FileStream stream = File.Create(temporary);
                if (Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
                {
                    Safetensors.SaveStateDict(stream, entries, leaveOpen: true);
                }
                else
                {
                    PyTorchPickler.PickleStateDict(stream, entries, leaveOpen: true);
                }
            }
        );
    }

    /// <summary>
    /// Loads a checkpoint into a converted network, be it of the color or of the gray network. All shapes are checked first, which
    /// load_py and load_safetensors do not; on an error the network is as it was.
    /// </summary>
    /// <param name="network">The wrapper.</param>
    /// <param name="path">The file.</param>
    /// <param name="strict">Whether every entry must be there, and no other.</param>
    /// <param name="skip">Entries that are left alone.</param>
    /// <returns>The entries that are missing, and those that are unexpected.</returns>
    /// <exception cref="InvalidDataException">The file is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">An entry has a shape that the network does not take.</exception>
    public static (IList<string> MissingKeys, IList<string> UnexpectedKeys) LoadPyTorch<TWrapper>(
        this TWrapper network,
        string path,
        bool strict = true,
        IList<string>? skip = null
    )
        where TWrapper : Module, IConvertedModule
    {
        ArgumentNullException.ThrowIfNull(network);
        Dictionary<string, Tensor> entries = Read(path);
        try
        {
            return network.load_state_dict(entries, strict, skip);
        }
        finally
        {
            DisposeAll(entries);
        }
    }

    /// <summary>Converts a color checkpoint to a gray one, from file to file and from format to format.</summary>
    /// <param name="source">The color checkpoint.</param>
    /// <param name="target">The gray checkpoint; it may be the source itself.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <exception cref="InvalidDataException">The source is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of several input channels.</exception>
    public static void FileToGrayscale(string source, string target, string layer, long groups = 1, bool transposed = false) =>
        Convert(source, target, entries => StateDictConversion.ToGrayscale(entries, layer, groups, transposed));

    /// <summary>Converts a gray checkpoint to a color one; see <see cref="FileToGrayscale"/>.</summary>
    /// <param name="source">The gray checkpoint.</param>
    /// <param name="target">The color checkpoint; it may be the source itself.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="luma">The weight of each channel, in the order of the channels.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <exception cref="InvalidDataException">The source is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of one input channel.</exception>
    public static void FileToColor(string source, string target, string layer, LumaCoefficients luma, bool transposed = false) =>
        Convert(source, target, entries => StateDictConversion.ToColor(entries, layer, luma, transposed));

    private static void Convert(string source, string target, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> convert)
    {
        Dictionary<string, Tensor> entries = Read(source);
        Dictionary<string, Tensor>? converted = null;
        try
        {
            converted = convert(entries);
            Write(target, converted);
        }
        finally
        {
            DisposeAll(entries);
            if (converted is not null)
            {
                DisposeAll(converted);
            }
        }
    }

    private static void DisposeAll(Dictionary<string, Tensor> entries)
    {
        foreach (Tensor entry in entries.Values)
        {
            entry.Dispose();
        }
    }
}
