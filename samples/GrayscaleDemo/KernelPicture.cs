using SkiaSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>Kernels for three colors, part by part, and below them what the converted network has in their place: their sum.</summary>
internal static class KernelPicture
{
    private const int Side = 100;
    private const int Step = 130;
    private const int Left = 190;

    public static void Write(string path, ResNet color, Module<Tensor, Tensor> gray)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int count = DrawnKernels.Names.Length;
        Tensor parts = FirstLayer.Of(color).weight[..count];
        Tensor sums = FirstLayer.Of(gray).weight[..count];
        double part = parts.abs().max().item<float>();
        double sum = sums.abs().max().item<float>();

        using var canvas = new Canvas(Left + (count * Step), 60 + (5 * Step));
        canvas.Text("Five kernels of a first layer: for color images, and converted for gray images", 16, 28, bold: true);
        string[] rows =
        [
            "the kernel in color",
            $"= its red part\n{Scale(part)}",
            $"+ its green part\n{Scale(part)}",
            $"+ its blue part\n{Scale(part)}",
            $"the gray kernel:\nthe sum of the parts\n{Scale(sum)}",
        ];
        for (int row = 0; row < rows.Length; row++)
        {
            int y = 70 + (row * Step);
            canvas.Text(rows[row], 16, y + 40);
            for (int kernel = 0; kernel < count; kernel++)
            {
                Tensor map =
                    row == 0 ? parts[kernel] / part
                    : row == rows.Length - 1 ? sums[kernel, 0] / sum
                    : parts[kernel, row - 1] / part;
                canvas.Tile((map + 1) / 2, Left + (kernel * Step), y, Side, smooth: false);
                if (row == 0)
                {
                    canvas.Text(DrawnKernels.Names[kernel], Left + (kernel * Step) + (Side / 2), y - 8, align: SKTextAlign.Center);
                }
            }
        }

        canvas.Save(path);
    }

    private static string Scale(double most) => $"black {-most:0.00}, white {most:0.00}";
}
