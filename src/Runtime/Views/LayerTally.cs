using ChannelGen.Conversion;

namespace ChannelGen.Views;

/// <summary>Counts the calls of one convolution while a view runs. Threads may count at once.</summary>
internal sealed class LayerTally(NamedConvolution named)
{
    private long fromOne;
    private long fromAll;
    private int reasons;

    public NamedConvolution Named { get; } = named;

    public void Count(FullChannelReasons reason)
    {
        if (reason == FullChannelReasons.None)
        {
            Interlocked.Increment(ref fromOne);
        }
        else
        {
            Interlocked.Increment(ref fromAll);
            Interlocked.Or(ref reasons, (int)reason);
        }
    }

    /// <param name="hasRun">Whether the view has run at all.</param>
    public ViewedLayer Result(bool hasRun)
    {
        long one = Interlocked.Read(ref fromOne);
        long all = Interlocked.Read(ref fromAll);
        FullChannelReasons found = (FullChannelReasons)Volatile.Read(ref reasons);
        return new ViewedLayer(Named.Name, one, all, hasRun && one + all == 0 ? found | FullChannelReasons.NotCalled : found);
    }
}
