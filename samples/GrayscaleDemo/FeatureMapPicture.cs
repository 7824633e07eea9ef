using SkiaSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>
/// What the first layer makes of an image: the feature maps of the stacked image, above those of the converted network, above their
/// difference on a scale that the picture states.
/// </summary>
internal static class FeatureMapPicture
{
    private const int Side = 112;
    private const int Step = 130;
    private const int Left = 300;

    public static void Write(string path, ResNet color, Module<Tensor, Tensor> gray, Tensor image)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int count = DrawnKernels.Names.Length;
#pragma warning disable CG0001 // Both ways are drawn beside each other.
        using Tensor rgb = image.repeat(1, 3, 1, 1);
#pragma warning restore CG0001
        using Tensor stacked = FirstLayer.Output(color, rgb);
        using Tensor converted = FirstLayer.Output(gray, image);
        Tensor difference = (stacked - converted).abs()[0, ..count];
        double most = difference.max().item<float>();
        double largest = stacked[0, ..count].abs().max().item<float>();

        using var canvas = new Canvas(Left + (count * Step), 100 + (3 * Step));
        canvas.Text("What five kernels of the first layer make of a gray image", 16, 28, bold: true);
        string[] rows = ["stacked:\n3 channels", "converted:\n1 channel", $"difference:\nblack is 0,\nwhite is {most:0.0e+00}"];
        for (int row = 0; row < rows.Length; row++)
        {
            int y = 70 + (row * Step);
            canvas.Text(rows[row], 16, y + 40);
            for (int copy = row == 0 ? 2 : 0; row < 2 && copy >= 0; copy--)
            {
                canvas.Tile(image[0, 0], Left - Step - 20 + (8 * copy), y - 8 + (8 * (2 - copy)), Side - 16, smooth: true);
            }

            for (int map = 0; map < count; map++)
            {
                Tensor low = stacked[0, map].min();
                Tensor range = stacked[0, map].max() - low + 1e-12;
                Tensor tile =
                    row == 2 ? difference[map] / Math.Max(most, 1e-30)
                    : ((row == 0 ? stacked : converted)[0, map] - low) / range;
                canvas.Tile(tile, Left + (map * Step), y, Side, smooth: true);
                if (row == 0)
                {
                    canvas.Text(DrawnKernels.Names[map], Left + (map * Step) + (Side / 2), y - 8, align: SKTextAlign.Center);
                }
            }
        }

        canvas.Text(
            $"Feature maps: black is the smallest value of each map, white its largest. The largest value of all is {largest:0.0}.",
            16,
            80 + (3 * Step)
        );
        canvas.Save(path);
    }
}
