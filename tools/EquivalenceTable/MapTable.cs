using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EquivalenceTable;

/// <summary>A row for each channel map, and for each thing that a network does to its image before its first layer.</summary>
internal static class MapTable
{
    private static readonly IReadOnlyList<(string Name, ChannelMap Map)> Maps =
    [
        ("pair of gray images", ChannelMap.Gray().Repeated(2)),
        ("pair of gray images, normalized", ChannelMap.Gray().Normalized(ChannelNormalization.ImageNet).Repeated(2)),
        ("gray and a mask", ChannelMap.Beside(ChannelMap.Gray(), ChannelMap.Keep())),
        (
            "8-bit gray, normalized, and two coordinates",
            ChannelMap.Beside(ChannelMap.Gray().Scaled(1 / 255.0).Normalized(ChannelNormalization.ImageNet), ChannelMap.Keep(2))
        ),
        ("RGB without the fourth channel of zeros", ChannelMap.Beside(ChannelMap.Keep(3), ChannelMap.Constant())),
        ("RGB of RGBA", ChannelMap.Choose(4, 0, 1, 2)),
        ("BGR", ChannelMap.Choose(3, 2, 1, 0)),
        ("three of thirteen bands", ChannelMap.Choose(13, 3, 2, 1)),
        ("pixel_unshuffle by 2", ChannelMap.Gray().PixelUnshuffled(2)),
        ("pixel_unshuffle by 8", ChannelMap.Gray().PixelUnshuffled(8)),
        ("mono to stereo", ChannelMap.Average(2)),
    ];

    private static readonly string[] Preparations = ["buffers", "BatchNorm2d in evaluation", "blur of each channel, then buffers"];

    public static IEnumerable<(string Row, bool Within)> Rows()
    {
        foreach ((string name, ChannelMap map) in Maps)
        {
            var text = $"| {name} | {map.OldChannels} to {map.NewChannels} |";
            bool within = true;
            foreach (ScalarType dtype in new[] { ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64 })
            {
                manual_seed(1);
                using Conv2d layer = Conv2d(map.OldChannels, 8, 5, 2, 2, dtype: dtype);
                using Tensor image = rand(2, map.NewChannels, 33, 33).to(dtype);
                EquivalenceReport report = layer.ToChannels(map, new ChannelOptions { KeepOldWeights = true }).Verify([image]);
                text += $" {report.Layers[0].Difference:0.0e+00} | {report.Layers[0].Bound:0.0e+00} |";
                within &= report.Holds;
            }

            yield return (text + "\n", within);
        }
    }

    public static IEnumerable<(string Row, bool Within)> FoldedRows()
    {
        foreach (string kind in Preparations)
        {
            foreach (PaddingModes mode in new[] { PaddingModes.Zeros, PaddingModes.Reflect })
            {
                var text = $"| {kind} | {mode} |";
                bool within = true;
                foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
                {
                    manual_seed(1);
                    using var network = new PreparingNet(kind, mode);
                    network.to(dtype);
                    network.eval();
                    using Tensor image = rand(2, 1, 33, 33).to(dtype);
                    EquivalenceReport report = network.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true }).Verify([image]);
                    LayerDifference stem = report.Layers.Single(layer => layer.Layer == "stem");
                    text += $" {stem.Difference:0.0e+00} | {stem.Bound:0.0e+00} |";
                    within &= report.Holds;
                }

                yield return (text + "\n", within);
            }
        }
    }

    /// <summary>A first layer, and what comes before it.</summary>
    private sealed class PreparingNet : Module<Tensor, Tensor>
    {
        private readonly string kind;
        private readonly Conv2d stem;
        private readonly BatchNorm2d norm = BatchNorm2d(3);
        private readonly Tensor mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1);
        private readonly Tensor std = tensor(new[] { 0.229f, 0.224f, 0.225f }).reshape(1, 3, 1, 1);
        private readonly Tensor kernel = (tensor(new[] { 1f, 2, 1 }).reshape(3, 1) * tensor(new[] { 1f, 2, 1 }) / 16).repeat(3, 1, 1, 1);

        public PreparingNet(string kind, PaddingModes mode)
            : base(nameof(PreparingNet))
        {
            this.kind = kind;
            stem = Conv2d(3, 8, 5, 2, 2, padding_mode: mode);
            using var grad = no_grad();
            norm.running_mean!.copy_(mean.flatten());
            norm.running_var!.copy_(std.flatten().square());
            RegisterComponents();
        }

        public override Tensor forward(Tensor image) =>
            stem.call(
                kind.StartsWith("BatchNorm", StringComparison.Ordinal) ? norm.call(image)
                : kind == "buffers" ? (image - mean) / std
                : (functional.conv2d(image, kernel, padding: [1, 1], groups: 3) - mean) / std
            );
    }
}
