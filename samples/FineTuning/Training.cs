using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FineTuning;

/// <summary>One step of training.</summary>
internal static class Training
{
    public static double Step(optim.Optimizer optimizer, Func<Tensor> forward, Tensor labels)
    {
        optimizer.zero_grad();
        using Tensor loss = functional.cross_entropy(forward(), labels);
        loss.backward();
        optimizer.step();
        return loss.item<double>();
    }
}
