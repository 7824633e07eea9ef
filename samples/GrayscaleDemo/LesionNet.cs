using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>
/// A network of one's own: the ResNet-20 of K. He et al., "Deep Residual Learning for Image Recognition" (2016), 4.2, for
/// color images. The mark makes the generator emit GrayscaleLesionNet and ToGrayscale().
/// </summary>
[GrayscaleInput]
public sealed partial class LesionNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 16, 3, padding: 1, bias: false);
    private readonly BatchNorm2d bn1 = BatchNorm2d(16);
    private readonly Sequential body;
    private readonly Linear fc;

    /// <summary>A network with weights drawn from the seed that is set.</summary>
    /// <param name="classes">The number of classes that it tells apart.</param>
    public LesionNet(int classes = 10)
        : base(nameof(LesionNet))
    {
        var blocks = new List<(string, Module<Tensor, Tensor>)>();
        int width = 16;
        foreach (int stage in (int[])[16, 32, 64])
        {
            for (int block = 0; block < 3; block++)
            {
                blocks.Add(($"{blocks.Count}", new ResidualBlock(width, stage, stride: block == 0 && stage > 16 ? 2 : 1)));
                width = stage;
            }
        }

        body = Sequential(blocks);
        fc = Linear(64, classes);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = functional.relu(bn1.call(conv1.call(image)));
        features = body.call(features);
        return fc.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }

    private sealed class ResidualBlock : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv2;
        private readonly BatchNorm2d bn2;
        private readonly Sequential? shortcut;

        public ResidualBlock(int inChannels, int outChannels, int stride)
            : base(nameof(ResidualBlock))
        {
            conv1 = Conv2d(inChannels, outChannels, 3, stride: stride, padding: 1, bias: false);
            bn1 = BatchNorm2d(outChannels);
            conv2 = Conv2d(outChannels, outChannels, 3, padding: 1, bias: false);
            bn2 = BatchNorm2d(outChannels);
            shortcut =
                inChannels == outChannels
                    ? null
                    : Sequential(
                        ("conv", Conv2d(inChannels, outChannels, 1, stride: stride, bias: false)),
                        ("bn", BatchNorm2d(outChannels))
                    );
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor residual = bn2.call(conv2.call(functional.relu(bn1.call(conv1.call(input)))));
            return functional.relu(residual + (shortcut is null ? input : shortcut.call(input))).MoveToOuterDisposeScope();
        }
    }
}
