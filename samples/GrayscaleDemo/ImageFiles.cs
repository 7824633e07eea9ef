using SixLabors.ImageSharp;

namespace GrayscaleDemo;

/// <summary>Finds and reads the user's images. What cannot be used is told in one line each; the rest goes on.</summary>
internal static class ImageFiles
{
    /// <summary>The images of files and folders, and a line for each that is none.</summary>
    public static IReadOnlyList<GrayImage> Read(IEnumerable<string> paths, int longestSide, ICollection<string> complaints)
    {
        var images = new List<GrayImage>();
        foreach (string path in paths.SelectMany(path => Files(path, complaints)))
        {
            try
            {
                images.Add(ImageReader.Read(path, longestSide));
            }
            catch (UnusableImageException exception)
            {
                complaints.Add($"{path}: {exception.Message}");
            }
        }

        return images;
    }

    private static string[] Files(string path, ICollection<string> complaints)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(path).Where(IsMeantAsImage).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            complaints.Add($"{path}: cannot be opened ({exception.Message})");
            return [];
        }

        if (files.Length == 0)
        {
            complaints.Add($"{path}: a folder without images.");
        }

        return files;
    }

    /// <summary>
    /// In a folder, other files lie beside the images; they are not complained of. Those of scanners often have no ending.
    /// </summary>
    private static bool IsMeantAsImage(string file)
    {
        string extension = Path.GetExtension(file).TrimStart('.').ToLowerInvariant();
        if (extension == "dcm" || Configuration.Default.ImageFormats.Any(format => format.FileExtensions.Contains(extension)))
        {
            return true;
        }

        try
        {
            return ImageReader.IsDicom(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true; // reading it says in its own line why it cannot be opened
        }
    }
}
