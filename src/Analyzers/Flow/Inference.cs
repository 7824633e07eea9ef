using ChannelGen.Analyzers.Tensors;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What rules ask of values, whoever answers.</summary>
internal static class Inference
{
    /// <summary>What is known of a tensor where it stands.</summary>
    public static TensorFacts Facts(this ValueContext context, IOperation operation) => TensorInference.Facts(operation, context);

    /// <summary>The same inside a method whose parameter was given something known.</summary>
    public static TensorFacts Facts(this ValueContext context, IOperation operation, IParameterSymbol parameter, TensorFacts given) =>
        TensorInference.Facts(operation, context, parameter, given);

    /// <summary>The elements of an array, a list or a tuple; null if they are not known.</summary>
    public static IReadOnlyList<IOperation>? Elements(this ValueContext context, IOperation? operation) =>
        Sequences.Elements(operation, context);
}
