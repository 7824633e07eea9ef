using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace GrayscaleDemo;

/// <summary>
/// Shepp-Logan phantoms, the standard test image of medical imaging (L. Shepp and B. Logan, 1974, with the contrast of
/// P. Toft, 1996): ten ellipses that stand for a head, here varied a little from image to image.
/// </summary>
internal static class Phantoms
{
    // Intensity, half axes, center and tilt in degrees, in a square from -1 to 1.
    private static readonly double[][] Ellipses =
    [
        [1.0, 0.69, 0.92, 0, 0, 0],
        [-0.8, 0.6624, 0.8740, 0, -0.0184, 0],
        [-0.2, 0.1100, 0.3100, 0.22, 0, -18],
        [-0.2, 0.1600, 0.4100, -0.22, 0, 18],
        [0.1, 0.2100, 0.2500, 0, 0.35, 0],
        [0.1, 0.0460, 0.0460, 0, 0.1, 0],
        [0.1, 0.0460, 0.0460, 0, -0.1, 0],
        [0.1, 0.0460, 0.0230, -0.08, -0.605, 0],
        [0.1, 0.0230, 0.0230, 0, -0.606, 0],
        [0.1, 0.0230, 0.0460, 0.06, -0.605, 0],
    ];

    /// <summary>Writes phantoms of several sizes as grayscale PNGs, of 8 and of 16 bits, and gives their paths.</summary>
    public static IReadOnlyList<string> Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var paths = new List<string>();
        int seed = 0;
        foreach (int size in (int[])[64, 128, 224])
        {
            foreach (int bits in (int[])[8, 16])
            {
                double[] pixels = Draw(size, new Random(seed++));
                string path = Path.Combine(folder, $"phantom-{size}-{bits}bit.png");
                if (bits == 8)
                {
                    Write8Bit(path, pixels, size);
                }
                else
                {
                    Write16Bit(path, pixels, size);
                }

                paths.Add(path);
            }
        }

        return paths;
    }

    /// <summary>The pixels of one phantom, row by row, from 0 to 1.</summary>
    private static double[] Draw(int size, Random random)
    {
        double tilt = (random.NextDouble() - 0.5) * 0.4;
        double scale = 0.9 + (random.NextDouble() * 0.1);
        double[][] varied = [.. Ellipses.Select((ellipse, index) => index < 2 ? ellipse : Vary(ellipse, random))];
        var pixels = new double[size * size];
        for (int row = 0; row < size; row++)
        {
            for (int column = 0; column < size; column++)
            {
                double x = ((2.0 * column / (size - 1)) - 1) / scale;
                double y = (1 - (2.0 * row / (size - 1))) / scale;
                (x, y) = ((x * Math.Cos(tilt)) - (y * Math.Sin(tilt)), (x * Math.Sin(tilt)) + (y * Math.Cos(tilt)));
                pixels[(row * size) + column] = Math.Clamp(varied.Sum(ellipse => Inside(ellipse, x, y) ? ellipse[0] : 0), 0, 1);
            }
        }

        return pixels;
    }

    private static double[] Vary(double[] ellipse, Random random) =>
        [
            ellipse[0],
            .. ellipse.Skip(1).Take(2).Select(axis => axis * (0.85 + (random.NextDouble() * 0.3))),
            .. ellipse.Skip(3).Take(2).Select(center => center + ((random.NextDouble() - 0.5) * 0.06)),
            ellipse[5],
        ];

    private static bool Inside(double[] ellipse, double x, double y)
    {
        double angle = ellipse[5] * Math.PI / 180;
        double along = ((x - ellipse[3]) * Math.Cos(angle)) + ((y - ellipse[4]) * Math.Sin(angle));
        double across = ((y - ellipse[4]) * Math.Cos(angle)) - ((x - ellipse[3]) * Math.Sin(angle));
        return Math.Pow(along / ellipse[1], 2) + Math.Pow(across / ellipse[2], 2) <= 1;
    }

    private static void Write8Bit(string path, double[] pixels, int size)
    {
        using Image<L8> image = Image.LoadPixelData(Array.ConvertAll(pixels, value => new L8((byte)Math.Round(value * 255))), size, size);
        image.SaveAsPng(path, new PngEncoder { ColorType = PngColorType.Grayscale, BitDepth = PngBitDepth.Bit8 });
    }

    /// <summary>Sixteen bits, of which a scanner uses twelve.</summary>
    private static void Write16Bit(string path, double[] pixels, int size)
    {
        L16[] levels = Array.ConvertAll(pixels, value => new L16((ushort)((int)Math.Round(value * 4095) << 4)));
        using Image<L16> image = Image.LoadPixelData(levels, size, size);
        image.SaveAsPng(path, new PngEncoder { ColorType = PngColorType.Grayscale, BitDepth = PngBitDepth.Bit16 });
    }
}
