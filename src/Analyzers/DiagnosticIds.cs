namespace ChannelGen.Analyzers;

/// <summary>The one place for ids. They are an interface: never renumber.</summary>
internal static class DiagnosticIds
{
    public const string Stacked = "CG0001";
    public const string PerhapsStacked = "CG0002";
    public const string WrongKernel = "CG0003";
    public const string NormalizedStack = "CG0004";
    public const string UsedAfterConversion = "CG0005";
    public const string InvalidOption = "CG0006";
    public const string ImageChannels = "CG0007";
    public const string NotPartial = "CG1001";
    public const string ContainerNotPartial = "CG1002";
    public const string NotModule = "CG1003";
    public const string NoSuchLayer = "CG1004";
    public const string NotImageConvolution = "CG1005";
    public const string SeveralStems = "CG1006";
    public const string AssemblyForm = "CG1007";
    public const string NothingGenerated = "CG1008";
}
