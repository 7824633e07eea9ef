using System.Buffers.Binary;

namespace ChannelGen.Package.Tests;

/// <summary>
/// Writes grayscale TIFFs of 16 bits, uncompressed, in one strip (TIFF revision 6.0, section 4). The library that the sample reads them
/// with writes 8 bits only.
/// </summary>
internal static class Tiff16
{
    private const ushort Short = 3;
    private const ushort Long = 4;

    public static void Write(string path, IReadOnlyList<ushort> pixels, int width, int height)
    {
        (ushort Tag, ushort Type, int Value)[] fields =
        [
            (256, Long, width),
            (257, Long, height),
            (258, Short, 16), // bits per sample
            (259, Short, 1), // not compressed
            (262, Short, 1), // black is zero
            (273, Long, 8), // where the strip begins
            (277, Short, 1), // samples per pixel
            (278, Long, height), // rows in the strip
            (279, Long, 2 * pixels.Count), // bytes in the strip
        ];
        byte[] file = new byte[8 + (2 * pixels.Count) + 2 + (12 * fields.Length) + 4];
        Span<byte> rest = file;
        "II"u8.CopyTo(rest);
        BinaryPrimitives.WriteInt16LittleEndian(rest[2..], 42);
        BinaryPrimitives.WriteInt32LittleEndian(rest[4..], 8 + (2 * pixels.Count));
        rest = rest[8..];
        foreach (ushort pixel in pixels)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, pixel);
            rest = rest[2..];
        }

        BinaryPrimitives.WriteInt16LittleEndian(rest, (short)fields.Length);
        rest = rest[2..];
        foreach ((ushort tag, ushort type, int value) in fields)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], type);
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(rest[8..], value);
            rest = rest[12..];
        }

        File.WriteAllBytes(path, file);
    }
}
