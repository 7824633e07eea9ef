namespace ChannelGen.Generator;

/// <summary>The steps of the pipeline, by which tests see what an edit recomputes.</summary>
internal static class TrackingNames
{
    public const string Classes = nameof(Classes);
    public const string ClassModels = nameof(ClassModels);
    public const string Assemblies = nameof(Assemblies);
    public const string AssemblyModels = nameof(AssemblyModels);
}
