using ChannelGen.Convolutions;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Checkpoints;

/// <summary>
/// Converts state dictionaries and checkpoint files between color and grayscale without building the network. What the
/// dictionary does not tell, the groups and whether the layer is transposed, the caller says.
/// </summary>
public static class StateDictConversion
{
    /// <summary>The entries of a color network as its gray network has them: the kernels of one layer summed.</summary>
    /// <param name="stateDict">The entries; left as they are.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <param name="normalization">
    /// What the color network's images went through; null for none. The dictionary is then that of the network converted with the
    /// same <see cref="GrayscaleOptions.Normalization"/>, with one entry more, "normalization_kernel".
    /// </param>
    /// <returns>A new dictionary; what is converted is new, all others are those of the argument.</returns>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of several input channels.</exception>
    public static Dictionary<string, Tensor> ToGrayscale(
        IReadOnlyDictionary<string, Tensor> stateDict,
        string layer,
        long groups = 1,
        bool transposed = false,
        ChannelNormalization? normalization = null
    )
    {
        string prefix = Prefix(stateDict, layer);
        return Mapped(stateDict, prefix, groups, transposed, isMarked: false, ToGray);

        ChannelMap ToGray(Tensor weight, long inChannels)
        {
            if (inChannels == 1)
            {
                throw new ArgumentException(
                    $"'{prefix}weight' has shape {Text.Shape(weight)}: one input channel, so it is gray already.",
                    nameof(layer)
                );
            }

            if (normalization is not null && normalization.Mean.Count != 1 && normalization.Mean.Count != inChannels)
            {
                throw new ArgumentException(
                    $"'{prefix}weight' has shape {Text.Shape(weight)}: {inChannels} input channels; "
                        + $"the normalization has {normalization.Mean.Count}.",
                    nameof(normalization)
                );
            }

            return ChannelMap.ToGray(checked((int)inChannels), normalization: normalization);
        }
    }

    /// <summary>The entries of a gray network as its color network has them: the kernels of one layer spread with luma.</summary>
    /// <param name="stateDict">The entries; left as they are.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="luma">The weight of each channel, in the order of the channels.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <returns>A new dictionary; the converted tensor is new, all others are those of the argument.</returns>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of one input channel.</exception>
    public static Dictionary<string, Tensor> ToColor(
        IReadOnlyDictionary<string, Tensor> stateDict,
        string layer,
        LumaCoefficients luma,
        bool transposed = false
    ) => Convert(stateDict, Prefix(stateDict, layer), weight => ConvolutionWeights.SpreadInputChannels(weight, luma, transposed));

    /// <summary>
    /// The entries of a network as it has them after <c>ToChannels</c> with that map. Where the map has offsets, and so a
    /// normalization, there are entries more, "normalization_kernel" and "channel_map", for the network that is converted
    /// with the same map: what the offsets add depends on its padding.
    /// </summary>
    /// <param name="stateDict">The entries; left as they are.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="map">How the old channels follow from the new ones.</param>
    /// <param name="groups">The groups of the convolution; they become 1.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <returns>A new dictionary; what is converted is new, all others are those of the argument.</returns>
    /// <exception cref="ArgumentException">
    /// There is no such entry, or it is no kernel of as many input channels as the map has old ones.
    /// </exception>
    public static Dictionary<string, Tensor> ToChannels(
        IReadOnlyDictionary<string, Tensor> stateDict,
        string layer,
        ChannelMap map,
        long groups = 1,
        bool transposed = false
    )
    {
        ArgumentNullException.ThrowIfNull(map);
        string prefix = Prefix(stateDict, layer);
        return Mapped(
            stateDict,
            prefix,
            groups,
            transposed,
            isMarked: true,
            (weight, inChannels) =>
                inChannels == map.OldChannels && map.NewChannels > 0
                    ? map
                    : throw new ArgumentException(
                        $"'{prefix}weight' has shape {Text.Shape(weight)}: {inChannels} input channels, "
                            + $"and the map gives {map.OldChannels} from {map.NewChannels}.",
                        nameof(map)
                    )
        );
    }

    /// <summary>
    /// Converts a file in TorchSharp's own format to another. The target is written beside and renamed, so it is whole or as
    /// it was; it may be the source itself.
    /// </summary>
    /// <param name="source">The color checkpoint.</param>
    /// <param name="target">The gray checkpoint.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <exception cref="InvalidDataException">The source is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of several input channels.</exception>
    public static void FileToGrayscale(string source, string target, string layer, long groups = 1, bool transposed = false) =>
        ConvertFile(source, target, entries => ToGrayscale(entries, layer, groups, transposed));

    /// <summary>Converts a file in TorchSharp's own format to another, from gray to color; see <see cref="FileToGrayscale"/>.</summary>
    /// <param name="source">The gray checkpoint.</param>
    /// <param name="target">The color checkpoint.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="luma">The weight of each channel, in the order of the channels.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <exception cref="InvalidDataException">The source is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">There is no such entry, or it is no kernel of one input channel.</exception>
    public static void FileToColor(string source, string target, string layer, LumaCoefficients luma, bool transposed = false) =>
        ConvertFile(source, target, entries => ToColor(entries, layer, luma, transposed));

