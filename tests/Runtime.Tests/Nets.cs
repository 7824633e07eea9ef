using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Small networks of the kinds that people write.</summary>
internal sealed class PlainNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Dropout dropout;
    private readonly Linear fc;

    public PlainNet(long inChannels = 3, PaddingModes paddingMode = PaddingModes.Zeros, bool bias = true)
        : base(nameof(PlainNet))
    {
        conv1 = Conv2d(inChannels, 8, 3, stride: 2, padding: 1, padding_mode: paddingMode, bias: bias);
        bn1 = BatchNorm2d(8);
        dropout = Dropout(0.5);
        fc = Linear(8, 4);
        RegisterComponents();
    }

    public Conv2d Stem => conv1;

    public override Tensor forward(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = functional.relu(bn1.call(conv1.call(image)));
        return fc.call(dropout.call(features.mean([2, 3]))).MoveToOuterDisposeScope();
    }
}

/// <summary>Two branches that both see the image; a third convolution of three channels that does not.</summary>
internal sealed class TwoBranchNet : Module<Tensor, Tensor>
{
    private readonly Conv2d later;
    private readonly Conv2d wide;
    private readonly Conv2d narrow;

    public TwoBranchNet()
        : base(nameof(TwoBranchNet))
    {
        later = Conv2d(3, 2, 1);
        wide = Conv2d(3, 3, 7, padding: 3);
        narrow = Conv2d(3, 3, 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor image) => later.call(wide.call(image) + narrow.call(image));
}

/// <summary>Its layers are run with forward, not call: no hook sees them.</summary>
internal sealed class ForwardOnlyNet : Module<Tensor, Tensor>
{
    private readonly Conv2d head;
    private readonly Conv2d stem;

    public ForwardOnlyNet()
        : base(nameof(ForwardOnlyNet))
    {
        head = Conv2d(3, 2, 1);
        stem = Conv2d(3, 3, 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor image) => head.forward(stem.forward(image));
}

/// <summary>The image is concatenated to features: three channels are expected of it further on.</summary>
internal sealed class SkipNet : Module<Tensor, Tensor>
{
    private readonly Conv2d stem = Conv2d(3, 5, 3, padding: 1);
    private readonly Conv2d merge = Conv2d(8, 2, 1);

    public SkipNet()
        : base(nameof(SkipNet)) => RegisterComponents();

    public override Tensor forward(Tensor image) => merge.call(cat([stem.call(image), image], 1));
}

/// <summary>The image also reaches a linear layer.</summary>
internal sealed class LinearBranchNet : Module<Tensor, Tensor>
{
    private readonly Conv2d stem = Conv2d(3, 5, 3, padding: 1);
    private readonly Linear color = Linear(3, 5);

    public LinearBranchNet()
        : base(nameof(LinearBranchNet)) => RegisterComponents();

    public override Tensor forward(Tensor image) => stem.call(image).mean([2, 3]) + color.call(image.mean([2, 3]));
}

/// <summary>Residual over the image itself, as denoisers have it: a gray image broadcasts to the same sum.</summary>
internal sealed class ResidualNet : Module<Tensor, Tensor>
{
    private readonly Conv2d stem = Conv2d(3, 3, 3, padding: 1);

    public ResidualNet()
        : base(nameof(ResidualNet)) => RegisterComponents();

    public override Tensor forward(Tensor image) => image - stem.call(image);
}

/// <summary>An image and a mask.</summary>
internal sealed class MaskedNet : Module<Tensor, Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

    public MaskedNet()
        : base(nameof(MaskedNet)) => RegisterComponents();

    public override Tensor forward(Tensor image, Tensor mask) => conv1.call(image) * mask;
}

/// <summary>Counts how often it has run, in a buffer, and gives a tuple.</summary>
internal sealed class CountingNet : Module<Tensor, (Tensor, Tensor)>
{
    private readonly Conv2d stem = Conv2d(3, 2, 3);
    private readonly Tensor runs = zeros(1);

    public CountingNet()
        : base(nameof(CountingNet)) => RegisterComponents();

    public Tensor Runs => runs;

    public override (Tensor, Tensor) forward(Tensor image)
    {
        runs.add_(1);
        return (stem.call(image), rand(1));
    }
}
