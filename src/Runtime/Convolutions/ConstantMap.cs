using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// A convolution's answer to a constant image, for the kernel and the geometry that it has: the answer to a small image, from
/// which that to an image of any size follows (<see cref="ConstantAxis"/>). Nothing in it changes but what was found last, so
/// that threads share it; what it holds is small, and left to the finalizer once no thread uses it.
/// </summary>
internal sealed class ConstantMap
{
    /// <summary>Of images that are larger than the kernel there is one, for each dtype.</summary>
    public const int SmallAnswersKept = 8;

    private readonly object gate = new();
    private readonly byte[] kernel;
    private readonly ConstantAxis[] axes;
    private readonly bool keepsConstants;
    private readonly List<SmallAnswer> answers = [];
    private volatile PlacedConstants? last;

    public ConstantMap(Convolution layer, Tensor kernel)
    {
        this.kernel = kernel.bytes.ToArray();
        keepsConstants = layer.KeepsConstants();
        axes = keepsConstants ? [] : layer.Axes();
    }

    /// <summary>How many answers to small images are kept.</summary>
    public int SmallAnswers => answers.Count;

    /// <summary>Whether this still is the layer's: another kernel may have been loaded, and the layer's padding can be set.</summary>
    public bool IsOf(Convolution layer, Tensor kernel) =>
        this.kernel.AsSpan().SequenceEqual(kernel.bytes)
        && keepsConstants == layer.KeepsConstants()
        && (keepsConstants || axes.AsSpan().SequenceEqual(layer.Axes()));

    /// <summary>What is to be added to this output of the layer for that input.</summary>
    public PlacedConstants For(Convolution layer, Tensor kernel, Tensor input, Tensor output)
    {
        long[] size = input.shape[^axes.Length..];
        if (last is { } found && found.IsFor(size, output))
        {
            return found;
        }

        lock (gate)
        {
            using DisposeScope scope = NewDisposeScope();
            using var grad = no_grad();
            return last = new PlacedConstants(axes, size, Answer(layer, kernel, size, output.dtype), output);
        }
    }

    /// <summary>In the output's dtype, rounded once; where the processor is, since it is only taken apart.</summary>
    private Tensor Answer(Convolution layer, Tensor kernel, long[] size, ScalarType dtype)
    {
        long[] sides = [.. axes.Select((axis, index) => axis.SmallSide(size[index]))];
        if (answers.Find(answer => answer.Sides.AsSpan().SequenceEqual(sides) && answer.Values.dtype == dtype) is { } kept)
        {
            return kept.Values;
        }

        Tensor values = layer.AnswerToOnes(sides, kernel).to(dtype, copy: true);
        if (answers.Count == SmallAnswersKept)
        {
            answers.RemoveAt(0);
        }

        answers.Add(new SmallAnswer(sides, values.DetachFromDisposeScope()));
        return values;
    }

    private sealed record SmallAnswer(long[] Sides, Tensor Values);
}
