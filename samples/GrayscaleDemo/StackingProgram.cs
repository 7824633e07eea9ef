using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>
/// The program that many people write: a gray image is copied into three channels, because the networks take RGB. Building
/// this sample shows the analyzer's warnings on its lines; "dotnet format analyzers --diagnostics CG0001" converts it.
/// </summary>
internal static class StackingProgram
{
    /// <summary>The strongest class of a ResNet-18, and its score.</summary>
    public static (long Class, double Score) Classify(ResNet network, Tensor image)
    {
        using Tensor scores = network.forward(cat(new[] { image, image, image }, 1));
        return Strongest(scores);
    }

    /// <summary>The strongest class of a network of our own, and its score.</summary>
    public static (long Class, double Score) Classify(LesionNet network, Tensor image)
    {
        using Tensor scores = network.forward(image.expand(-1, 3, -1, -1));
        return Strongest(scores);
    }

    private static (long Class, double Score) Strongest(Tensor scores)
    {
        using Tensor strongest = scores.argmax(1);
        long index = strongest[0].item<long>();
        return (index, scores[0, index].item<float>());
    }
}
