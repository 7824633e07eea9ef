using System.ComponentModel;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>How wrappers come about. For generated code and the extension methods; programs call those.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class WrapperFactory
{
    /// <summary>Converts a network to grayscale, or finds it converted, and gives its wrapper of that type.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layer">The layer that receives the image, where the options do not name it; null if it is to be found.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="image">The name of forward's parameter that is the image, where the options do not say it; null for the first
    /// tensor.</param>
    /// <param name="wrap">Makes the wrapper.</param>
    public static TWrapper Grayscale<TNetwork, TWrapper>(
        TNetwork network,
        string? layer,
        GrayscaleOptions? options,
        string? image,
        Func<TNetwork, ChannelConversion, TWrapper> wrap
    )
        where TNetwork : Module
        where TWrapper : Module =>
        ConversionRegistry.Wrapper(
            network,
            conversion => conversion.Options is GrayscaleOptions earlier && (options is null || options.SameConversionAs(earlier)),
            () =>
            {
                GrayscaleOptions asked = options ?? new GrayscaleOptions();
                asked = asked with { Image = asked.Image ?? image };
                return ChannelConversion.ToGrayscale(network, asked.Layers is null ? asked with { Layer = asked.Layer ?? layer } : asked);
            },
            conversion => wrap(network, conversion)
        );

    /// <summary>Converts a natively gray network to color, or finds it converted, and gives its wrapper of that type.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layer">The layer that receives the image, where the options do not name it; null if it is to be found.</param>
    /// <param name="luma">The weight of each color in the gray value.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="image">The name of forward's parameter that is the image, where the options do not say it; null for the first
    /// tensor.</param>
    /// <param name="wrap">Makes the wrapper.</param>
    public static TWrapper Color<TNetwork, TWrapper>(
        TNetwork network,
        string? layer,
        LumaCoefficients luma,
        ColorOptions? options,
        string? image,
        Func<TNetwork, ChannelConversion, TWrapper> wrap
    )
        where TNetwork : Module
        where TWrapper : Module
    {
        ColorOptions asked = options ?? new ColorOptions();
        return ConversionRegistry.Wrapper(
            network,
            conversion => conversion.Options is ColorConversion earlier && earlier.Luma == luma && asked.SameConversionAs(earlier.Options),
            () => ChannelConversion.ToColor(network, luma, asked with { Layer = asked.Layer ?? layer, Image = asked.Image ?? image }),
            conversion => wrap(network, conversion)
        );
    }

    /// <summary>Converts a network with a channel map, or finds it converted, and gives its wrapper of that type.</summary>
    /// <param name="network">The network.</param>
    /// <param name="map">How the old channels follow from the new ones.</param>
    /// <param name="options">The options; null for the usual.</param>
    /// <param name="wrap">Makes the wrapper.</param>
    public static TWrapper Channels<TNetwork, TWrapper>(
        TNetwork network,
        ChannelMap map,
        ChannelOptions? options,
        Func<TNetwork, ChannelConversion, TWrapper> wrap
    )
        where TNetwork : Module
        where TWrapper : Module
    {
        ArgumentNullException.ThrowIfNull(map);
        ChannelOptions asked = options ?? new ChannelOptions();
        if (network is IConvertedModule converted)
        {
            return network is TWrapper wrapper && IsAsked(converted.Conversion) ? wrapper : throw OtherOptions(converted);
        }

        return ConversionRegistry.Wrapper(
            network,
            IsAsked,
            () => ChannelConversion.ToChannels(network, map, asked),
            conversion => wrap(network, conversion)
        );

        bool IsAsked(ChannelConversion conversion) =>
            conversion.Options is MappedConversion earlier && earlier.Map.Equals(map) && asked.SameConversionAs(earlier.Options);
    }

    /// <summary>A wrapper that is asked to be converted: itself, if the options are those of its conversion.</summary>
    /// <exception cref="InvalidOperationException">They are others.</exception>
    internal static TWrapper? Again<TWrapper>(TWrapper? wrapper, GrayscaleOptions? options)
        where TWrapper : Module, IConvertedModule
    {
        if (wrapper?.Conversion is not { } conversion || options is null)
        {
            return wrapper;
        }

        return conversion.Options is GrayscaleOptions earlier && options.SameConversionAs(earlier) ? wrapper : throw OtherOptions(wrapper);
    }

    internal static TWrapper? Again<TWrapper>(TWrapper? wrapper, LumaCoefficients luma, ColorOptions? options)
        where TWrapper : Module, IConvertedModule
    {
        if (wrapper?.Conversion is not { } conversion)
        {
            return wrapper;
        }

        return
            conversion.Options is ColorConversion earlier
            && earlier.Luma == luma
            && (options is null || options.SameConversionAs(earlier.Options))
            ? wrapper
            : throw OtherOptions(wrapper);
    }

    private static InvalidOperationException OtherOptions(IConvertedModule wrapper) =>
        new(
            "This is the wrapper of a network that has been converted before, with other options; "
                + $"it takes {wrapper.Conversion.InChannels} channel{(wrapper.Conversion.InChannels == 1 ? "" : "s")}. "
                + "Convert it back first."
        );
}
