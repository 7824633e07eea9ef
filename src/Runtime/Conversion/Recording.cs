using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>What every layer was given and gave while a network ran once, and the answer.</summary>
/// <remarks>
/// Most of a network's time goes into convolutions and linear maps, and what they give follows from what they are given. So
/// where a run is known already, they give here what they gave there, whatever they are given, which is recorded and compared:
/// a difference shows where it enters the layer. A whole check costs little more than one run.
/// </remarks>
/// <param name="imageChannels">The channels of the image, which convolutions that take as many may be given: they always run.</param>
/// <param name="known">A run of the same network, on an image of the same size.</param>
/// <param name="before">The run that this one will be compared with: what is the same is not kept a second time.</param>
internal sealed class Recording(long imageChannels, Recording? known = null, Recording? before = null)
{
    private readonly List<(string Where, Tensor Value)> layers = [];
    private readonly List<LayerCall> calls = [];
    private readonly Stack<LayerCall> running = new();

    public IReadOnlyList<(string Path, Tensor Value)> Answer { get; private set; } = [];

    /// <summary>The next run of the same network, which need not run what this one has run.</summary>
    public Recording Next() => new(imageChannels, known ?? this, this);

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
    /// on its way to the first layer, and not compared.
    /// </summary>
    public string? FirstDifference(Recording found, long oldChannels, long newChannels)
    {
        (Tensor? Left, Tensor? Right) agreed = default;
        foreach (((string where, Tensor left), (string other, Tensor right)) in layers.Zip(found.layers))
        {
            bool isKnown = ReferenceEquals(left, agreed.Left) && ReferenceEquals(right, agreed.Right);
            if (
                where != other
                || (!isKnown && !IsImage(left.shape, right.shape, oldChannels, newChannels) && !Agreement.Agree(left, right))
            )
            {
                return where;
            }

            agreed = (left, right);
        }

        if (layers.Count != found.layers.Count)
        {
            return $"the number of layers that run, {layers.Count} and {found.layers.Count}";
        }

        if (Answer.Count != found.Answer.Count)
        {
            return "the answer";
        }

        foreach (((string path, Tensor left), (string other, Tensor right)) in Answer.Zip(found.Answer))
        {
            if (path != other || !Agreement.Agree(left, right))
            {
                return path == "(output)" ? "the answer" : path;
            }
        }

        return null;
    }

    /// <summary>Whether a difference would have shown in the answer: it varies, in itself or from image to image.</summary>
    public static bool IsTelling(IReadOnlyList<Recording> recordings) =>
        recordings.Any(recording =>
            recording.Answer.Any(entry => Agreement.IsTelling(entry.Value))
        )
        || recordings
            .Skip(1)
            .Any(other =>
                recordings[0]
                    .Answer.Zip(other.Answer)
                    .Any(pair => pair.First.Value.numel() > 0 && !IsNaN(pair.First.Value) && !pair.First.Value.Equals(pair.Second.Value))
            );

    private static bool IsNaN(Tensor tensor) => tensor.is_floating_point() && !tensor.isfinite().any().item<bool>();

    private static bool IsImage(long[] left, long[] right, long oldChannels, long newChannels) =>
        oldChannels != newChannels
        && left.Length == right.Length
        && left.Zip(right).Count(sizes => sizes.First != sizes.Second) == 1
        && left.Zip(right).Any(sizes => sizes.First == oldChannels && sizes.Second == newChannels);

    private void Attach(Module network, DisposeScope owner)
    {
        HashSet<Module> seen = [network];
        foreach ((string name, Module module) in network.named_modules())
        {
            if (
                module is not Module<Tensor, Tensor> layer
                || module.GetType() == typeof(TorchSharp.Modules.Sequential)
                || !seen.Add(module)
            )
            {
                continue;
            }

            string where = $"'{name}' ({module.GetType().Name})";
            bool isHooked = HookTables.HasHooks(module);
            bool mayBeSkipped = !isHooked && !module.training && TakesMostTime(module);

            // What other layers of TorchSharp give follows from what they are given, and shows in the layer after them.
            bool keepsOutput = isHooked || module is Convolution or TorchSharp.Modules.Linear || !KeptState.IsTorchSharps(module.GetType());
            layer.register_forward_pre_hook((_, input) => Started(module, where, input, mayBeSkipped, owner));
            layer.register_forward_hook((_, _, output) => Ended(module, where, output, keepsOutput, owner));
        }
    }

    private Tensor Started(Module module, string where, Tensor? input, bool mayBeSkipped, DisposeScope owner)
    {
        LastStarted = where;
        Misfit = module is TorchSharp.Modules.Linear linear && input?.dim() > 0 ? input.shape[^1] - linear.weight.shape[1] : 0;
        Tensor? kept = input is null ? null : Keep(where, input, owner);
        var call = new LayerCall(module, kept, mayBeSkipped);
        LayerCall? earlier = known is not null && calls.Count < known.calls.Count ? known.calls[calls.Count] : null;
        calls.Add(call);
        running.Push(call);
        if (mayBeSkipped && earlier is { MayBeSkipped: true, Output: { } output } && earlier.Takes(module, kept))
        {
            call.Output = output;
            call.Stand = input!.narrow(0, 0, 0);
        }

        return call.Stand ?? input!;
    }

    private Tensor Ended(Module module, string where, Tensor? output, bool keepsOutput, DisposeScope owner)
    {
        LayerCall call = running.Pop();
        while (!ReferenceEquals(call.Module, module))
        {
            // One that failed, which the network has caught.
            call = running.Pop();
        }

        if (call.Stand is not null)
        {
            // A copy: the network may write to it.
            layers.Add((where, call.Output!));
            return call.Output!.clone();
        }

        if (output is not null && keepsOutput)
        {
            call.Output = Keep(where, output, owner);
        }

        return output!;
    }

    /// <summary>Whether nearly all of a network's time goes into layers of that kind, and an input of no images is cheap.</summary>
    private bool TakesMostTime(Module module) =>
        module is TorchSharp.Modules.Linear
        || (module is Convolution layer && layer.in_channels != imageChannels && layer.padding_mode == PaddingModes.Zeros);

    /// <summary>Records a tensor; what one layer gives and the next is given is kept once.</summary>
    private Tensor Keep(string where, Tensor tensor, DisposeScope owner)
    {
        Tensor? there = before is not null && layers.Count < before.layers.Count ? before.layers[layers.Count].Value : null;
        Tensor? last = layers.Count > 0 ? layers[^1].Value : null;
        Tensor kept =
            IsSame(there) ? there!
            : IsSame(last) ? last!
            : NetworkProbe.Kept(tensor, owner);
        layers.Add((where, kept));
        return kept;

        bool IsSame(Tensor? other) =>
            other is not null && other.dtype == tensor.dtype && other.shape.AsSpan().SequenceEqual(tensor.shape) && other.Equals(tensor);
    }

    /// <summary>One call of a layer.</summary>
    private sealed class LayerCall(Module module, Tensor? input, bool mayBeSkipped)
    {
        public Module Module => module;

        public bool MayBeSkipped => mayBeSkipped;

        public Tensor? Output { get; set; }

        /// <summary>No images, which the layer is given if it need not run.</summary>
        public Tensor? Stand { get; set; }

        public bool Takes(Module other, Tensor? given) =>
            ReferenceEquals(module, other)
            && input is not null
            && given is not null
            && input.dim() == (module is Convolution layer ? layer.SpatialDimensions() + 2 : Math.Max(2, input.dim()))
            && input.dtype == given.dtype
            && input.shape.AsSpan().SequenceEqual(given.shape);
    }
}
