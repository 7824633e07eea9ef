namespace GrayscaleDemo;

/// <summary>What the process ends with; the help says so too.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int SomeImagesUnusable = 1;
    public const int Nothing = 2;
    public const int AnswersDiffer = 3;
    public const int Stopped = 130; // as shells have it: 128 and the number of the signal
}
