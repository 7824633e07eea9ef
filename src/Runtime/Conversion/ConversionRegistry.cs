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
    public static TWrapper Wrapper<TWrapper>(Module network, Func<ChannelConversion, bool> suits, Func<ChannelConversion> convert, Func<ChannelConversion, TWrapper> wrap)
        where TWrapper : Module
    {
        ArgumentNullException.ThrowIfNull(network);
        Entry entry = Entries.GetOrCreateValue(network);
        lock (entry)
        {
            if (entry.Conversion is not { IsCurrent: true } conversion)
            {
                conversion = convert();
                entry.Conversion = conversion;
                entry.Wrappers.Clear();
            }
            else if (!suits(conversion))
            {
                throw new InvalidOperationException(
                    $"{network.GetType().Name} has been converted before, with other options; it takes {conversion.InChannels} channel{(conversion.InChannels == 1 ? "" : "s")} now. Convert it back first, or use the wrapper that the first conversion gave.");
            }

            if (!entry.Wrappers.TryGetValue(typeof(TWrapper), out Module? wrapper))
            {
                wrapper = wrap(conversion);
                entry.Wrappers.Add(typeof(TWrapper), wrapper);
            }

            return (TWrapper)wrapper;
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
