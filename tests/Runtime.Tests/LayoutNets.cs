using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>A network as most are: kernels of 3x3 behind the first, a depthwise one, a batch norm, a linear head.</summary>
internal sealed class UsualNet : Module<Tensor, Tensor>
{
    private readonly Conv2d stem;
    private readonly BatchNorm2d norm;
    private readonly Conv2d middle;
    private readonly Conv2d depthwise;
    private readonly Linear head;

    public UsualNet()
        : base(nameof(UsualNet))
    {
        stem = Conv2d(3, 8, 3, stride: 2, padding: 1);
        norm = BatchNorm2d(8);
        middle = Conv2d(8, 16, 3, padding: 1);
        depthwise = Conv2d(16, 16, 3, padding: 1, groups: 16);
        head = Linear(16, 5);
        RegisterComponents();
    }

    public Conv2d Stem => stem;

    public BatchNorm2d Norm => norm;

    public Conv2d Middle => middle;

    public Conv2d Depthwise => depthwise;

    public override Tensor forward(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = functional.relu(depthwise.call(middle.call(functional.relu(norm.call(stem.call(image))))));
        return head.call(features.mean([2, 3])).MoveToOuterDisposeScope();
    }
}

/// <summary>Does with its features what is given to it, so that each way to answer is one line in a test.</summary>
internal sealed class FeatureNet<TResult> : Module<Tensor, TResult>
{
    private readonly Func<Tensor, TResult> answer;
    private readonly Conv2d stem;
    private readonly Conv2d middle;

    public FeatureNet(Func<Tensor, TResult> answer)
        : base("FeatureNet")
    {
        this.answer = answer;
        stem = Conv2d(3, 4, 3, padding: 1);
        middle = Conv2d(4, 6, 3, padding: 1);
        RegisterComponents();
    }

    public Conv2d Stem => stem;

    public Conv2d Middle => middle;

    public int Runs { get; private set; }

    public override TResult forward(Tensor image)
    {
        Runs++;
        return answer(middle.call(stem.call(image)));
    }
}

internal sealed record FeaturesAndScore(Tensor Features, double Score);
