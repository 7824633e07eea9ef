using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>
/// From decoded bytes to scores, MobileNetV3 small: scaled, stacked, normalized and given to the color network, as people write
/// it; and the bytes themselves given to the converted network, which has scale and normalization in its first layer.
/// </summary>
internal sealed class BytesToScores : IDisposable
{
    private readonly Module<Tensor, Tensor> color = torchvision.models.mobilenet_v3_small();
    private readonly GrayscaleModule<Tensor, Tensor> gray = torchvision
        .models.mobilenet_v3_small()
        .ToGrayscale(
            new GrayscaleOptions
            {
                Layer = "features.0.0",
                Probe = false,
                InputScale = 1 / 255.0,
                Normalization = ChannelNormalization.ImageNet,
            }
        );
    private readonly Tensor mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1);
    private readonly Tensor deviation = tensor(new[] { 0.229f, 0.224f, 0.225f }).view(1, 3, 1, 1);
    private readonly Tensor bytes;
    private readonly IDisposable grad = no_grad();

    public BytesToScores(int side, int batch)
    {
        color.eval();
        gray.eval();
        bytes = randint(0, 256, [batch, 1, side, side], ScalarType.Byte);
    }

    public static IEnumerable<(int Side, int Batch)> Rows(bool once) => once ? [(64, 1)] : [(128, 1), (224, 1), (224, 8)];

    /// <summary>As people write it, converted, converted and fastest.</summary>
    public Action[] Ways => [Written, () => Converted(MemoryLayout.Contiguous), () => Converted(MemoryLayout.Fastest)];

    public void Dispose()
    {
        color.Dispose();
        gray.Dispose();
        mean.Dispose();
        deviation.Dispose();
        bytes.Dispose();
        grad.Dispose();
    }

    private void Written()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scaled = bytes.to(ScalarType.Float32) / 255;
        color.forward((cat(new[] { scaled, scaled, scaled }, 1) - mean) / deviation);
    }

    private void Converted(MemoryLayout layout)
    {
        using DisposeScope scope = NewDisposeScope();
        gray.UseMemoryLayout(layout);
        gray.forward(bytes);
    }
}
