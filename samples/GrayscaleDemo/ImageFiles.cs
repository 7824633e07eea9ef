using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>A gray image as the networks take it, [1, 1, H, W] in the range 0 to 1.</summary>
internal sealed record GrayImage(string Name, Tensor Pixels);

/// <summary>Reads the user's images. What cannot be used is told in one line each; the rest goes on.</summary>
internal static class ImageFiles
{
    private const int SmallestSide = 32;
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    /// <summary>The images of files and folders, and a line for each that is none.</summary>
    public static IReadOnlyList<GrayImage> Read(IEnumerable<string> paths, ICollection<string> complaints)
    {
        var images = new List<GrayImage>();
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                Add(path);
                continue;
            }

            string[] files =
            [
                .. Directory
                    .EnumerateFiles(path)
                    .Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()))
                    .Order(StringComparer.Ordinal),
            ];
            if (files.Length == 0)
            {
                complaints.Add($"{path}: a folder without a PNG or JPEG image.");
            }

            Array.ForEach(files, Add);
        }

        return images;

        void Add(string path)
        {
            if (Complaint(path) is { } complaint)
            {
                complaints.Add($"{path}: {complaint}");
                return;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor image;
            try
            {
                image = torchvision.io.read_image(path, torchvision.io.ImageReadMode.RGB);
            }
            catch (Exception exception)
                when (exception is ArgumentException or NullReferenceException or IOException or UnauthorizedAccessException)
            {
                // The decoder gives up in its own ways on files that are cut short.
                complaints.Add($"{path}: not readable as an image.");
                return;
            }

            Tensor gray = image.narrow(0, 0, 1);
            if (!image.eq(gray).all().item<bool>())
            {
                complaints.Add($"{path}: a color image; wanted a grayscale one.");
                return;
            }

            images.Add(new GrayImage(Path.GetFileName(path), (gray.to(ScalarType.Float32) / 255).unsqueeze(0).DetachFromDisposeScope()));
        }
    }

    /// <summary>What is wrong with a file before its pixels are read; null if nothing is.</summary>
    private static string? Complaint(string path)
    {
        if (!File.Exists(path))
        {
            return "no such file or folder.";
        }

        try
        {
            if (new FileInfo(path).Length == 0)
            {
                return "an empty file.";
            }

            using FileStream stream = File.OpenRead(path);
            using var codec = SKCodec.Create(stream);
            if (codec is null)
            {
                return "not readable as an image.";
            }

            if (codec.Info.Width < SmallestSide || codec.Info.Height < SmallestSide)
            {
                return $"{codec.Info.Width} x {codec.Info.Height} pixels; the networks need {SmallestSide} x {SmallestSide} or more.";
            }

            // What is missing of a file that is cut short would be read as black.
            using var pixels = new SKBitmap(codec.Info);
            return codec.GetPixels(codec.Info, pixels.GetPixels()) == SKCodecResult.Success ? null : "cut short or damaged.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"cannot be opened ({exception.Message})";
        }
    }
}
