using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>
/// A picture of what happens: the input, then feature maps of the first layer, stacked above converted above their
/// difference, which is multiplied until it shows.
/// </summary>
internal static class FeatureMapPicture
{
    private const int Maps = 5;
    private const int Side = 112;
    private const int Gap = 6;

    /// <summary>What the difference is multiplied by: a power of ten that brings it to a visible size.</summary>
    public static double Write(string path, ResNet color, Module<Tensor, Tensor> gray, Tensor image)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
#pragma warning disable CG0001 // Both ways are drawn beside each other.
        using Tensor stacked = FirstLayer(color, image.repeat(1, 3, 1, 1));
#pragma warning restore CG0001
        using Tensor converted = FirstLayer(gray, image);
        Tensor difference = (stacked - converted).abs();
        double largest = difference.max().item<float>();
        double factor = largest == 0 ? 1 : Math.Pow(10, Math.Ceiling(-Math.Log10(largest)));

        Tensor empty = ones(Side, Side);
        var rows = new List<Tensor>
        {
            Row([Tile(image[0, 0]), .. Tiles(stacked)]),
            Row([empty, .. Tiles(converted)]),
            Row([empty, .. Enumerable.Range(0, Maps).Select(map => Resize((difference[0, map] * factor).clamp(0, 1)))]),
        };
        Tensor picture = cat(rows, 0);
        torchvision.io.write_png((picture * 255).round().to(ScalarType.Byte).unsqueeze(0), path);
        return factor;
    }

    private static Tensor FirstLayer(Module<Tensor, Tensor> network, Tensor image)
    {
        Tensor? features = null;
        var conv1 = (Conv2d)network.named_modules().First(named => named.name == "conv1").module;
        var hook = conv1.register_forward_hook(
            (_, _, output) =>
            {
                features = output.clone().DetachFromDisposeScope(); // the network disposes what it made
                return output;
            }
        );
        network.forward(image).Dispose();
        hook.remove();
        return features!;
    }

    private static IEnumerable<Tensor> Tiles(Tensor features) => Enumerable.Range(0, Maps).Select(map => Tile(features[0, map]));

    /// <summary>Stretched from the smallest value to the largest.</summary>
    private static Tensor Tile(Tensor map) => Resize((map - map.min()) / (map.max() - map.min() + 1e-12));

    private static Tensor Resize(Tensor map) =>
        functional.interpolate(map.unsqueeze(0).unsqueeze(0), [Side, Side], mode: InterpolationMode.Bilinear, align_corners: false)[0, 0];

    private static Tensor Row(IEnumerable<Tensor> tiles) =>
        cat([.. tiles.Select(tile => functional.pad(tile, [Gap, Gap, Gap, Gap], PaddingModes.Constant, 1))], 1);
}