    /// <summary>Converts a file in TorchSharp's own format to another, with a channel map; see <see cref="FileToGrayscale"/>.</summary>
    /// <param name="source">The checkpoint of before.</param>
    /// <param name="target">The checkpoint for the new channels.</param>
    /// <param name="layer">The path of the convolution that receives the image, without ".weight".</param>
    /// <param name="map">How the old channels follow from the new ones.</param>
    /// <param name="groups">The groups of the convolution; they become 1.</param>
    /// <param name="transposed">Whether it is a transposed convolution.</param>
    /// <exception cref="InvalidDataException">The source is cut short or of another format.</exception>
    /// <exception cref="ArgumentException">
    /// There is no such entry, or it is no kernel of as many input channels as the map has old ones.
    /// </exception>
    public static void FileToChannels(
        string source,
        string target,
        string layer,
        ChannelMap map,
        long groups = 1,
        bool transposed = false
    ) => ConvertFile(source, target, entries => ToChannels(entries, layer, map, groups, transposed));

    private static void ConvertFile(string source, string target, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> convert)
    {
        Dictionary<string, Tensor> entries = StateDictFile.Read(source);
        Dictionary<string, Tensor>? converted = null;
        try
        {
            converted = convert(entries);
            StateDictFile.Write(target, converted);
        }
        finally
        {
            foreach (Tensor entry in entries.Values.Concat(converted?.Values ?? Enumerable.Empty<Tensor>()))
            {
                entry.Dispose();
            }
        }
    }

    /// <summary>
    /// Combines the kernels with a channel map. What its offsets add becomes an entry beside them and, for a map without a name
    /// of its own, the map as well.
    /// </summary>
    private static Dictionary<string, Tensor> Mapped(
        IReadOnlyDictionary<string, Tensor> stateDict,
        string prefix,
        long groups,
        bool transposed,
        bool isMarked,
        Func<Tensor, long, ChannelMap> mapFor
    )
    {
        (Tensor Constant, ChannelMap Map)? offset = null;
        Dictionary<string, Tensor> converted = Convert(
            stateDict,
            prefix,
            weight =>
            {
                KernelLayout layout = KernelLayout.Of(weight, groups, transposed);
                ChannelMap map = mapFor(weight, layout.InChannels);
                offset = map.HasOffset ? (KernelTransform.Constant(weight, layout, map), map) : null;
                return KernelTransform.Apply(weight, layout, map);
            }
        );
        if (offset is var (constant, used))
        {
            converted[prefix + ConstantAddition.BufferName] = constant;
            foreach ((string name, Tensor value) in isMarked ? new ConversionMark(Map: used).Buffers() : [])
            {
                converted[prefix + name] = value;
            }
        }

        return converted;
    }

    /// <summary>What stands before "weight" in the keys of a layer, with that which all keys may have in front, as "module.".</summary>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    private static string Prefix(IReadOnlyDictionary<string, Tensor> stateDict, string layer)
    {
        ArgumentNullException.ThrowIfNull(stateDict);
        ArgumentNullException.ThrowIfNull(layer);
        string key = layer.Length == 0 ? "weight" : $"{layer}.weight";
        string? found = stateDict.ContainsKey(key)
            ? key
            : stateDict.Keys.FirstOrDefault(longer =>
                longer.EndsWith("." + key, StringComparison.Ordinal)
                && stateDict.Keys.All(other => other.StartsWith(longer[..^key.Length], StringComparison.Ordinal))
            );
        if (found is not null)
        {
            return found[..^"weight".Length];
        }

        string[] kernels =
        [
            .. stateDict
                .Where(entry => entry.Key.EndsWith("weight", StringComparison.Ordinal) && entry.Value.dim() is >= 3 and <= 5)
                .OrderBy(entry =>
                    entry.Value.shape[1] switch
                    {
                        3 => 0,
                        1 => 1,
                        _ => 2,
                    }
                )
                .ThenBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => entry.Key)
                .Take(6),
        ];
        throw new ArgumentException(
            $"The state dictionary has no '{key}'. "
                + $"{(kernels.Length == 0 ? "It has no kernel of a convolution." : $"Its first kernels: {Text.Quoted(kernels)}.")}",
            nameof(layer)
        );
    }

    private static Dictionary<string, Tensor> Convert(
        IReadOnlyDictionary<string, Tensor> stateDict,
        string prefix,
        Func<Tensor, Tensor> convert
    )
    {
        string key = prefix + "weight";
        string constant = prefix + ConstantAddition.BufferName;
        if (stateDict.ContainsKey(constant))
        {
            throw new ArgumentException(
                $"The state dictionary has '{constant}': a normalization was folded into '{key}', "
                    + "which only the network's own conversion can undo. Load it into the network converted with that normalization, "
                    + "and call ToColor or RestoreColor of its wrapper.",
                nameof(stateDict)
            );
        }

        var converted = new Dictionary<string, Tensor>(stateDict);
        ConversionMark mark = ConversionMark.TakeFrom(converted, prefix);
        if (mark.Map is not null)
        {
            throw new ArgumentException(
                $"The state dictionary is of a network that was converted with a channel map ({mark.Map}), which "
                    + "only the network's own conversion can undo. Load it into the network converted with that map.",
                nameof(stateDict)
            );
        }

        converted[key] = convert(stateDict[key]);
        if (mark.InputScale != 1)
        {
            // The kernels are then for images whose scale is not folded in.
            using Tensor scaled = converted[key];
            using Tensor exact = scaled.to(ScalarType.Float64);
            converted[key] = (exact / mark.InputScale).to(scaled.dtype);
        }

        return converted;
    }
}
