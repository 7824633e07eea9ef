using System.Runtime.CompilerServices;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Views;

/// <summary>
/// The pair of hooks by which a convolution whose input channels are the same memory computes from one of them. A
/// convolution is sealed, so the first hook computes the output, keeps it, and gives the layer an input without images; the
/// second hook gives what was kept. The layer is never written to: threads may run gray and color through it at once.
/// </summary>
internal sealed class GrayShortcut
{
    private const string HookKey = "ChannelGen.GrayShortcut";

    private static readonly ConditionalWeakTable<Convolution, GrayShortcut> Attached = new();

    // A convolution runs no other module, so at most one output of a thread is on its way.
    [ThreadStatic]
    private static Pending? pending;

    private readonly object gate = new();
    private int views;
    private int running;
    private Tensor? noImages;
    private (ScalarType Dtype, DeviceType Device, int Index) noImagesKind;

    private GrayShortcut() { }

    /// <summary>Hangs the hooks on the layer, for one view more.</summary>
    public static void Attach(Convolution layer)
    {
        GrayShortcut shortcut = Attached.GetValue(layer, static _ => new GrayShortcut());
        lock (shortcut.gate)
        {
            if (shortcut.views++ == 0 && shortcut.running == 0)
            {
                LayerHooks.AddPair(layer, HookKey, shortcut.Before, shortcut.After);
            }
        }
    }

    /// <summary>For one view less; with the last, the hooks come off as soon as no call is on its way.</summary>
    public static void Detach(Convolution layer)
    {
        if (Attached.TryGetValue(layer, out GrayShortcut? shortcut))
        {
            lock (shortcut.gate)
            {
                shortcut.views--;
                shortcut.ComeOffIfUnused(layer);
            }
        }
    }

    /// <summary>Whether nothing but this class, and what only looks, hangs on the layer.</summary>
    public static bool IsAloneOn(Convolution layer) => !LayerHooks.HasOthersThan(layer, HookKey);

    private Tensor Before(Module<Tensor, Tensor> module, Tensor input)
    {
        // What another call left here did not come to its end.
        pending?.Abandon();
        var layer = (Convolution)module;
        ViewRun? run = ViewRun.Current;
        FullChannelReasons reason = WhyNot(layer, input, run, out int dimension);
        if (reason != FullChannelReasons.None || !Begin())
        {
            run?.Count(layer, reason == FullChannelReasons.None ? FullChannelReasons.TensorOfItsOwn : reason);
            return null!;
        }

        Tensor output;
        Tensor stand;
        try
        {
            using Tensor gray = input.narrow(dimension, 0, 1);
            output = OneChannel.Run(layer, gray, run is { ChannelsLast: true } && input.dim() == 4 && dimension == 1);
            stand = NoImages(layer);
        }
        catch
        {
            End(layer);
            throw;
        }

        run?.Count(layer, FullChannelReasons.None);
        pending = new Pending(this, layer, stand, output);
        return stand;
    }

    private Tensor After(Module<Tensor, Tensor> module, Tensor input, Tensor output)
    {
        if (pending is not { } kept || !ReferenceEquals(kept.Input, input))
        {
            return null!;
        }

        pending = null;
        output.Dispose();
        End(kept.Layer);
        return kept.Output;
    }

    /// <summary>Why not from one channel, and where the channels are.</summary>
    private static FullChannelReasons WhyNot(Convolution layer, Tensor input, ViewRun? run, out int dimension)
    {
        dimension = 0;
        if (input is null || input.IsInvalid)
        {
            return FullChannelReasons.TensorOfItsOwn;
        }

        // Each question to libtorch counts where layers are small, so that the sizes are asked for once.
        long[] sizes = input.shape;
        dimension = sizes.Length - layer.SpatialDimensions() - 1;
        bool hasAllChannels = dimension is 0 or 1 && layer.in_channels > 1 && sizes[dimension] == layer.in_channels && !sizes.Contains(0);
        if (!hasAllChannels)
        {
            // The layer says itself what is wrong with it.
            return FullChannelReasons.TensorOfItsOwn;
        }

        if (!IsAloneOn(layer))
        {
            return FullChannelReasons.HookedByOthers;
        }

        bool areEqual = input.stride(dimension) == 0 || (run is { ComparesValues: true } && AreEqual(input, dimension));
        return !areEqual ? FullChannelReasons.TensorOfItsOwn
            : input.requires_grad ? FullChannelReasons.RequiresGradient
            : FullChannelReasons.None;
    }

    private static bool AreEqual(Tensor input, int dimension)
    {
        using IDisposable grad = no_grad();
        using Tensor first = input.narrow(dimension, 0, 1);
        using Tensor stacked = first.expand_as(input);
        return stacked.Equals(input);
    }

    private bool Begin()
    {
        lock (gate)
        {
            if (views == 0)
            {
                return false;
            }

            running++;
            return true;
        }
    }

    private void End(Convolution layer)
    {
        lock (gate)
        {
            running--;
            ComeOffIfUnused(layer);
        }
    }

    private void ComeOffIfUnused(Convolution layer)
    {
        if (views == 0 && running == 0)
        {
            LayerHooks.RemovePair(layer, HookKey);
            noImages?.Dispose();
            noImages = null;
        }
    }

    private Tensor NoImages(Convolution layer)
    {
        Tensor weight = layer.weight;
        (ScalarType Dtype, DeviceType Device, int Index) kind = (weight.dtype, weight.device_type, weight.device_index);
        lock (gate)
        {
            if (noImages is null || noImagesKind != kind)
            {
                // Other threads may still be running with the previous one: it is left to the garbage collector.
                noImages = OneChannel.NoImages(layer);
                noImagesKind = kind;
            }

            return noImages;
        }
    }

    /// <summary>An output that waits for its layer's second hook.</summary>
    private sealed record Pending(GrayShortcut Shortcut, Convolution Layer, Tensor Input, Tensor Output)
    {
        public void Abandon()
        {
            pending = null;
            Output.Dispose();
            Shortcut.End(Layer);
        }
    }
}
