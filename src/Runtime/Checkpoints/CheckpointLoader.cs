using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Checkpoints;

/// <summary>
/// Loads checkpoints into a converted network. Kernels in the form from before the conversion are converted; all keys and
/// shapes are checked before anything is written, because TorchSharp's own load_state_dict broadcasts what does not fit.
/// </summary>
internal static class CheckpointLoader
{
    public static (IList<string> Missing, IList<string> Unexpected) Load(
        Module network,
        ChannelConversion conversion,
        Dictionary<string, Tensor> source,
        bool strict,
        IList<string>? skip
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        conversion.EnsureCurrent();
        Dictionary<string, Tensor> own = network.state_dict();
        source = WithoutPrefix(source, own);
        using DisposeScope scope = NewDisposeScope();
        var adapted = new Dictionary<string, Tensor>(source);
        HashSet<LayerChange> ofBefore = [];
        foreach (LayerChange change in conversion.Changes)
        {
            if (source.TryGetValue(change.WeightKey, out Tensor? weight) && skip?.Contains(change.WeightKey) != true)
            {
                if (Adapt(change, weight, adapted, scope))
                {
                    ofBefore.Add(change);
                }
            }
        }

        CheckShapes(own, adapted, skip);
        CheckKeys(own, adapted, strict, skip);
        (IList<string>, IList<string>) result = network.load_state_dict(adapted, strict, skip);
        foreach (LayerChange change in conversion.Changes)
        {
            if (source.TryGetValue(change.WeightKey, out Tensor? weight) && skip?.Contains(change.WeightKey) != true)
            {
                change.Follow(ofBefore.Contains(change) ? weight : null);
            }
        }

        return result;
    }

    /// <summary>Saves what a network's own save would, to a file that is whole or as it was.</summary>
    public static void Save(Module network, string location, IList<string>? skip) =>
        StateDictFile.Write(
            location,
            network.state_dict().Where(entry => skip?.Contains(entry.Key) != true).ToDictionary(entry => entry.Key, entry => entry.Value)
        );

    public static void Load(
        Module network,
        ChannelConversion conversion,
        BinaryReader reader,
        bool strict,
        IList<string>? skip,
        Dictionary<string, bool>? loadedParameters
    )
    {
        Dictionary<string, Tensor> entries = StateDictFile.Read(reader);
        try
        {
            Load(network, conversion, entries, strict, skip);
            if (loadedParameters is not null)
            {
                Dictionary<string, Tensor> own = network.state_dict();
                foreach (string key in WithoutPrefix(entries, own).Keys)
                {
                    loadedParameters.Add(key, own.ContainsKey(key));
                }
            }
        }
        finally
        {
            foreach (Tensor entry in entries.Values)
            {
                entry.Dispose();
            }
        }
    }

    private static void CheckMap(LayerChange change, ConversionMark theirs)
    {
        if (theirs.Map is not null && change.Inner is not null && !theirs.Map.IsNear(change.Map))
        {
            throw new ArgumentException(
                $"The checkpoint's '{change.WeightKey}' was folded with another normalization of the network's "
                    + $"own than this one has ({theirs.Map}, and {change.Map}). Load the checkpoint of before the "
                    + "conversion into the network, and convert it then. Nothing was loaded."
            );
        }

        if (theirs.Map is not null && change.Inner is null && !theirs.Map.Equals(change.Map))
        {
            throw new ArgumentException(
                $"The checkpoint's '{change.WeightKey}' is of a network converted with another channel map "
                    + $"({theirs.Map}); this one was converted with {change.Map}. Convert with the same map, or load "
                    + "the checkpoint of before the conversion. Nothing was loaded."
            );
        }
    }

    private static void CheckConstant(LayerChange change, bool needsConstant, bool hasConstant)
    {
        if (needsConstant && !hasConstant)
        {
            throw new ArgumentException(
                $"The checkpoint's '{change.WeightKey}' is in the form after a conversion with normalization, "
                    + $"but its '{change.ConstantKey}' is missing, without which the normalization is unknown. Nothing was loaded."
            );
        }

        if (hasConstant && !needsConstant)
        {
            throw new ArgumentException(
                $"The checkpoint has '{change.ConstantKey}': it is of a network converted with a normalization, "
                    + "and this one was converted without, so that it would be lost. "
                    + $"Convert with the same {nameof(GrayscaleOptions.Normalization)}, or load the color checkpoint. "
                    + "Nothing was loaded."
            );
        }
    }

