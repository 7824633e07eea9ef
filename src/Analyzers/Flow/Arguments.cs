using ChannelGen.Analyzers.Tensors;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What a call gives to the parameters of the method that is being followed.</summary>
internal sealed class Arguments
{
    /// <summary>How many calls deep methods are followed.</summary>
    public const int MaximumDepth = 3;

    /// <summary>Of a method that no call led to: its parameters are free.</summary>
    public static readonly Arguments None = new(null, null);

    private readonly Arguments? outer;
    private readonly ISymbol? method;

    private readonly Dictionary<ISymbol, (TensorFacts Facts, bool AreFromOutside)> given = new(SymbolEqualityComparer.Default);

    private Arguments(Arguments? outer, ISymbol? method)
    {
        this.outer = outer;
        this.method = method;
        Depth = outer is null ? 0 : outer.Depth + 1;
    }

    public int Depth { get; }

    public Arguments Into(IMethodSymbol callee) => new(this, callee);

    public void Add(ISymbol parameter, TensorFacts facts, bool areFromOutside) => given[parameter] = (facts, areFromOutside);

    /// <summary>What is known of the tensor that a parameter is given.</summary>
    public TensorFacts Facts(ISymbol parameter) =>
        given.TryGetValue(parameter, out (TensorFacts Facts, bool) argument) ? argument.Facts
        : outer is null ? TensorFacts.Unknown
        : IsOwn(parameter) ? TensorFacts.Lost
        : outer.Facts(parameter);

    /// <summary>Whether the collection that a parameter is given comes from outside as it is.</summary>
    public bool AreFromOutside(ISymbol parameter) =>
        given.TryGetValue(parameter, out (TensorFacts, bool AreFromOutside) argument)
            ? argument.AreFromOutside
            : outer is null || (!IsOwn(parameter) && outer.AreFromOutside(parameter));

    /// <summary>A local function sees the parameters of the method around it as well.</summary>
    private bool IsOwn(ISymbol parameter) => SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, method);
}
