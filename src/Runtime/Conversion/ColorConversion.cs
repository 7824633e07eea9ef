namespace ChannelGen.Conversion;

/// <summary>What a conversion to color was asked to do.</summary>
internal sealed record ColorConversion(LumaCoefficients Luma, ColorOptions Options);

/// <summary>What a conversion to any number of channels was asked to do.</summary>
internal sealed record MultispectralConversion(long Channels, string? Layer);

/// <summary>What a conversion with a channel map was asked to do.</summary>
internal sealed record MappedConversion(ChannelMap Map, ChannelOptions Options);
