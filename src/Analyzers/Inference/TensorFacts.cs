namespace ChannelGen.Analyzers.Inference;

/// <summary>
/// What is known about a tensor: its rank, some of its sizes, counted from the front (0, 1, ...) or from the back (-1, -2,
/// ...), and what it was made as. What is not known says nothing.
/// </summary>
internal sealed class TensorFacts
{
    public static readonly TensorFacts Unknown = new(null, []);

    /// <summary>The size of a dimension that has more than one entry, though not how many is known.</summary>
    public const long Several = -1;

    private readonly Dictionary<int, long> sizes;

    private TensorFacts(int? rank, Dictionary<int, long> sizes)
    {
        Rank = rank;
        this.sizes = sizes;
    }

    public int? Rank { get; private set; }

    /// <summary>It was read or computed as a grayscale image.</summary>
    public bool IsGray { get; private set; }

    /// <summary>It is a mask, labels, indices or a grid: no image.</summary>
    public bool IsNoImage { get; private set; }

    /// <summary>
    /// How many dimensions were taken out of a tensor of unknown rank, by a mean or an index: what is left in dimension 1 need
    /// not be the channels.
    /// </summary>
    public int Taken { get; private set; }

    /// <summary>The code asked for its shape and goes on only if that is the one.</summary>
    public bool IsGuarded { get; private set; }

    /// <summary>Other code may have changed it since: what speaks for an image no longer counts.</summary>
    public bool IsUncertain { get; private set; }

    public bool IsEmpty => Rank is null && sizes.Count == 0 && !IsGray && !IsNoImage && Taken == 0;

    /// <summary>The size of a dimension, counted from the front or, if negative, from the back.</summary>
    public long? Size(int dimension)
    {
        if (sizes.TryGetValue(dimension, out long size))
        {
            return size;
        }

        int other = Rank is not { } rank ? dimension : dimension < 0 ? dimension + rank : dimension - rank;
        return sizes.TryGetValue(other, out size) ? size : null;
    }

    public static TensorFacts OfShape(IReadOnlyList<long?> shape)
    {
        var sizes = new Dictionary<int, long>();
        for (int dimension = 0; dimension < shape.Count; dimension++)
        {
            if (shape[dimension] is >= 0 and { } size)
            {
                sizes[dimension] = size;
            }
        }

        return new TensorFacts(shape.Count, sizes);
    }

    public TensorFacts WithRank(int rank)
    {
        TensorFacts copy = Copy();
        copy.Rank = rank;
        return copy;
    }

    public TensorFacts WithSize(int dimension, long? size)
    {
        TensorFacts copy = Copy();
        if (Rank is { } rank)
        {
            copy.sizes.Remove(dimension < 0 ? dimension + rank : dimension - rank);
        }

        copy.sizes.Remove(dimension);
        if (size is { } known)
        {
            copy.sizes[dimension] = known;
        }

        return copy;
    }

    public TensorFacts AsGray() => With(static facts => facts.IsGray = true);

    public TensorFacts AsNoImage() => With(static facts => facts.IsNoImage = true);

    /// <summary>With some dimensions gone, nobody knows which.</summary>
    public TensorFacts WithTaken(int dimensions) => With(facts =>
    {
        facts.Rank = Rank is { } rank && rank >= dimensions ? rank - dimensions : null;
        facts.sizes.Clear();
        facts.Taken = Rank is null ? Taken + dimensions : 0;
    });

    public TensorFacts AsGuarded() => With(static facts => facts.IsGuarded = true);

    public TensorFacts AsUncertain() => With(static facts => facts.IsUncertain = true);

    /// <summary>What it was made as, with nothing known of its shape.</summary>
    public TensorFacts WithoutShape() => With(static facts =>
    {
        facts.Rank = null;
        facts.sizes.Clear();
    });

    /// <summary>The same with the sizes along space forgotten: the last two dimensions.</summary>
    public TensorFacts WithoutSpace() => WithSize(-1, null).WithSize(-2, null);

    /// <summary>A dimension of one is put in.</summary>
    public TensorFacts Unsqueezed(int dimension)
    {
        TensorFacts result = With(facts => facts.sizes.Clear());
        result.Rank = Rank + 1;
        result.Taken = Math.Max(0, Taken - 1);
        if (Rank is { } rank)
        {
            int position = dimension < 0 ? dimension + rank + 1 : dimension;
            for (int old = 0; old < rank; old++)
            {
                if (Size(old) is { } size)
                {
                    result.sizes[old < position ? old : old + 1] = size;
                }
            }

            result.sizes[position] = 1;
            return result;
        }

        foreach (KeyValuePair<int, long> known in sizes)
        {
            // With an unknown rank, a size survives where its place relative to the new dimension is certain.
            if (dimension >= 0 && known.Key >= 0)
            {
                result.sizes[known.Key < dimension ? known.Key : known.Key + 1] = known.Value;
            }
            else if (dimension < 0 && known.Key < 0)
            {
                result.sizes[known.Key > dimension ? known.Key : known.Key - 1] = known.Value;
            }
            else if (dimension == 0 && known.Key < 0)
            {
                result.sizes[known.Key] = known.Value;
            }
        }

        result.sizes[dimension] = 1;
        return result;
    }

