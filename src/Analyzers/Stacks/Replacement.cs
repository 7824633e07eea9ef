using System.Collections.Immutable;
using System.Globalization;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>
/// What a fix may put in the place of a stacked tensor so that a view or a gray network computes the same numbers. It travels
/// in the diagnostic's properties.
/// </summary>
/// <param name="SourceStart">Where the gray tensor is written.</param>
/// <param name="SourceLength">How long it is.</param>
/// <param name="Unsqueeze">The dimension that it lacks; null if it has all.</param>
internal sealed record Replacement(int SourceStart, int SourceLength, int? Unsqueeze)
{
    private const string StartKey = "source.start";
    private const string LengthKey = "source.length";
    private const string UnsqueezeKey = "unsqueeze";
    private const string CopiesKey = "copies";
    private const string GuardedKey = "guarded";
    private const string UnbatchedKey = "unbatched";
    private const string AnyRankKey = "any.rank";

    /// <summary>How many channels the stack fills.</summary>
    public long Copies { get; init; } = 3;

    /// <summary>Whether the code asks for the shape, so that the tensor may also come with all its channels.</summary>
    public bool IsGuarded { get; init; }

    /// <summary>Whether the stacked image has no batch.</summary>
    public bool IsUnbatched { get; init; }

    /// <summary>
    /// Whether the form would also take a tensor of three dimensions and give it a batch, and nothing says that it is none.
    /// </summary>
    public bool TakesAnyRank { get; init; }

    /// <summary>Null where no tensor at hand is what the network would have to be given.</summary>
    public static Replacement? Of(StackForm form, Verdict verdict, TensorFacts facts, ValueContext context)
    {
        if (verdict.Place == ChannelPlace.Last)
        {
            return null;
        }

        int rank = verdict.Place == ChannelPlace.Batched ? 4 : 3;
        int? unsqueeze = null;
        switch (form.Kind)
        {
            case StackKind.Stack:
                // [N, H, W] becomes [N, 1, H, W].
                if (facts.Rank is { } without && without != rank - 1)
                {
                    return null;
                }

                unsqueeze = form.Dimension;
                break;
            case StackKind.Repeat or StackKind.Tile when facts.Rank is { } known && known != rank:
            case StackKind.Expand
                when (!form.KeepsOthers && !IsOfItsSizes(form, facts, context)) || (facts.Rank is { } other && other != rank):
            case StackKind.ExpandAs or StackKind.MultiplyByOnes:
                return null;
        }

        return new Replacement(form.Source.Syntax.SpanStart, form.Source.Syntax.Span.Length, unsqueeze)
        {
            Copies = form.Copies,
            IsGuarded = facts.IsGuarded || facts.IsUncertain || Guards.IsGuarded(form.Source, context),
            IsUnbatched = verdict.Place == ChannelPlace.Unbatched,
            TakesAnyRank = form.Kind is StackKind.Repeat or StackKind.Tile && facts.Rank is null,
        };
    }

    /// <summary>x.expand(2, 3, 16, 16) of an x that is known to be [2, 1, 16, 16].</summary>
    private static bool IsOfItsSizes(StackForm form, TensorFacts facts, ValueContext context)
    {
        if (
            form.Operation is not IInvocationOperation expand
            || facts.Rank != form.Arity
            || facts.IsUncertain
            || Integers.Arguments(expand, context) is not { } sizes
        )
        {
            return false;
        }

        IReadOnlyList<long?> constants = Integers.Constants(sizes, context)!;
        for (int index = 0; index < constants.Count; index++)
        {
            bool isKept =
                index == constants.Count + form.Dimension
                || constants[index] == -1
                || (constants[index] is { } size && size == facts.Size(index));
            if (!isKept)
            {
                return false;
            }
        }

        return true;
    }

    public ImmutableDictionary<string, string?> ToProperties() =>
        ImmutableDictionary<string, string?>
            .Empty.Add(StartKey, SourceStart.ToString(CultureInfo.InvariantCulture))
            .Add(LengthKey, SourceLength.ToString(CultureInfo.InvariantCulture))
            .Add(UnsqueezeKey, Unsqueeze?.ToString(CultureInfo.InvariantCulture))
            .Add(CopiesKey, Copies.ToString(CultureInfo.InvariantCulture))
            .Add(GuardedKey, IsGuarded ? "yes" : null)
            .Add(UnbatchedKey, IsUnbatched ? "yes" : null)
            .Add(AnyRankKey, TakesAnyRank ? "yes" : null);

    public static Replacement? Of(Diagnostic diagnostic) =>
        Value(diagnostic, StartKey) is { } start && Value(diagnostic, LengthKey) is { } length && Value(diagnostic, CopiesKey) is { } copies
            ? new Replacement(Number(start), Number(length), Value(diagnostic, UnsqueezeKey) is { } unsqueeze ? Number(unsqueeze) : null)
            {
                Copies = Number(copies),
                IsGuarded = Value(diagnostic, GuardedKey) is not null,
                IsUnbatched = Value(diagnostic, UnbatchedKey) is not null,
                TakesAnyRank = Value(diagnostic, AnyRankKey) is not null,
            }
            : null;

    private static string? Value(Diagnostic diagnostic, string key) =>
        diagnostic.Properties.TryGetValue(key, out string? value) ? value : null;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
