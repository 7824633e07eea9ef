using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>A gray image as the networks take it.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Pixels">[1, 1, H, W] in the range 0 to 1.</param>
/// <param name="Size">The width and height of the file, which is larger than the pixels' if it was scaled down.</param>
/// <param name="Levels">How many different gray levels the file has.</param>
internal sealed record GrayImage(string Name, Tensor Pixels, (int Width, int Height) Size, int Levels)
{
    /// <summary>Such as "224 x 160", or "3000 x 2500, scaled to 512 x 427".</summary>
    public string SizeInWords
    {
        get
        {
            string size = $"{Size.Width} x {Size.Height}";
            string given = $"{Pixels.shape[3]} x {Pixels.shape[2]}";
            return size == given ? size : $"{size}, scaled to {given}";
        }
    }
}
