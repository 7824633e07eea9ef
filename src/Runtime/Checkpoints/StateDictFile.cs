using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Checkpoints;

/// <summary>
/// State dictionaries in TorchSharp's own format (Module.save and Module.load): a count, then for each entry its key, dtype,
/// shape and data, with the numbers in LEB128.
/// </summary>
public static class StateDictFile
{
    /// <summary>The tensors of a file, on the CPU, for the caller to dispose.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is cut short or of another format.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream);
        try
        {
            return Read(reader);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>The tensors of a stream, on the CPU, for the caller to dispose.</summary>
    /// <param name="reader">Where the count of entries is next.</param>
    /// <exception cref="InvalidDataException">It is cut short or of another format.</exception>
    public static Dictionary<string, Tensor> Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var entries = new Dictionary<string, Tensor>();
        bool whole = false;
        string key = "";
        CheckpointFormat format = CheckpointFormats.Of(reader.BaseStream);
        try
        {
            long count = reader.Read7BitEncodedInt64();
            for (long index = 0; index < count; index++)
            {
                key = reader.ReadString();
                Tensor entry = ReadTensor(reader, key);
                if (!entries.TryAdd(key, entry))
                {
                    entry.Dispose();
                    throw new InvalidDataException($"Found '{key}' twice; wanted each entry once.");
                }
            }

            whole = true;
            return entries;
        }
        catch (Exception exception)
            when (exception
                    is EndOfStreamException
                        or FormatException
                        or System.Text.DecoderFallbackException
                        or ArgumentOutOfRangeException
            )
        {
            if (format is not (CheckpointFormat.TorchSharp or CheckpointFormat.Unknown))
            {
                throw new InvalidDataException($"Not a file of TorchSharp's format, but {format.Describe()}.", exception);
            }

            string where = key.Length == 0 ? "at its start" : $"after {entries.Count} entries, near '{Printable(key)}'";
            throw new InvalidDataException($"Not a whole file of TorchSharp's format: it is cut short or foreign {where}.", exception);
        }
        finally
        {
            if (!whole)
            {
                foreach (Tensor entry in entries.Values)
                {
                    entry.Dispose();
                }
            }
        }
    }

    /// <summary>
    /// Writes a state dictionary: to a file beside, which takes the place of <paramref name="path"/> once it is whole.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="stateDict">The entries, on any device.</param>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> stateDict)
    {
        ArgumentNullException.ThrowIfNull(stateDict);
        FileReplacement.Write(
            path,
            temporary =>
            {
                using FileStream stream = File.Create(temporary);
                using var writer = new BinaryWriter(stream);
                nn.Module.save_state_dict(writer, new Dictionary<string, Tensor>(stateDict.Select(Contiguous)));
            }
        );

        // Module.save_state_dict writes memory as it lies.
        static KeyValuePair<string, Tensor> Contiguous(KeyValuePair<string, Tensor> entry) => new(entry.Key, entry.Value.contiguous());
    }

    private static Tensor ReadTensor(BinaryReader reader, string key)
    {
        var dtype = (ScalarType)(sbyte)reader.Read7BitEncodedInt64();
        if (!Enum.IsDefined(dtype))
        {
            throw new FormatException($"No dtype has the number {(int)dtype}.");
        }

        long dimensions = reader.Read7BitEncodedInt64();
        if (dimensions is < 0 or > 64)
        {
            throw new FormatException($"No tensor has {dimensions} dimensions.");
        }

        long[] shape = new long[dimensions];
        long remaining = reader.BaseStream.CanSeek ? reader.BaseStream.Length - reader.BaseStream.Position : long.MaxValue;
        Int128 elements = 1;
        for (int dimension = 0; dimension < shape.Length; dimension++)
        {
            shape[dimension] = reader.Read7BitEncodedInt64();
            elements *= shape[dimension];
            if (shape[dimension] < 0 || elements > remaining)
            {
                throw new EndOfStreamException($"'{Printable(key)}' says that it is larger than what is left of the file.");
            }
        }

        Tensor entry = empty(shape, dtype);
        try
        {
            entry.ReadBytesFromStream(reader.BaseStream);
            return entry.DetachFromDisposeScope();
        }
        catch
        {
            entry.Dispose();
            throw;
        }
    }

    /// <summary>A key of a foreign file may be anything; a message shows its letters only, and not all of a long one.</summary>
    private static string Printable(string key) => new([.. key.Take(40).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
