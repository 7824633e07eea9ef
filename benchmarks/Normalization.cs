using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>
/// The first layer with a normalization per channel, in one thread: stacked and normalized, as people write it; folded into
/// the converted layer; and converted without any.
/// </summary>
internal sealed class Normalization : IDisposable
{
    private static readonly float[] Means = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Deviations = [0.229f, 0.224f, 0.225f];

    private readonly Conv2d color;
    private readonly GrayscaleModule<Tensor, Tensor> folded;
    private readonly GrayscaleModule<Tensor, Tensor> plain;
    private readonly Tensor image;
    private readonly Tensor mean = tensor(Means).view(1, 3, 1, 1);
    private readonly Tensor deviation = tensor(Deviations).view(1, 3, 1, 1);
    private readonly IDisposable grad;

    public Normalization(string kernel, int side, int batch)
    {
        _ = SteadyMemory.Set();
        set_num_threads(1);
        grad = no_grad();
        manual_seed(1);
        color = Make(kernel);
        folded = Make(kernel).ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet });
        plain = Make(kernel).ToGrayscale();
        image = rand(batch, 1, side, side);
    }

    public static string[] Kernels { get; } = ["3x3", "3x3, stride 2", "7x7, stride 2", "16x16, stride 16"];

    public static int[] Sides { get; } = [32, 224, 512];

    public static int[] Batches { get; } = [1, 8];

    public void Stacked()
    {
        using Tensor stacked = cat(new[] { image, image, image }, 1);
        using Tensor centered = stacked - mean;
        using Tensor normalized = centered / deviation;
        color.forward(normalized).Dispose();
    }

    public void Folded() => folded.forward(image).Dispose();

    public void Plain() => plain.forward(image).Dispose();

    public void Dispose()
    {
        color.Dispose();
        folded.Dispose();
        plain.Dispose();
        image.Dispose();
        mean.Dispose();
        deviation.Dispose();
        grad.Dispose();
    }

    private static Conv2d Make(string kernel) =>
        kernel switch
        {
            "3x3" => Conv2d(3, 32, 3, 1, 1, bias: false),
            "3x3, stride 2" => Conv2d(3, 32, 3, 2, 1, bias: false),
            "7x7, stride 2" => Conv2d(3, 64, 7, 2, 3, bias: false),
            _ => Conv2d(3, 384, 16, 16, bias: true),
        };
}
