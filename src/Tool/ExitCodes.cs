namespace ChannelGen.Tool;

/// <summary>What the command ends with.</summary>
internal static class ExitCodes
{
    public const int Well = 0;
    public const int Different = 1;
    public const int Wrong = 2;
}
