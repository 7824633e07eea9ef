using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>How a tensor is copied.</summary>
internal enum StackKind
{
    /// <summary>Copies side by side along a dimension that the tensor has.</summary>
    Concatenate,

    /// <summary>Copies along a new dimension.</summary>
    Stack,

    /// <summary>hstack, vstack, dstack: along a dimension that depends on the rank.</summary>
    StackHorizontally,

    /// <inheritdoc cref="StackHorizontally"/>
    StackVertically,

    /// <inheritdoc cref="StackHorizontally"/>
    StackInDepth,

    /// <summary>A number of copies for each dimension, the rank of the result among them.</summary>
    Repeat,

    /// <summary>A number of copies for the last dimensions.</summary>
    Tile,

    /// <summary>A size for each dimension; dimensions of one are copied to it.</summary>
    Expand,

    /// <summary>The sizes of another tensor.</summary>
    ExpandAs,

    /// <summary>Arithmetic with a tensor of ones.</summary>
    MultiplyByOnes,
}

/// <summary>An expression that copies one tensor a number of times along one dimension.</summary>
/// <param name="Kind">How.</param>
/// <param name="Operation">The whole expression.</param>
/// <param name="Source">The tensor that is copied.</param>
/// <param name="Copies">How many there are in the end.</param>
/// <param name="Dimension">
/// Along which dimension, as it is written: from the front, or negative from the back. Where sizes are listed, from the back.
/// </param>
/// <param name="Arity">How many sizes are listed; none where the rank is left open, and then the dimension counts from the front.</param>
internal sealed record StackForm(StackKind Kind, IOperation Operation, IOperation Source, long Copies, int Dimension, int Arity = 0)
{
    /// <summary>Whether expand leaves all other dimensions as they are, with -1.</summary>
    public bool KeepsOthers { get; init; }
}
