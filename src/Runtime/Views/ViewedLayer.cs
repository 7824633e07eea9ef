namespace ChannelGen;

/// <summary>Why a convolution was computed from all its channels while a view ran, exactly as without the view.</summary>
[Flags]
public enum FullChannelReasons
{
    /// <summary>It always was computed from one channel.</summary>
    None = 0,

    /// <summary>Another hook hangs on the layer, which must see the layer's real input.</summary>
    HookedByOthers = 1,

    /// <summary>
    /// The network gave the layer a tensor of its own (a normalized, padded, cut or changed image), whose channels are not
    /// known to be equal.
    /// </summary>
    TensorOfItsOwn = 2,

    /// <summary>
    /// The layer's input requires a gradient. That of each channel is the business of whoever asks for it, and it is not the
    /// same for each.
    /// </summary>
    RequiresGradient = 4,

    /// <summary>
    /// The view has run, but no call of the layer was seen: the network runs it with <c>forward</c> instead of <c>call</c>,
    /// which no hook sees, or does not run it at all.
    /// </summary>
    NotCalled = 8,
}

/// <summary>What a view saved in one convolution.</summary>
/// <param name="Name">The layer's path, as in the state_dict without ".weight"; "" for a bare convolution.</param>
/// <param name="CallsFromOneChannel">How many of its calls were computed from one channel.</param>
/// <param name="CallsFromAllChannels">How many of its calls were computed from all channels.</param>
/// <param name="Reasons">Why, for the latter; and why no call was seen.</param>
public sealed record ViewedLayer(string Name, long CallsFromOneChannel, long CallsFromAllChannels, FullChannelReasons Reasons)
{
    /// <summary>
    /// In words, such as "'conv1': 3 of 4 calls computed from one channel; the others were given a tensor of the network's own".
    /// </summary>
    public override string ToString()
    {
        string name = Name.Length == 0 ? "the convolution" : $"'{Name}'";
        if (CallsFromOneChannel + CallsFromAllChannels == 0)
        {
            return Reasons.HasFlag(FullChannelReasons.NotCalled)
                ? $"{name}: no call seen; the network runs it with forward instead of call, or does not run it"
                : $"{name}: not run yet";
        }

        string counts = $"{name}: {CallsFromOneChannel} of {CallsFromOneChannel + CallsFromAllChannels} calls computed from one channel";
        return CallsFromAllChannels == 0 ? counts : $"{counts}; the others {string.Join(" or ", Words())}";
    }

    private IEnumerable<string> Words()
    {
        if (Reasons.HasFlag(FullChannelReasons.HookedByOthers))
        {
            yield return "were hooked by others";
        }

        if (Reasons.HasFlag(FullChannelReasons.TensorOfItsOwn))
        {
            yield return "were given a tensor of the network's own";
        }

        if (Reasons.HasFlag(FullChannelReasons.RequiresGradient))
        {
            yield return "had an input that requires a gradient";
        }
    }
}
