using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FineTuning;

/// <summary>A small network for color images.</summary>
[GrayscaleInput]
public sealed partial class TextureNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 12, 5, stride: 2, padding: 2);
    private readonly Conv2d conv2 = Conv2d(12, 24, 3, stride: 2, padding: 1);
    private readonly Linear fc = Linear(24, Textures.Classes);

    private TextureNet()
        : base(nameof(TextureNet)) => RegisterComponents();

    /// <summary>The same weights for the same seed.</summary>
    public static TextureNet Make(long seed)
    {
        manual_seed(seed);

        // In float64, so that what differs is the mathematics and not the rounding.
        return new TextureNet().to(ScalarType.Float64);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor image)
    {
        Tensor features = functional.relu(conv2.call(functional.relu(conv1.call(image))));
        return fc.call(features.mean([2, 3]));
    }
}
