using System.Buffers.Binary;
using System.IO.Compression;

namespace GrayscaleDemo;

/// <summary>
/// Grayscale PNGs of 16 bits, as scanners write them (ISO/IEC 15948: color type 0, bit depth 16). The imager that TorchVision
/// comes with writes 8 bits only.
/// </summary>
internal static class Png16
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    public static void Write(string path, ReadOnlySpan<ushort> pixels, int width, int height)
    {
        using FileStream file = File.Create(path);
        file.Write(Signature);

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 16;
        WriteChunk(file, "IHDR"u8, header);

        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            byte[] line = new byte[1 + (2 * width)]; // a filter of type 0 in front of each row
            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    BinaryPrimitives.WriteUInt16BigEndian(line.AsSpan(1 + (2 * column)), pixels[(row * width) + column]);
                }

                zlib.Write(line);
            }
        }

        WriteChunk(file, "IDAT"u8, compressed.ToArray());
        WriteChunk(file, "IEND"u8, []);
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        file.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
            }
        }

        return crc;
    }
}
