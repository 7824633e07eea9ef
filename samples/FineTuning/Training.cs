using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FineTuning;

/// <summary>One step of training.</summary>
internal static class Training
{
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="forward">Runs the network on the batch.</param>
    /// <param name="labels">The labels of the batch.</param>
    /// <param name="step">Takes the optimizer's step.</param>
    /// <returns>The loss before the step.</returns>
    public static double Step(optim.Optimizer optimizer, Func<Tensor> forward, Tensor labels, Func<Tensor?> step)
    {
        optimizer.zero_grad();
        using Tensor loss = functional.cross_entropy(forward(), labels);
        loss.backward();
        step();
        return loss.item<double>();
    }
}
