using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>What the caller says about finding the layers and checking the conversion.</summary>
internal sealed record CheckOptions(
    IReadOnlyList<string> Layers,
    string? Image = null,
    IReadOnlyList<object?>? Example = null,
    IReadOnlyList<IReadOnlyList<long>>? Shapes = null,
    bool Probe = true
);

/// <summary>A conversion before it is made: find the layers, change them, see that all answers agree, or undo it.</summary>
/// <param name="Network">The network.</param>
/// <param name="OldChannels">The channels that its image has now.</param>
/// <param name="Check">How it is to be checked.</param>
/// <param name="Map">What a layer is to make of the new channels.</param>
/// <param name="ImageMap">The old image from the new one; another than <paramref name="Map"/> if a transform is folded in.</param>
/// <param name="Transform">The network's own transform of its input.</param>
/// <param name="InputScale">What pixel values are multiplied by.</param>
/// <param name="IsExact">Whether the answers must agree; a heuristic only has to run.</param>
internal sealed record ConversionPlan(
    Module Network,
    long OldChannels,
    CheckOptions Check,
    ChannelMap Map,
    ChannelMap ImageMap,
    TransformInput? Transform,
    double InputScale,
    bool IsExact = true
)
{
    private readonly List<Trial> trials = [];
    private ImageLayout layout;
    private NetworkCall? call;
    private Exception? failure;

    /// <summary>By how many features the last image that did not fit was too large for a linear layer; 0 if it was not that.</summary>
    private long misfit;

    private string Name => Network.GetType().Name;

    private long NewChannels => Map.NewChannels;

    public ChannelConversion Carry(object options)
    {
        call = NetworkCall.Of(Network, Check.Image);
        NamedConvolution[] all = Network is Convolution bare
            ? [new NamedConvolution("", bare)]
            : StemFinder.Candidates(Network, OldChannels);
        if (Network is Convolution convolution && convolution.in_channels != OldChannels)
        {
            throw new InvalidOperationException($"This {Name} has in_channels {convolution.in_channels}; wanted {OldChannels}.");
        }

        NamedConvolution[] named =
            Network is Convolution ? [] : [.. Check.Layers.Select(layer => StemFinder.Named(Network, layer, OldChannels))];
        NamedConvolution[] candidates = named.Length > 0 ? named : all;
        if (candidates.Length == 0)
        {
            throw new InvalidOperationException(
                $"{Name} has no convolution with in_channels {OldChannels}. {StemFinder.Convolutions(Network)}"
            );
        }

        if (Network is IScriptModule && candidates.Length > 1 && named.Length == 0)
        {
            throw new InvalidOperationException(
                $"{Name} was not converted: it has {candidates.Length} kernels with {OldChannels} input channels "
                    + $"({Text.Quoted(candidates.Select(candidate => candidate.Name))}), "
                    + "and inside a script it cannot be seen which receives the image. Name it with the option Layer, "
                    + "or several with Layers."
            );
        }

        layout = new ImageLayout(candidates[0].Layer.SpatialDimensions(), false);

        // Refused here, before the network runs, if one of them is of a kind that cannot be converted.
        foreach (NamedConvolution candidate in candidates)
        {
            candidate.Layer.Layout(candidate.Name);
        }

        ChannelConversion conversion = Check.Probe ? Checked(all, named, options) : Unchecked(candidates, named, options);
        conversion.Keep();
        return conversion;
    }

    private ChannelConversion Unchecked(NamedConvolution[] candidates, NamedConvolution[] named, object options) =>
        candidates.Length == 1 || named.Length > 0
            ? Commit(candidates, options)
            : throw new InvalidOperationException(
                $"{Name} has {candidates.Length} convolutions with in_channels {OldChannels} "
                    + $"({Text.Quoted(candidates.Select(candidate => candidate.Name))}), "
                    + "and without a check it cannot be seen which receives the image. Name it with the option Layer, "
                    + "or several with Layers."
            );

    private ChannelConversion Checked(NamedConvolution[] all, NamedConvolution[] named, object options)
    {
        using DisposeScope scope = NewDisposeScope();
        using var opened = new OpenedParameters(Network);
        foreach (IEnumerable<Func<Trial>> group in Groups())
        {
            if (!group.Any(make => TryWatch(make, all, scope)))
            {
                return Unrun(all, named, options);
            }
        }

        NamedConvolution[] given = Seen(trial => trial.Given);
        NamedConvolution[] differing = [.. Seen(trial => trial.Differing).Except(given)];
        if (named.Length == 0 && given.Length + differing.Length > 0)
        {
            WatchElsewhere(all, scope);
            given = Seen(trial => trial.Given);
            differing = [.. Seen(trial => trial.Differing).Except(given)];
            if (all.Except(given).Except(differing).FirstOrDefault() is { Layer: not null } unseen)
            {
                throw new InvalidOperationException(
                    $"{Name} was not converted: '{unseen.Name}' has in_channels {OldChannels}, and was not seen to run, "
                        + "neither at other sizes nor in training mode. If it receives the image in some case, "
                        + "give an image for it with the option ImageShapes; if not, name the layers that do with Layer or Layers."
                );
            }
        }

        if (Transform is not null)
        {
            // Its channels differ by the time they reach the layer, as they should: the answers tell.
            (given, differing) = ([.. given, .. differing], []);
        }

        foreach (Trial trial in trials.ToArray())
        {
            AddWide(trial, scope);
        }

        ChannelConversion conversion = Verified(all, named, given, differing, scope, options);
        if (opened.Touches(conversion.Changes.Select(change => change.Layer.weight)))
        {
            // The kernels that were checked are not those that the layers are to have.
            NamedConvolution[] stems = [.. conversion.Changes.Select(change => new NamedConvolution(change.Name, change.Layer))];
            Rollback(conversion);
            opened.Dispose();
            conversion = Commit(stems, options);
        }

        conversion.WasVerified = IsExact;
        conversion.Layout = layout;
        conversion.ImageIndex = call!.ImageIndex;
        conversion.CopiesImage = trials.Exists(trial => trial.Probe.WritesToImage);
        return conversion;

        NamedConvolution[] Seen(Func<Trial, NamedConvolution[]> which) => [.. trials.SelectMany(which).Distinct()];
    }

    private ChannelConversion Unrun(NamedConvolution[] all, NamedConvolution[] named, object options)
    {
        NamedConvolution[] stems = named.Length > 0 ? named : all;
        if (!IsExact && stems.Length == 1)
        {
            return Commit(stems, options);
        }

        string reason = failure is null ? "" : $": {FirstLine(failure.Message)}";
        string found =
            all.Length > 1 && named.Length == 0
                ? $" It has {all.Length} convolutions with in_channels {OldChannels} "
                    + $"({Text.Quoted(all.Select(candidate => candidate.Name))}), and"
                : "";
        throw new InvalidOperationException(
            Check.Example is not null
                    ? $"{Name} does not run on the inputs that the option Example gives, the image with {OldChannels} channels{reason}"
                : Check.Shapes is not null
                    ? $"{Name} does not run on an image of shape {Text.Sizes(Check.Shapes[trials.Count])} with {OldChannels} channels, "
                        + $"which the option ImageShape names{reason}"
                : $"{Name} was not converted:{found} it could not be run to check the conversion, "
                    + $"on images of none of the usual sizes{reason} Give the option ImageShape, an image that it takes, or Example, "
                    + "all of its inputs. Probe = false converts it unchecked.",
            failure
        );
    }

    /// <summary>Ways to run the network; of each group one has to work.</summary>
    private IEnumerable<IEnumerable<Func<Trial>>> Groups()
    {
        if (call is null)
        {
            return
            [
                [],
            ];
        }

        if (Check.Example is { } example)
        {
            if (example.Count != call.InputCount || example[call.ImageIndex] is not Tensor image)
            {
                throw new ArgumentException(
                    $"The option Example has {example.Count} inputs; wanted the {call.InputCount} of forward in their order, the image, "
                        + $"number {call.ImageIndex + 1}, as a tensor."
                );
            }

            bool isLast = image.dim() == layout.SpatialDimensions + 2 && image.shape[1] != NewChannels && image.shape[^1] == NewChannels;
            return
            [
                [() => MakeTrial(image, example, layout with { ChannelsLast = isLast }, false)],
            ];
        }

        return Check.Shapes is { } shapes
            ? shapes.Select(shape => Trials([ProbeImages.Named(shape, layout.SpatialDimensions)]))
            : [Trials(ProbeImages.Shapes(layout.SpatialDimensions, () => misfit))];
    }

    private IEnumerable<Func<Trial>> Trials(IEnumerable<(long[] Shape, ImageLayout Layout)> shapes)
    {
        Convolution first = (Network as Convolution) ?? StemFinder.Candidates(Network, OldChannels)[0].Layer;
        ScalarType dtype = first.weight.dtype;
        Device device = first.weight.device;
        foreach ((long[] shape, ImageLayout of) in shapes)
        {
            using Tensor model = empty(shape, dtype, device);
            foreach (
                object?[] others in call!.InputCount == 1 ? [new object?[1]] : call.Others(model, OldChannels, of.ChannelDimension(model))
            )
            {
                yield return () => MakeTrial(NewImage(ProbeImages.Ordinary(shape, InputScale, dtype, device), of), others, of, false);
            }
        }
    }

    private Trial MakeTrial(Tensor image, IReadOnlyList<object?> others, ImageLayout of, bool training) =>
        new(image, others, of, training, new NetworkProbe(Network, given => call!.Invoke(given, others), training), new(OldChannels));

    private bool TryWatch(Func<Trial> make, NamedConvolution[] all, DisposeScope scope)
    {
        Trial trial = make();
        try
        {
            Tensor old = ImageMap.Apply(trial.Image, trial.Layout.ChannelDimension(trial.Image));
            int dimension = trial.Layout.ChannelDimension(trial.Image);
            bool watchesStack = Transform is null && OldChannels > 1 && !Map.IsPlainSum;
            Tensor watched = watchesStack ? ChannelMap.ToGray((int)OldChannels).Apply(trial.Image.narrow(dimension, 0, 1), dimension) : old;
            (trial.Given, trial.Differing) = StemFinder.Watch(trial.Probe, Network, all, watched, scope, trial.Expected);
            if (watchesStack)
            {
                trial.Expected = trial.Expected.Next().Run(trial.Probe, Network, old, scope);
            }

            trials.Add(trial);
            layout = trial.Layout;
            return true;
        }
        catch (ProbeException exception)
        {
            // Not an image that this network takes; the next may be.
            failure ??= exception.InnerException;
            misfit = trial.Expected.Misfit;
            return false;
        }
    }

    /// <summary>Other sizes and training mode, as long as there are candidates that were not seen to run.</summary>
    private void WatchElsewhere(NamedConvolution[] all, DisposeScope scope)
    {
        Trial first = trials[0];
        bool IsComplete() =>
            all.All(candidate => trials.Exists(trial => trial.Given.Contains(candidate) || trial.Differing.Contains(candidate)));
        if (IsComplete())
        {
            return;
        }

        IEnumerable<Func<Trial>> others = [() => MakeTrial(first.Image, first.Others, first.Layout, training: true)];
        if (Check.Example is null && Check.Shapes is null)
        {
            others = others.Concat(
                ProbeImages
                    .Shapes(layout.SpatialDimensions, () => 0)
                    .Where(shape => shape.Layout == layout && shape.Shape.Max() <= 512)
                    .SelectMany(shape => Trials([shape]).Take(1))
            );
        }

        foreach (Func<Trial> make in others)
        {
            int before = trials.Sum(trial => trial.Given.Length + trial.Differing.Length);
            HashSet<NamedConvolution> known = [.. trials.SelectMany(trial => trial.Given.Concat(trial.Differing))];
            if (TryWatch(make, all, scope) && trials[^1].Given.Concat(trials[^1].Differing).All(known.Contains))
            {
                // Nothing new was seen there, so there is nothing more to compare.
                trials.RemoveAt(trials.Count - 1);
            }

            if (IsComplete())
            {
                return;
            }
        }
    }

    /// <summary>The same with negative and large values, if the network takes them.</summary>
    private void AddWide(Trial trial, DisposeScope scope)
    {
        if (Check.Example is null)
        {
            AddLike(trial, ProbeImages.Signed, 2022, scope);
            AddLike(trial, ProbeImages.Wide, 2022, scope);
        }
    }

    private void AddLike(Trial trial, Func<long[], double, ScalarType, Device, int, Tensor> values, int seed, DisposeScope scope)
    {
        long[] shape = trial.Image.shape;
        shape[trial.Layout.ChannelDimension(trial.Image)] = 1;
        Tensor gray = values(shape, InputScale, trial.Image.dtype, trial.Image.device, seed);
        var like = new Trial(NewImage(gray, trial.Layout), trial.Others, trial.Layout, trial.Training, trial.Probe, trial.Expected.Next());
        try
        {
            Tensor old = ImageMap.Apply(like.Image, like.Layout.ChannelDimension(like.Image));
            like.Expected.Run(trial.Probe, Network, old, scope);
            trials.Add(like);
        }
        catch (ProbeException exception)
        {
            // It does not take such values; those of an image it did.
            failure ??= exception.InnerException;
        }
    }

    private InvalidOperationException NothingToCompare(Recording expected)
    {
        string found =
            expected.Answer.Count == 0 ? "no tensor or number"
            : expected.Answer.All(entry => entry.Value.numel() == 0) ? "no element"
            : "always the same or no numbers";
        return new InvalidOperationException(
            $"{Name} was not converted: its answers gave nothing to compare, {found}, on images of noise. Give the option Example, "
                + "inputs for which it answers. Probe = false converts it unchecked."
        );
    }

    private ChannelConversion Verified(
        NamedConvolution[] all,
        NamedConvolution[] named,
        NamedConvolution[] given,
        NamedConvolution[] differing,
        DisposeScope scope,
        object options
    )
    {
        for (int seed = 1; seed <= 3 && IsExact && Check.Example is null && !Recording.IsTelling(Expected()); seed++)
        {
            AddLike(trials[0], seed == 2 ? ProbeImages.Wide : ProbeImages.Ordinary, seed, scope);
        }

        if (IsExact && !Recording.IsTelling(Expected()))
        {
            throw NothingToCompare(trials[0].Expected);
        }

        if (IsExact && Network is IScriptModule && !Expected().Any(run => run.Answer.Any(entry => entry.Value.is_floating_point())))
        {
            throw new InvalidOperationException(
                $"{Name} was not converted: its answers are whole numbers alone, which tell too little where no layer inside can be seen. "
                    + "Convert a script that answers with scores, or this one unchecked with Probe = false."
            );
        }

        if (named.Length > 0)
        {
            return Named(named, given, scope, options);
        }

        if (given.Length > 0 || Network is Convolution)
        {
            return CommitIfEqual(Network is Convolution ? all : given, scope, options, out string? trouble)
                ?? throw new InvalidOperationException(
                    $"{Name} was not converted: {Text.Quoted(given.Select(stem => stem.Name))} receives the image, but {trouble}"
                );
        }

        if (differing.Length > 0)
        {
            throw new InvalidOperationException(
                $"{Name} was not converted: '{differing[0].Name}' receives an image whose channels are no longer equal, "
                    + "although those that were put in were. Something before it treats channels differently, such as a normalization: "
                    + $"take it out and pass it as {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.Normalization)}."
            );
        }

        return AnyOf(all, scope, options);

        Recording[] Expected() => [.. trials.Select(trial => trial.Expected)];
    }

    /// <summary>The convolutions that the options name, or all branches of which they name one.</summary>
    private ChannelConversion Named(NamedConvolution[] named, NamedConvolution[] given, DisposeScope scope, object options)
    {
        if (CommitIfEqual(named, scope, options, out string? trouble) is { } conversion)
        {
            return conversion;
        }

        // One branch of several was named: converting it alone changes what the network gives.
        return (given.Length > 1 && named.All(given.Contains) ? CommitIfEqual(given, scope, options, out trouble) : null)
            ?? throw new InvalidOperationException(
                $"{Name} was not converted: of {Text.Quoted(named.Select(layer => layer.Name))}, which the option Layer names, {trouble}"
            );
    }

    /// <summary>The first of several convolutions with which the network answers as before.</summary>
    private ChannelConversion AnyOf(NamedConvolution[] all, DisposeScope scope, object options)
    {
        // No hook of a candidate ran: they are called through forward, not call. Then each is tried by itself.
        var troubles = new List<string>();
        foreach (NamedConvolution candidate in all)
        {
            if (CommitIfEqual([candidate], scope, options, out string? trouble) is { } conversion)
            {
                return conversion;
            }

            troubles.Add($"'{candidate.Name}': {trouble}");
        }

        throw new InvalidOperationException(
            $"{Name} was not converted: with no single convolution converted does it give for one channel what it gives for {OldChannels}. "
                + $"{string.Join(" ", troubles)}"
        );
    }

    private ChannelConversion? CommitIfEqual(NamedConvolution[] stems, DisposeScope scope, object options, out string? trouble)
    {
        trouble = null;
        ChannelConversion conversion = Commit(stems, options);
        Recording? recording = null;
        try
        {
            foreach (Trial trial in trials)
            {
                using DisposeScope inner = NewDisposeScope();
                recording = trial.Expected.Next();
                recording.Run(trial.Probe, Network, trial.Image, inner);
                if (IsExact && FirstDifference(trial, recording, conversion) is { } where)
                {
                    trouble =
                        Map.HasOffset && stems.Any(stem => where == $"'{stem.Name}' ({stem.Layer.GetType().Name})" || where == "the answer")
                            ? $"{where} differs. Per-channel normalization is added by a forward hook: run the layer with call, "
                                + "not forward. If it is, the image also reaches something else, or is padded before it."
                            : $"the answers differ: the image also reaches something else, first seen in {where}.";
                    break;
                }
            }
        }
        catch (ProbeException exception)
        {
            trouble =
                $"with {NewChannels} channel{(NewChannels == 1 ? "" : "s")} the network fails in "
                    + $"{recording?.LastStarted ?? "its own forward"}: {FirstLine(exception.Message)} The image reaches more than the "
                    + "convolutions that can be converted.";
        }
        catch
        {
            Rollback(conversion);
            throw;
        }

        if (trouble is null)
        {
            return conversion;
        }

        Rollback(conversion);
        return null;
    }

    private string? FirstDifference(Trial trial, Recording found, ChannelConversion conversion)
    {
        string? where = trial.Expected.FirstDifference(found, OldChannels, NewChannels);
        if (where is null || Network is not Convolution)
        {
            return where;
        }

        // All of its filters may cancel, so that nothing but rounding is left: of one layer the bound of that is known.
        using Tensor bound = conversion.Changes[0].RoundingBound(trial.Image);
        return trial
            .Expected.Answer.Zip(found.Answer)
            .All(pair => (pair.First.Value - pair.Second.Value).abs().le(bound).all().item<bool>())
            ? null
            : where;
    }

    private ChannelConversion Commit(NamedConvolution[] stems, object options)
    {
        var planned = new List<LayerChange>();
        var applied = new Stack<LayerChange>();
        try
        {
            foreach (NamedConvolution stem in stems)
            {
                bool isShared = planned.Exists(other => other.Layer.weight.Handle == stem.Layer.weight.Handle);
                planned.Add(LayerChange.Plan(stem.Name, stem.Layer, Map, isShared, InputScale));
            }

            foreach (LayerChange change in planned)
            {
                applied.Push(change);
                change.Apply();
            }

            Transform?.Switch(false);
        }
        catch
        {
            foreach (LayerChange change in applied)
            {
                change.Rollback();
            }

            planned.ForEach(change => change.Dispose());
            throw;
        }

        return new ChannelConversion(Network, [.. planned], Transform, options, NewChannels);
    }

    private void Rollback(ChannelConversion conversion)
    {
        conversion.Rollback();
        Transform?.Switch(true);
    }

    /// <summary>The image as the converted network takes it: of several channels, which differ, so that a wrong luma shows.</summary>
    private Tensor NewImage(Tensor gray, ImageLayout of)
    {
        if (NewChannels == 1)
        {
            return gray;
        }

        var channels = new Tensor[NewChannels];
        for (int channel = 0; channel < channels.Length; channel++)
        {
            channels[channel] = channel % 2 == 0 ? gray / (1 + channel) : gray.flip([of.ChannelsLast ? -2 : -1]) / channel;
        }

        return cat(channels, of.ChannelDimension(gray));
    }

    /// <summary>What an error says first; of an error inside a script, what it says last.</summary>
    private static string FirstLine(string message) =>
        (message.Contains("TorchScript interpreter", StringComparison.Ordinal) ? message.Trim().Split('\n')[^1] : message.Split('\n')[0])
            .TrimEnd('.')
        + ".";

    /// <summary>One way to run the network: the image as it is to be taken, the other inputs, and what came of it before.</summary>
    private sealed record Trial(
        Tensor Image,
        IReadOnlyList<object?> Others,
        ImageLayout Layout,
        bool Training,
        NetworkProbe Probe,
        Recording Recording
    )
    {
        public NamedConvolution[] Given { get; set; } = [];

        public NamedConvolution[] Differing { get; set; } = [];

        public Recording Expected { get; set; } = Recording;
    }
}
