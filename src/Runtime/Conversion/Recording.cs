using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>What every layer was given and gave while a network ran once, and the answer.</summary>
internal sealed class Recording
{
    private readonly List<(string Where, Tensor Value, bool IsInput)> layers = [];

    public IReadOnlyList<(string Path, Tensor Value)> Answer { get; private set; } = [];

    /// <summary>The layer that started last.</summary>
    public string? LastStarted { get; private set; }

    /// <summary>By how many features the input of a linear layer that started last is too wide for it, or else too narrow.</summary>
    public long Misfit { get; private set; }

    /// <param name="probe">Runs the network.</param>
    /// <param name="network">The network.</param>
    /// <param name="image">The image.</param>
    /// <param name="owner">What is recorded belongs to it.</param>
    /// <param name="observe">Hangs further hooks on.</param>
    /// <exception cref="ProbeException">The network does not run on that image.</exception>
    public Recording Run(NetworkProbe probe, Module network, Tensor image, DisposeScope owner, Action? observe = null)
    {
        Answer = probe.Run(
            image,
            owner,
            () =>
            {
                Attach(network, owner);
                observe?.Invoke();
            }
        );
        return this;
    }

    /// <summary>
    /// Where the two runs differ first, null if nowhere. What has one number of channels there and another here is the image
    /// on its way to the first layer, and not compared; nor is what the converted layers are given.
    /// </summary>
    public string? FirstDifference(Recording found, long oldChannels, long newChannels, IReadOnlyCollection<string> converted)
    {
        (string Where, Tensor Value)[] these = Compared(converted);
        (string Where, Tensor Value)[] those = found.Compared(converted);
        foreach (((string where, Tensor left), (string other, Tensor right)) in these.Zip(those))
        {
            if (where != other || (!IsImage(left.shape, right.shape, oldChannels, newChannels) && !Agreement.Agree(left, right, out _)))
            {
                return where;
            }
        }

        if (these.Length != those.Length)
        {
            return $"the number of layers that run, {these.Length} and {those.Length}";
        }

        if (Answer.Count != found.Answer.Count)
        {
            return "the answer";
        }

        foreach (((string path, Tensor left), (string other, Tensor right)) in Answer.Zip(found.Answer))
        {
            if (path != other || !Agreement.Agree(left, right, out _))
            {
                return path == "(output)" ? "the answer" : path;
            }
        }

        return null;
    }

    /// <summary>Whether a difference would have shown in the answer: it varies, in itself or from image to image.</summary>
    public static bool IsTelling(IReadOnlyList<Recording> recordings) =>
        recordings.Any(recording =>
            recording.Answer.Any(entry => Agreement.Agree(entry.Value, entry.Value, out bool isTelling) && isTelling)
        )
        || recordings
            .Skip(1)
            .Any(other =>
                recordings[0]
                    .Answer.Zip(other.Answer)
                    .Any(pair => pair.First.Value.numel() > 0 && !IsNaN(pair.First.Value) && !pair.First.Value.Equals(pair.Second.Value))
            );

    /// <summary>How a layer is called here.</summary>
    public static string Place(string name, Module module) => $"'{name}' ({module.GetType().Name})";

    private (string Where, Tensor Value)[] Compared(IReadOnlyCollection<string> converted) =>
        [.. layers.Where(entry => !entry.IsInput || !converted.Contains(entry.Where)).Select(entry => (entry.Where, entry.Value))];

    private static bool IsNaN(Tensor tensor) => tensor.is_floating_point() && !tensor.isfinite().any().item<bool>();

    private static bool IsImage(long[] left, long[] right, long oldChannels, long newChannels) =>
        oldChannels != newChannels
        && left.Length == right.Length
        && left.Zip(right).Count(sizes => sizes.First != sizes.Second) == 1
        && left.Zip(right).Any(sizes => sizes.First == oldChannels && sizes.Second == newChannels);

    private void Attach(Module network, DisposeScope owner)
    {
        IntPtr last = 0;
        HashSet<Module> seen = [network];
        foreach ((string name, Module module) in network.named_modules())
        {
            if (module is Module<Tensor, Tensor> layer && seen.Add(module))
            {
                string where = Place(name, module);
                layer.register_forward_pre_hook(
                    (_, input) =>
                    {
                        LastStarted = where;
                        Misfit =
                            module is TorchSharp.Modules.Linear linear && input?.dim() > 0 ? input.shape[^1] - linear.weight.shape[1] : 0;

                        // The output of the layer before has been recorded already.
                        if (input is not null && input.Handle != last)
                        {
                            layers.Add((where, NetworkProbe.Kept(input, owner), true));
                        }

                        return input!;
                    }
                );
                layer.register_forward_hook(
                    (_, _, output) =>
                    {
                        if (output is not null)
                        {
                            layers.Add((where, NetworkProbe.Kept(output, owner), false));
                            last = output.Handle;
                        }

                        return output!;
                    }
                );
            }
        }
    }
}
