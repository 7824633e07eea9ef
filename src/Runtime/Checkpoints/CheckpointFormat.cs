using System.Buffers;

namespace ChannelGen.Checkpoints;

/// <summary>The formats in which weights come, told by the first bytes of a file, whatever it is called.</summary>
internal enum CheckpointFormat
{
    Unknown,
    TorchSharp,
    Zip,
    Safetensors,
    PyTorchBefore16,
}

internal static class CheckpointFormats
{
    private const int Enough = 256;

    private static readonly SearchValues<byte> Letters = SearchValues.Create(
        "._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8
    );

    /// <summary>The format of what begins where the stream is, which stays there; unknown if it cannot go back.</summary>
    public static CheckpointFormat Of(Stream stream)
    {
        if (!stream.CanSeek)
        {
            return CheckpointFormat.Unknown;
        }

        long position = stream.Position;
        Span<byte> start = stackalloc byte[Enough];
        int count = stream.ReadAtLeast(start, Enough, throwOnEndOfStream: false);
        stream.Position = position;
        return Of(start[..count]);
    }

    /// <summary>What a file of the format is, and what reads it.</summary>
    public static string Describe(this CheckpointFormat format) =>
        format switch
        {
            CheckpointFormat.TorchSharp => "a file of TorchSharp's own format: read it with load, or StateDictFile.Read",
            CheckpointFormat.Zip =>
                "a zip file: one of torch.save (.pth) is read with LoadPyTorch of ChannelGen.PyBridge, "
                    + "one of torch.jit.save with torch.jit.load",
            CheckpointFormat.Safetensors => "a safetensors file: read it with LoadPyTorch of ChannelGen.PyBridge",
            CheckpointFormat.PyTorchBefore16 =>
                "a file of torch.save before PyTorch 1.6: load it in Python and save it again, which writes the zip file of today",
            _ => "of no format that is known here",
        };

    private static CheckpointFormat Of(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PK\u0003\u0004"u8))
        {
            return CheckpointFormat.Zip;
        }

        // The length of the header as eight bytes, and the header, which is JSON.
        if (start.Length > 9 && start[8] == '{' && start[5..8].IndexOfAnyExcept((byte)0) < 0)
        {
            return CheckpointFormat.Safetensors;
        }

        if (start.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46]))
        {
            return CheckpointFormat.PyTorchBefore16;
        }

        // The number of entries in one byte or two, and the first key after its length.
        int at = start.Length > 3 && start[0] >= 0x80 ? 2 : 1;
        return start.Length > at + 1 && start[at] is > 0 and var length && start.Length > at + length
            && start.Slice(at + 1, length).IndexOfAnyExcept(Letters) < 0
            ? CheckpointFormat.TorchSharp
            : CheckpointFormat.Unknown;
    }
}
