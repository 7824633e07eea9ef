namespace ChannelGen;

/// <summary>What all wrappers of converted networks have, whatever their inputs and results.</summary>
public interface IConvertedModule
{
    /// <summary>What was done to the network.</summary>
    ChannelConversion Conversion { get; }
}
