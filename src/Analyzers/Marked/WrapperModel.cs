namespace ChannelGen.Analyzers.Marked;

/// <summary>Which way a class is converted.</summary>
internal enum Direction
{
    ToGrayscale,
    ToColor,
}

/// <summary>All that is needed to write a wrapper. Plain values only: no symbol, node or location.</summary>
/// <param name="Namespace">The namespace; empty for the global one.</param>
/// <param name="Containers">The types around the class, from the outside in, as they are reopened: "partial struct Outer&lt;T&gt;".</param>
/// <param name="ClassName">The class's name without type parameters, escaped where it is a keyword.</param>
/// <param name="PlainName">The same, not escaped, as part of other names.</param>
/// <param name="QualifiedName">The class as seen from everywhere, with type parameters.</param>
/// <param name="TypeParameters">"&lt;T, U&gt;" or empty.</param>
/// <param name="Constraints">"where T : class" clauses, or empty.</param>
/// <param name="Accessibility">"public", "internal", ...</param>
/// <param name="Direction">Which way it is converted.</param>
/// <param name="ModuleArguments">The type arguments of the Module&lt;...&gt; that it derives from, the result last.</param>
/// <param name="Parameters">The names of forward's parameters.</param>
/// <param name="ImageIndex">Which of them is the image.</param>
/// <param name="Layer">The path of the convolution that receives it; null if that is left to the runtime.</param>
/// <param name="IsExtension">Whether the class's source is elsewhere, so that it gets extension methods.</param>
/// <param name="HidesBase">Whether a base class has the same method already.</param>
/// <param name="HintName">The name of the generated file.</param>
internal sealed record WrapperModel(
    string Namespace,
    EquatableArray<string> Containers,
    string ClassName,
    string PlainName,
    string QualifiedName,
    string TypeParameters,
    string Constraints,
    string Accessibility,
    Direction Direction,
    EquatableArray<string> ModuleArguments,
    EquatableArray<string> Parameters,
    int ImageIndex,
    string? Layer,
    bool IsExtension,
    bool HidesBase,
    string HintName
);
