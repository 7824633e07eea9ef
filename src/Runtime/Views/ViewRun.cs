using TorchSharp.Modules;

namespace ChannelGen.Views;

/// <summary>The view that runs on this thread now, for the hooks of layers. Views may run inside of views.</summary>
internal sealed class ViewRun : IDisposable
{
    [ThreadStatic]
    private static ViewRun? current;

    private readonly ViewRun? outer;
    private readonly ViewedNetwork view;

    private ViewRun(ViewedNetwork view, bool comparesValues, bool channelsLast, ViewRun? outer)
    {
        this.view = view;
        this.outer = outer;
        ComparesValues = comparesValues;
        ChannelsLast = channelsLast;
    }

    public static ViewRun? Current => current;

    /// <summary>
    /// Whether the network was given a whole copy of the image, so that equal channels are seen by their values and not by
    /// their memory.
    /// </summary>
    public bool ComparesValues { get; }

    /// <summary>Whether convolutions are to compute from their one channel in the order channels-last.</summary>
    public bool ChannelsLast { get; }

    public static ViewRun Enter(ViewedNetwork view, bool comparesValues, bool channelsLast) =>
        current = new ViewRun(view, comparesValues, channelsLast, current);

    /// <summary>Counts a call for each view that runs and has the layer.</summary>
    public void Count(Convolution layer, FullChannelReasons reason)
    {
        for (ViewRun? run = this; run is not null; run = run.outer)
        {
            run.view.Count(layer, reason);
        }
    }

    public void Dispose() => current = outer;
}
