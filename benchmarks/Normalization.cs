using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>
/// The first layer with a normalization per channel: stacked and normalized, as people write it; folded into the converted
/// layer; and converted without any. Its output may come out in either order in memory.
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
        grad = no_grad();
        manual_seed(1);
        color = Make(kernel);
        folded = Make(kernel).ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, ChannelsLastAnswers = true }
        );
        plain = Make(kernel).ToGrayscale(new GrayscaleOptions { ChannelsLastAnswers = true });
        image = rand(batch, 1, side, side);
    }

    public static IEnumerable<(string Kernel, int Side, int Batch)> Rows(bool once) =>
        from kernel in (string[])["3x3", "3x3, stride 2", "7x7, stride 2", "16x16, stride 16"]
        from side in once ? [32] : (int[])[32, 224, 512]
        from batch in once ? [1] : (int[])[1, 8]
        select (kernel, side, batch);

    /// <summary>Stacked and normalized; folded and without in the same order in memory, contiguous and channels-last.</summary>
    public Action[] Ways =>
        [
            Stacked,
            () => Run(folded, MemoryLayout.Contiguous),
            () => Run(plain, MemoryLayout.Contiguous),
            () => Run(folded, MemoryLayout.ChannelsLast),
            () => Run(plain, MemoryLayout.ChannelsLast),
        ];

    private void Stacked()
    {
        using Tensor stacked = cat(new[] { image, image, image }, 1);
        using Tensor centered = stacked - mean;
        using Tensor normalized = centered / deviation;
        color.forward(normalized).Dispose();
    }

    private void Run(GrayscaleModule<Tensor, Tensor> layer, MemoryLayout layout)
    {
        layer.UseMemoryLayout(layout);
        layer.forward(image).Dispose();
    }

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
