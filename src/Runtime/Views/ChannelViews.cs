namespace ChannelGen;

/// <summary>Views of networks and convolutions by gray images, which change nothing about them.</summary>
public static partial class ChannelViews { }
