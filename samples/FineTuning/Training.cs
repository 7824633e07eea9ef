using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FineTuning;

/// <summary>One way of training, and the losses that it had.</summary>
internal sealed class Training(string name, optim.Optimizer optimizer, Func<Tensor, Tensor> forward, Func<Tensor?> step)
{
    private readonly List<double> losses = [];

    public string Name => name;

    public IReadOnlyList<double> Losses => losses;

    public void Step(Tensor images, Tensor labels)
    {
        optimizer.zero_grad();
        using Tensor loss = functional.cross_entropy(forward(images), labels);
        loss.backward();
        step();
        losses.Add(loss.item<double>());
    }

    public double LargestDifferenceFrom(Training other) => losses.Zip(other.losses, (left, right) => Math.Abs(left - right)).Max();
}
