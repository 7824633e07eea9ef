using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>
/// The conversion of each network and the wrappers that stand for it, found again at the price of a lookup. Networks are
/// held weakly.
/// </summary>
internal static class ConversionRegistry
{
    private static readonly ConditionalWeakTable<Module, Entry> Entries = new();

    /// <summary>The wrapper of that type for a network as it is converted now, made and converted if need be.</summary>
    public static TWrapper Wrapper<TWrapper>(
        Module network,
        Func<ChannelConversion, bool> suits,
        Func<ChannelConversion> convert,
        Func<ChannelConversion, TWrapper> wrap
    )
        where TWrapper : Module
    {
        ArgumentNullException.ThrowIfNull(network);
        Entry entry = Entries.GetOrCreateValue(network);
        return Find(mayConvert: false) ?? Exclusively(network, () => Find(mayConvert: true)!);

        // The program's lock is taken before the network's, never after it.
        TWrapper? Find(bool mayConvert)
        {
            lock (entry)
            {
                if (entry.Conversion is not { IsCurrent: true } conversion)
                {
                    if (!mayConvert)
                    {
                        return null;
                    }

                    conversion = convert();
                    entry.Conversion = conversion;
                    entry.Wrappers.Clear();
                }
                else if (!suits(conversion))
                {
                    throw new InvalidOperationException(
                        $"{network.GetType().Name} has been converted before, with other options; "
                            + $"it takes {conversion.InChannels} channel{(conversion.InChannels == 1 ? "" : "s")} now. "
                            + "Convert it back first, or use the wrapper that the first conversion gave."
                    );
                }

                if (!entry.Wrappers.TryGetValue(typeof(TWrapper), out Module? wrapper))
                {
                    wrapper = wrap(conversion);
                    entry.Wrappers.Add(typeof(TWrapper), wrapper);
                }

                return (TWrapper)wrapper;
            }
        }
    }

    /// <summary>
    /// Runs what changes layers: one at a time in the program, since networks may share them, and outside of inference_mode,
    /// which leaves autograd with the shapes from before the conversion. A network that was made inside can be changed inside only.
    /// </summary>
    public static T Exclusively<T>(Module network, Func<T> change)
    {
        lock (Entries)
        {
            using IDisposable? outside = is_inference_mode_enabled() && IsMadeOutside(network) ? inference_mode(false) : null;
            return change();
        }
    }

    public static bool IsMadeOutside(Module network)
    {
        using IDisposable outside = inference_mode(false);
        using var grad = no_grad();
        try
        {
            foreach (TorchSharp.Modules.Parameter parameter in network.parameters().Where(parameter => parameter.dim() > 0))
            {
                using Tensor nothing = parameter.narrow(0, 0, 0);
                nothing.zero_();
            }

            return true;
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            // "Inplace update to inference tensor outside InferenceMode is not allowed"; there is no way to ask.
            return false;
        }
    }

    /// <summary>The conversion that a network has now; null if it is as it was made.</summary>
    public static ChannelConversion? Current(Module network) =>
        Entries.TryGetValue(network, out Entry? entry) && entry.Conversion is { IsCurrent: true } conversion ? conversion : null;

    private sealed class Entry
    {
        public ChannelConversion? Conversion { get; set; }

        // They hold the network, which is the key: an ephemeron, so neither keeps the other alive.
        public Dictionary<Type, Module> Wrappers { get; } = [];
    }
}
