namespace ChannelGen;

/// <summary>Conversions of networks and convolutions between color and grayscale, in place.</summary>
public static partial class ChannelConversions { }
