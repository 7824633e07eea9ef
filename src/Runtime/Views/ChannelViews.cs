namespace ChannelGen;

/// <summary>Views of networks and convolutions, which take gray images and change nothing about the network.</summary>
public static partial class ChannelViews { }
