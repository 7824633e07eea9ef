using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>
/// No pretrained network can be downloaded by this sample, and kernels drawn at random look like nothing. So the first five kernels of
/// its ResNet-18 are set by a formula to what first layers learn (A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional
/// Neural Networks", 2012, figure 3): edges, most of them gray, and blobs of color.
/// </summary>
internal static class DrawnKernels
{
    /// <summary>What the kernels are called in pictures.</summary>
    public static readonly string[] Names = ["edge, upright", "edge, level", "stripes, reddish", "spot, green", "corner, blue"];

    // The direction in degrees, stripes per pixel, phase in quarter turns, width in pixels, and the weights of red, green and blue.
    private static readonly (double Angle, double Frequency, double Phase, double Width, double[] Color)[] Formulas =
    [
        (0, 0.14, 1, 2.2, [1, 1, 1]),
        (90, 0.14, 1, 2.2, [1, 1, 0.8]),
        (45, 0.25, 0, 2.4, [1, 0.5, 0.2]),
        (0, 0, 0, 1.6, [-0.4, 1, -0.3]),
        (135, 0.1, 1, 2.6, [-0.2, 0.1, 1]),
    ];

    /// <summary>Replaces the first kernels of a convolution, each by one of the same norm.</summary>
    public static void Put(Conv2d layer)
    {
        using DisposeScope scope = NewDisposeScope();
        using var grad = no_grad();
        Tensor weight = layer.weight;
        int side = (int)weight.shape[2];
        for (int kernel = 0; kernel < Formulas.Length; kernel++)
        {
            Tensor drawn = tensor(Draw(Formulas[kernel], side), 3, side, side);
            weight[kernel].copy_(drawn * (weight[kernel].norm() / drawn.norm()));
        }
    }

    /// <summary>A Gabor function in each channel: a wave under a bell (J. Daugman, 1985).</summary>
    private static float[] Draw((double Angle, double Frequency, double Phase, double Width, double[] Color) formula, int side)
    {
        var values = new float[3 * side * side];
        (double sine, double cosine) = Math.SinCos(formula.Angle * Math.PI / 180);
        for (int index = 0; index < values.Length; index++)
        {
            double x = (index % side) - ((side - 1) / 2.0);
            double y = (index / side % side) - ((side - 1) / 2.0);
            double bell = Math.Exp(-((x * x) + (y * y)) / (2 * formula.Width * formula.Width));
            double turns = (formula.Frequency * ((x * cosine) + (y * sine))) - (formula.Phase / 4);
            values[index] = (float)(formula.Color[index / (side * side)] * bell * Math.Cos(2 * Math.PI * turns));
        }

        return values;
    }
}