    /// <summary>The dimensions in another order, all of them named.</summary>
    public TensorFacts Permuted(IReadOnlyList<long?> order)
    {
        var shape = new long?[order.Count];
        for (int dimension = 0; dimension < shape.Length; dimension++)
        {
            shape[dimension] = order[dimension] is { } source ? WithRank(order.Count).Size((int)source) : null;
        }

        return OfShape(shape).Inheriting(this);
    }

    /// <summary>The first dimension is picked apart: the rest moves up.</summary>
    public TensorFacts WithoutFirst()
    {
        TensorFacts result = WithTaken(1);
        foreach (KeyValuePair<int, long> known in sizes)
        {
            if (known.Key > 0)
            {
                result.sizes[known.Key - 1] = known.Value;
            }
            else if (known.Key < 0 && (Rank is null || known.Key > -Rank))
            {
                result.sizes[known.Key] = known.Value;
            }
        }

        return result;
    }

    /// <summary>This shape with what another tensor was made as.</summary>
    public TensorFacts Inheriting(TensorFacts origin) => With(facts =>
    {
        facts.IsGray |= origin.IsGray;
        facts.IsNoImage |= origin.IsNoImage;
        facts.IsUncertain |= origin.IsUncertain;
        facts.IsGuarded |= origin.IsGuarded;
        facts.Taken = Math.Max(facts.Taken, origin.Taken);
    });

    /// <summary>Both sets of facts about one tensor.</summary>
    public TensorFacts And(TensorFacts more)
    {
        if (more.IsEmpty && !more.IsGuarded)
        {
            return this;
        }

        TensorFacts result = Inheriting(more);
        result.Rank ??= more.Rank;
        foreach (KeyValuePair<int, long> known in more.sizes)
        {
            result.sizes[known.Key] = known.Value;
        }

        return result;
    }

    /// <summary>What holds whichever of the two it is.</summary>
    public static TensorFacts Common(TensorFacts left, TensorFacts right)
    {
        var result = new TensorFacts(left.Rank == right.Rank ? left.Rank : null, [])
        {
            IsGray = left.IsGray && right.IsGray,
            IsNoImage = left.IsNoImage || right.IsNoImage,
            IsUncertain = left.IsUncertain || right.IsUncertain,
            IsGuarded = left.IsGuarded || right.IsGuarded,
            Taken = Math.Max(left.Taken, right.Taken),
        };
        foreach (int dimension in left.sizes.Keys)
        {
            if (left.Size(dimension) is { } size && right.Size(dimension) == size)
            {
                result.sizes[dimension] = size;
            }
        }

        return result;
    }

    /// <summary>The result of an operation that broadcasts one against the other.</summary>
    public static TensorFacts Broadcast(TensorFacts left, TensorFacts right)
    {
        int? rank = left.Rank is { } a && right.Rank is { } b ? Math.Max(a, b) : null;
        var result = new TensorFacts(rank, [])
        {
            IsGray = left.IsGray || right.IsGray,
            IsNoImage = left.IsNoImage && right.IsNoImage,
            IsUncertain = left.IsUncertain || right.IsUncertain,
            IsGuarded = left.IsGuarded || right.IsGuarded,
            Taken = Math.Max(left.Taken, right.Taken),
        };

        for (int dimension = -1; dimension >= -6; dimension--)
        {
            long? one = left.Size(dimension);
            long? other = right.Size(dimension);
            bool leftEnds = left.Rank is { } leftRank && -dimension > leftRank;
            bool rightEnds = right.Rank is { } rightRank && -dimension > rightRank;
            long? size = one > 1 ? one
                : other > 1 ? other
                : one == Several || other == Several ? Several
                : (one == 1 || leftEnds) && (other == 1 || rightEnds) ? 1
                : null;
            if (size is { } known && !(leftEnds && rightEnds))
            {
                result.sizes[dimension] = known;
            }
        }

        return result;
    }

    /// <summary>How large a dimension is of which there are so many copies; either may be unknown.</summary>
    public static long? Times(long? size, long? copies) => (size, copies) switch
    {
        (0, _) or (_, 0) => 0,
        (Several, >= 1 or Several) or (>= 1, Several) => Several,
        ({ } known, { } number) => known * number,
        (null, > 1 or Several) or (> 1 or Several, null) => Several,
        _ => null,
    };

    private TensorFacts With(Action<TensorFacts> change)
    {
        TensorFacts copy = Copy();
        change(copy);
        return copy;
    }

    private TensorFacts Copy() => new(Rank, new Dictionary<int, long>(sizes))
    {
        IsGray = IsGray,
        IsNoImage = IsNoImage,
        IsGuarded = IsGuarded,
        IsUncertain = IsUncertain,
        Taken = Taken,
    };
}
