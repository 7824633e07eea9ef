namespace ChannelGen.Tool;

/// <summary>What is being done, for those who wait at a terminal; a log gets the errors alone.</summary>
internal static class Progress
{
    public static void Tell(string step)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"channelgen: {step} ...");
        }
    }
}