    /// <summary>Brings the entries of a converted layer into the form of now; whether its kernels are those of before.</summary>
    private static bool Adapt(LayerChange change, Tensor weight, Dictionary<string, Tensor> adapted, DisposeScope scope)
    {
        bool formOfNow = weight.shape.AsSpan().SequenceEqual(change.NewShape);
        bool formOfBefore = weight.shape.AsSpan().SequenceEqual(change.OldShape);
        bool hasConstant = adapted.ContainsKey(change.ConstantKey);
        bool needsConstant = ConstantAddition.Kernel(change.Layer) is not null;
        ConversionMark theirs = ConversionMark.TakeFrom(adapted, change.Prefix);
        foreach ((string name, Tensor value) in change.Mark.Buffers())
        {
            scope.Attach(value);
            adapted[change.Prefix + name] = value;
        }

        if (!formOfNow && !formOfBefore)
        {
            throw new ArgumentException(
                $"The checkpoint's '{change.WeightKey}' has shape {Text.Shape(weight)}; wanted {Text.Sizes(change.NewShape)} (as the "
                    + $"network is now) or {Text.Sizes(change.OldShape)} (as it was before its conversion). Nothing was loaded."
            );
        }

        CheckMap(change, theirs);
        bool isMarked = theirs.Map is not null || hasConstant;
        if (formOfNow && formOfBefore && !change.KeepsKernels && !isMarked)
        {
            throw new ArgumentException(
                $"The checkpoint's '{change.WeightKey}' has shape {Text.Shape(weight)}, which the layer has "
                    + "before and after its conversion, and the conversion changes its kernels: it cannot be told "
                    + "which of the two it is. Load it before the conversion. Nothing was loaded."
            );
        }

        if (formOfNow && (!formOfBefore || change.KeepsKernels || isMarked))
        {
            CheckConstant(change, needsConstant, hasConstant);
            if (theirs.Map is null && theirs.InputScale != change.Mark.InputScale)
            {
                using Tensor exact = weight.detach().to(ScalarType.Float64);
                adapted[change.WeightKey] = Owned((exact * (change.Mark.InputScale / theirs.InputScale)).to(weight.dtype));
            }

            return formOfBefore && change.KeepsKernels;
        }

        KernelLayout.CheckDtype(weight.dtype, $"The checkpoint's '{change.WeightKey}'");
        adapted[change.WeightKey] = Owned(change.Convert(weight));
        if (needsConstant)
        {
            adapted[change.ConstantKey] = Owned(change.ConstantFor(weight, null)!);
        }

        return true;

        Tensor Owned(Tensor tensor)
        {
            tensor.DetachFromDisposeScope();
            scope.Attach(tensor);
            return tensor;
        }
    }

    /// <summary>
    /// The entries by the network's own keys, where all of those have others in front, as "module." and "backbone.".
    /// </summary>
    private static Dictionary<string, Tensor> WithoutPrefix(Dictionary<string, Tensor> source, Dictionary<string, Tensor> own)
    {
        if (source.Keys.Any(own.ContainsKey))
        {
            return source;
        }

        (string Prefix, int Count)[] prefixes =
        [
            .. source
                .Keys.SelectMany(key =>
                    Enumerable.Range(1, key.Length).Where(at => key[at - 1] == '.' && own.ContainsKey(key[at..])).Select(at => key[..at])
                )
                .GroupBy(prefix => prefix)
                .Select(group => (group.Key, group.Count()))
                .OrderByDescending(found => found.Item2),
        ];
        if (prefixes.Length == 0)
        {
            return source;
        }

        string prefix = prefixes[0].Prefix;
        return prefixes.Length > 1 && prefixes[1].Count == prefixes[0].Count
            ? throw new ArgumentException(
                $"The checkpoint has the network's entries under '{prefix}' and under '{prefixes[1].Prefix}'. "
                    + "Give it those that are wanted. Nothing was loaded."
            )
            : source.ToDictionary(
                entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal) ? entry.Key[prefix.Length..] : entry.Key,
                entry => entry.Value
            );
    }

    /// <summary>TorchSharp's own refusal does not say which entries it means.</summary>
    private static void CheckKeys(Dictionary<string, Tensor> own, Dictionary<string, Tensor> source, bool strict, IList<string>? skip)
    {
        string[] trouble =
        [
            .. Listed("missing", own.Keys.Except(source.Keys)),
            .. Listed("unexpected", source.Keys.Except(own.Keys)),
        ];
        if (strict && trouble.Length > 0)
        {
            throw new InvalidOperationException(
                $"The entries of the checkpoint are not those of the network: {string.Join(" and ", trouble)}. Nothing was loaded; "
                    + "with strict: false those that are there are."
            );
        }

        string[] Listed(string what, IEnumerable<string> keys)
        {
            string[] all = [.. keys.Where(key => skip?.Contains(key) != true).Order(StringComparer.Ordinal)];
            string more = all.Length > 8 ? $" and {all.Length - 8} more" : "";
            return all.Length == 0 ? [] : [$"{what} {Text.Quoted(all.Take(8))}{more}"];
        }
    }

    private static void CheckShapes(Dictionary<string, Tensor> own, Dictionary<string, Tensor> source, IList<string>? skip)
    {
        foreach ((string key, Tensor found) in source)
        {
            if (
                skip?.Contains(key) != true
                && own.TryGetValue(key, out Tensor? wanted)
                && !found.shape.AsSpan().SequenceEqual(wanted.shape)
            )
            {
                throw new ArgumentException(
                    $"The checkpoint's '{key}' has shape {Text.Shape(found)}; wanted {Text.Shape(wanted)}. Nothing was loaded."
                );
            }
        }
    }
}
