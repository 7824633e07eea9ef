namespace ChannelGen;

/// <summary>What <c>ToChannels</c> with a <see cref="ChannelMap"/> cannot know by itself.</summary>
public sealed record ChannelOptions : ConversionOptions
{
    /// <summary>
    /// Keeps the kernels of before beside the network (the first layer only), so that <c>Restore()</c> is exact and
    /// <c>Verify</c> can compare.
    /// </summary>
    public bool KeepOldWeights { get; init; }

    /// <summary>Whether a network converted with <paramref name="other"/> is what these options ask for.</summary>
    internal bool SameConversionAs(ChannelOptions other) => SamePlace(other) && (!KeepOldWeights || other.KeepOldWeights);
}
