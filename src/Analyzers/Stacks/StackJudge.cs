using ChannelGen.Analyzers.Tensors;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>How sure it is that a gray image is stacked into channels.</summary>
internal enum Certainty
{
    None,
    Perhaps,
    Sure,
}

/// <summary>Where the channels are in what comes out.</summary>
internal enum ChannelPlace
{
    /// <summary>[N, C, H, W].</summary>
    Batched,

    /// <summary>[C, H, W].</summary>
    Unbatched,

    /// <summary>[..., C].</summary>
    Last,
}

/// <summary>What is to be thought of a form.</summary>
/// <param name="Certainty">How sure it is.</param>
/// <param name="Place">Where the channels are.</param>
internal readonly record struct Verdict(Certainty Certainty, ChannelPlace Place)
{
    public static Verdict Nothing => default;
}

/// <summary>
/// Decides from a form and what is known of its tensor whether the dimension of the copies is that of the channels. Silence
/// unless something says so.
/// </summary>
internal static class StackJudge
{
    public static Verdict Judge(StackForm form, TensorFacts facts)
    {
        Verdict verdict = JudgeFound(form, facts);
        return facts.IsLost && verdict.Certainty == Certainty.Sure ? verdict with { Certainty = Certainty.Perhaps } : verdict;
    }

    /// <summary>The same for a tensor that was not lost on the way.</summary>
    private static Verdict JudgeFound(StackForm form, TensorFacts facts)
    {
        // One number for each channel is a scale or an offset.
        bool hasNoSpace = IsOne(facts, -1) && IsOne(facts, -2);
        if (facts.IsNoImage || hasNoSpace)
        {
            return Verdict.Nothing;
        }

        return form.Kind switch
        {
            StackKind.Concatenate => Concatenate(form.Dimension, facts),
            StackKind.StackHorizontally => facts.Rank is >= 2 ? Concatenate(1, facts) : Verdict.Nothing,
            StackKind.StackVertically => facts.Rank is >= 2 ? Concatenate(0, facts) : Verdict.Nothing,
            StackKind.StackInDepth => facts.Rank switch
            {
                2 => new Verdict(IsGray(facts) ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Last),
                >= 3 => Concatenate(2, facts),
                _ => Verdict.Nothing,
            },
            StackKind.Stack => Stack(form.Dimension, facts),
            StackKind.Repeat or StackKind.Tile => Repeat(form, facts),
            StackKind.Expand => Expand(form, facts),
            StackKind.ExpandAs => ExpandAs(form, facts),
            _ => facts.Rank is null or 3 or 4 && MayBeOne(facts, -3) && (facts.Rank is not null || MayBeOne(facts, 1))
                ? Sure(form.Arity == 3 && facts.Rank != 4 ? ChannelPlace.Unbatched : ChannelPlace.Batched)
                : Verdict.Nothing,
        };
    }

    private static Verdict Concatenate(int dimension, TensorFacts facts)
    {
        switch (facts.Rank)
        {
            case 4:
                return (dimension < 0 ? dimension + 4 : dimension) switch
                {
                    1 when MayBeOne(facts, 1) => Sure(ChannelPlace.Batched),
                    3 when IsOne(facts, 3) => Sure(ChannelPlace.Last),
                    _ => Verdict.Nothing,
                };
            case 3:
                return (dimension < 0 ? dimension + 3 : dimension) switch
                {
                    0 when IsOne(facts, 0) || (IsGray(facts) && MayBeOne(facts, 0)) => Sure(ChannelPlace.Unbatched),
                    2 when IsOne(facts, 2) => Sure(ChannelPlace.Last),
                    _ => Verdict.Nothing,
                };
            case null:
                return dimension switch
                {
                    1 when facts.Taken == 0 && MayBeOne(facts, 1) && MayBeOne(facts, -3) => Sure(ChannelPlace.Batched),
                    -3 when facts.Taken == 0 && MayBeOne(facts, -3) => Sure(ChannelPlace.Batched),
                    -1 or 3 when IsOne(facts, dimension) => Sure(ChannelPlace.Last),

                    // unsqueeze(0) makes a batch of one as well as a channel.
                    0 when IsOne(facts, 0) => new Verdict(IsGray(facts) ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Unbatched),
                    _ => Verdict.Nothing,
                };
            default:
                return Verdict.Nothing;
        }
    }

    private static Verdict Stack(int dimension, TensorFacts facts)
    {
        if (facts.Rank is not { } rank)
        {
            return dimension switch
            {
                1 or -3 when facts.Taken <= 1 && facts.Size(-3) is null or 1 => Sure(ChannelPlace.Batched),
                -1 when IsGray(facts) => Sure(ChannelPlace.Last),
                _ => Verdict.Nothing,
            };
        }

        int position = dimension < 0 ? dimension + rank + 1 : dimension;
        return (rank, position) switch
        {
            (3, 1) => Sure(ChannelPlace.Batched),
            (3, 3) when IsGray(facts) => Sure(ChannelPlace.Last),
            (2, 0) => new Verdict(IsGray(facts) ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Unbatched),
            (2, 2) => new Verdict(IsGray(facts) ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Last),
            _ => Verdict.Nothing,
        };
    }

