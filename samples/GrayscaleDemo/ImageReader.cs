using System.Collections;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>A file that the demo cannot use. The message is the rest of a line that begins with the file's path.</summary>
internal sealed class UnusableImageException(string message) : Exception(message);

/// <summary>
/// Reads one image: 16 bits with all of them, gray levels as they are stored whatever the alpha, turned as EXIF says, scaled down with
/// its aspect kept.
/// </summary>
internal static class ImageReader
{
    /// <summary>What the networks need.</summary>
    public const int SmallestSide = 32;

    // 10,000 x 10,000: at eight bytes a pixel while it is read, 800 MB.
    private const long MostPixels = 100_000_000;
    private static readonly Configuration FirstFrameOnly = MakeConfiguration();

    /// <exception cref="UnusableImageException">It is no grayscale image that can be used, and why.</exception>
    public static GrayImage Read(string path, int longestSide)
    {
        if (!File.Exists(path))
        {
            throw new UnusableImageException("no such file or folder.");
        }

        try
        {
            CheckBeforeReading(path);
            using Image<Rgba64> image = Image.Load<Rgba64>(FirstFrameOnly, path);
            int levels = CountLevels(image);
            image.Mutate(change => change.AutoOrient());
            (int Width, int Height) size = (image.Width, image.Height);
            ScaleDown(image, longestSide);
            return new GrayImage(Path.GetFileName(path), ToTensor(image), size, levels);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnusableImageException($"cannot be opened ({exception.Message})");
        }
        catch (Exception exception) when (exception is not (UnusableImageException or OutOfMemoryException))
        {
            // The decoders give up in their own ways on files that are damaged, and have no list of them.
            throw new UnusableImageException($"not readable as an image ({FirstLine(exception.Message)})");
        }
        finally
        {
            Configuration.Default.MemoryAllocator.ReleaseRetainedResources();
        }
    }

    /// <summary>Whether a file is in the format of medical scanners: "DICM" after 128 bytes (DICOM PS3.10, 7.1).</summary>
    public static bool IsDicom(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[132];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start[128..].SequenceEqual("DICM"u8);
    }

    private static void CheckBeforeReading(string path)
    {
        if (new FileInfo(path).Length == 0)
        {
            throw new UnusableImageException("an empty file.");
        }

        if (IsDicom(path))
        {
            throw new UnusableImageException("a DICOM file, which this demo does not read; export it as a 16-bit PNG or TIFF.");
        }

        IImageInfo info = Image.Identify(path) ?? throw new UnusableImageException("not readable as an image.");
        if (Math.Min(info.Width, info.Height) < SmallestSide)
        {
            throw new UnusableImageException(
                $"{info.Width} x {info.Height} pixels; the networks need {SmallestSide} x {SmallestSide} or more."
            );
        }

        if ((long)info.Width * info.Height > MostPixels)
        {
            throw new UnusableImageException(
                $"{info.Width} x {info.Height} pixels; this demo reads up to {MostPixels / 1_000_000} million. Scale it down first."
            );
        }

        CheckWhole(path);
    }

    /// <summary>What is missing of a file that is cut short would be read as black. Skia says so, for the formats that it knows.</summary>
    private static void CheckWhole(string path)
    {
        using var codec = SKCodec.Create(path);
        if (codec is null)
        {
            return;
        }

        using var pixels = new SKBitmap(codec.Info);
        if (codec.GetPixels(codec.Info, pixels.GetPixels()) != SKCodecResult.Success)
        {
            throw new UnusableImageException("cut short or damaged.");
        }
    }

    private static int CountLevels(Image<Rgba64> image)
    {
        var levels = new BitArray(ushort.MaxValue + 1);
        image.ProcessPixelRows(rows =>
        {
            for (int y = 0; y < rows.Height; y++)
            {
                foreach (Rgba64 pixel in rows.GetRowSpan(y))
                {
                    if (pixel.R != pixel.G || pixel.R != pixel.B)
                    {
                        throw new UnusableImageException("a color image; wanted a grayscale one.");
                    }

                    levels[pixel.R] = true;
                }
            }
        });
        return levels.Cast<bool>().Count(isThere => isThere);
    }

    private static void ScaleDown(Image<Rgba64> image, int longestSide)
    {
        if (Math.Max(image.Width, image.Height) > longestSide)
        {
            image.Mutate(change =>
                change.Resize(
                    new ResizeOptions
                    {
                        Size = new SixLabors.ImageSharp.Size(longestSide, longestSide),
                        Mode = ResizeMode.Max,
                        Sampler = KnownResamplers.Box,
                        PremultiplyAlpha = false,
                    }
                )
            );
        }
    }

    private static Tensor ToTensor(Image<Rgba64> image)
    {
        var pixels = new float[image.Width * image.Height];
        image.ProcessPixelRows(rows =>
        {
            for (int y = 0; y < rows.Height; y++)
            {
                Span<Rgba64> row = rows.GetRowSpan(y);
                for (int x = 0; x < row.Length; x++)
                {
                    pixels[(y * row.Length) + x] = row[x].R / (float)ushort.MaxValue;
                }
            }
        });
        return tensor(pixels, 1, 1, image.Height, image.Width);
    }

    private static Configuration MakeConfiguration()
    {
        Configuration configuration = Configuration.Default.Clone();
        configuration.ImageFormatsManager.SetDecoder(TiffFormat.Instance, new TiffDecoder { DecodingMode = FrameDecodingMode.First });
        configuration.ImageFormatsManager.SetDecoder(GifFormat.Instance, new GifDecoder { DecodingMode = FrameDecodingMode.First });
        return configuration;
    }

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();
}
