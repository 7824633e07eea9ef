using System.Collections.Immutable;
using System.Globalization;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Stacking;

/// <summary>
/// What a fix may put in the place of a stacked tensor so that a gray network computes the same numbers. It travels in
/// the diagnostic's properties.
/// </summary>
/// <param name="SourceStart">Where the gray tensor is written.</param>
/// <param name="SourceLength">How long it is.</param>
/// <param name="Unsqueeze">The dimension that it lacks; null if it has all.</param>
internal sealed record Replacement(int SourceStart, int SourceLength, int? Unsqueeze)
{
    private const string StartKey = "source.start";
    private const string LengthKey = "source.length";
    private const string UnsqueezeKey = "unsqueeze";

    /// <summary>Null where no tensor at hand is what the network would have to be given.</summary>
    public static Replacement? Of(StackForm form, Verdict verdict, TensorFacts facts, ValueContext context)
    {
        if (verdict.Place == ChannelPlace.Last || facts.IsGuarded || facts.IsUncertain || Guards.IsGuarded(form.Source, context))
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
            case StackKind.Expand when !form.KeepsOthers || (facts.Rank is { } other && other != rank):
            case StackKind.ExpandAs or StackKind.MultiplyByOnes:
                return null;
        }

        return new Replacement(form.Source.Syntax.SpanStart, form.Source.Syntax.Span.Length, unsqueeze);
    }

    public ImmutableDictionary<string, string?> ToProperties() => ImmutableDictionary<string, string?>.Empty
        .Add(StartKey, SourceStart.ToString(CultureInfo.InvariantCulture))
        .Add(LengthKey, SourceLength.ToString(CultureInfo.InvariantCulture))
        .Add(UnsqueezeKey, Unsqueeze?.ToString(CultureInfo.InvariantCulture));

    public static Replacement? Of(Diagnostic diagnostic) =>
        diagnostic.Properties.TryGetValue(StartKey, out string? start) && start is not null
        && diagnostic.Properties.TryGetValue(LengthKey, out string? length) && length is not null
            ? new Replacement(
                int.Parse(start, CultureInfo.InvariantCulture),
                int.Parse(length, CultureInfo.InvariantCulture),
                diagnostic.Properties.TryGetValue(UnsqueezeKey, out string? unsqueeze) && unsqueeze is not null ? int.Parse(unsqueeze, CultureInfo.InvariantCulture) : null)
            : null;
}
