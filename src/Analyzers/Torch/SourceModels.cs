using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Torch;

/// <summary>
/// The one place that asks a compilation for semantic models. In an editor and in dotnet format a referenced project is a
/// compilation of its own: its symbols have syntax, but in trees of which this compilation can give no model. Such source is
/// elsewhere, and what lies there is known as far as metadata would tell.
/// </summary>
internal static class SourceModels
{
    /// <summary>The model of a tree; null if the tree belongs to another compilation.</summary>
    public static SemanticModel? ModelOf(this Compilation compilation, SyntaxTree tree) =>
        compilation.ContainsSyntaxTree(tree) ? compilation.GetSemanticModel(tree) : null;

    /// <summary>Whether a symbol is written in this compilation, rather than in metadata or in another project's source.</summary>
    public static bool IsWrittenIn(this ISymbol symbol, Compilation compilation) =>
        symbol.DeclaringSyntaxReferences is [var reference, ..] && compilation.ContainsSyntaxTree(reference.SyntaxTree);
}
