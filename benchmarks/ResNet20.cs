using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>The ResNet-20 of K. He et al. (2016), the network of which the source measured 1.5 %.</summary>
internal sealed class ResNet20 : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 16, 3, padding: 1, bias: false);
    private readonly BatchNorm2d bn1 = BatchNorm2d(16);
    private readonly Sequential body;
    private readonly Linear fc = Linear(64, 10);

    public ResNet20()
        : base(nameof(ResNet20))
    {
        var blocks = new List<(string, Module<Tensor, Tensor>)>();
        int width = 16;
        foreach (int stage in (int[])[16, 32, 64])
        {
            for (int block = 0; block < 3; block++)
            {
                blocks.Add(($"{blocks.Count}", new Block(width, stage, block == 0 && stage > 16 ? 2 : 1)));
                width = stage;
            }
        }

        body = Sequential(blocks);
        RegisterComponents();
    }

    public override Tensor forward(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        return fc.call(body.call(functional.relu(bn1.call(conv1.call(image)))).mean([2, 3])).MoveToOuterDisposeScope();
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Sequential body;
        private readonly Sequential? shortcut;

        public Block(int inChannels, int outChannels, int stride)
            : base(nameof(Block))
        {
            body = Sequential(Conv2d(inChannels, outChannels, 3, stride, 1, bias: false), BatchNorm2d(outChannels), ReLU(), Conv2d(outChannels, outChannels, 3, padding: 1, bias: false), BatchNorm2d(outChannels));
            shortcut = inChannels == outChannels ? null : Sequential(Conv2d(inChannels, outChannels, 1, stride, bias: false), BatchNorm2d(outChannels));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            return functional.relu(body.call(input) + (shortcut is null ? input : shortcut.call(input))).MoveToOuterDisposeScope();
        }
    }
}