    private static Verdict Repeat(StackForm form, TensorFacts facts)
    {
        int rank = form.Kind == StackKind.Repeat ? form.Arity : Math.Max(form.Arity, facts.Rank ?? form.Arity);
        if (facts.Rank > rank || rank is not (3 or 4))
        {
            return Verdict.Nothing;
        }

        switch (form.Dimension)
        {
            case -3 when rank == 4:
                // A tensor of three or two dimensions gets the missing ones in front.
                return MayBeOne(facts, -3) && (facts.Rank is not null || MayBeOne(facts, 1)) && facts.Rank is null or 2 or 3 or 4
                    ? Sure(ChannelPlace.Batched)
                    : Verdict.Nothing;
            case -3 when !MayBeOne(facts, -3) || (facts.Rank is null && !MayBeOne(facts, 0)):
                return Verdict.Nothing;
            case -3:
                bool evidence = IsGray(facts) || IsOne(facts, -3) || (facts.Rank is null && IsOne(facts, 0));
                return new Verdict(evidence ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Unbatched);
            case -1:
                return Last(facts);
            default:
                return Verdict.Nothing;
        }
    }

    private static Verdict Expand(StackForm form, TensorFacts facts)
    {
        if (form.Arity == 0)
        {
            return ExpandOfAnyRank(form.Dimension, facts);
        }

        if (facts.Rank > form.Arity)
        {
            return Verdict.Nothing;
        }

        if (form.Dimension == -1)
        {
            return Last(facts) is { Certainty: Certainty.Sure } sure ? sure : Verdict.Nothing;
        }

        if (!MayBeOne(facts, -3))
        {
            return Verdict.Nothing;
        }

        if (form.Arity == 4)
        {
            return MayBeOne(facts, facts.Rank is null ? 1 : -3) ? Sure(ChannelPlace.Batched) : Verdict.Nothing;
        }

        // Sizes that are written out may be those of a batch of matrices.
        bool evidence = form.KeepsOthers || IsGray(facts) || IsOne(facts, -3) || (facts.Rank is null && IsOne(facts, 0));
        return new Verdict(evidence ? Certainty.Sure : Certainty.Perhaps, ChannelPlace.Unbatched);
    }

    /// <summary>With the dimension counted from the front and the rank left open: the first of three, or the second of four.</summary>
    private static Verdict ExpandOfAnyRank(int dimension, TensorFacts facts) =>
        (dimension, facts.Rank) switch
        {
            (0, 3) when MayBeOne(facts, 0) => Sure(ChannelPlace.Unbatched),
            (0, null) when MayBeOne(facts, 0) && MayBeOne(facts, -3) => new Verdict(Certainty.Perhaps, ChannelPlace.Unbatched),
            (1, null or 4) when facts.Taken == 0 && MayBeOne(facts, 1) && MayBeOne(facts, -3) => Sure(ChannelPlace.Batched),
            _ => Verdict.Nothing,
        };

    private static Verdict ExpandAs(StackForm form, TensorFacts facts) =>
        facts.Rank is null or 3 or 4
        && (IsOne(facts, -3) || (facts.Rank is null && IsOne(facts, 1)) || (IsGray(facts) && MayBeOne(facts, -3)))
            ? Sure(form.Arity == 3 ? ChannelPlace.Unbatched : ChannelPlace.Batched)
            : Verdict.Nothing;

    /// <summary>
    /// Channels in the last dimension. A one that was put there may as well be made for an index, which is spread over
    /// coordinates: only a gray image, or code that asks for the size, is sure.
    /// </summary>
    private static Verdict Last(TensorFacts facts) =>
        !MayBeOne(facts, -1) ? Verdict.Nothing
        : IsGray(facts) || (IsOne(facts, -1) && facts.IsGuarded) ? Sure(ChannelPlace.Last)
        : IsOne(facts, -1) ? new Verdict(Certainty.Perhaps, ChannelPlace.Last)
        : Verdict.Nothing;

    private static Verdict Sure(ChannelPlace place) => new(Certainty.Sure, place);

    private static bool MayBeOne(TensorFacts facts, int dimension) => facts.Size(dimension) is null or 1;

    private static bool IsOne(TensorFacts facts, int dimension) => !facts.IsUncertain && facts.Size(dimension) == 1;

    private static bool IsGray(TensorFacts facts) => facts.IsGray && !facts.IsUncertain;
}
