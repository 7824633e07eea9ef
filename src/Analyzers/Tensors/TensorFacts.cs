namespace ChannelGen.Analyzers.Tensors;

/// <summary>
/// What is known about a tensor: its rank, some of its sizes, counted from the front (0, 1, ...) or from the back (-1, -2,
/// ...), and what it was made as. What is not known says nothing.
/// </summary>
internal sealed class TensorFacts
{
    /// <summary>
    /// Free: nothing is known, because the value comes in from outside, as a method's own parameter does. Code that stacks such
    /// a value says itself what it takes it for.
    /// </summary>
    public static readonly TensorFacts Unknown = new(null, []);

    /// <summary>
    /// Lost: the value comes out of code that is not understood, so that what is known to be nothing may be anything.
    /// </summary>
    public static readonly TensorFacts Lost = new(null, []) { IsLost = true };

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

    /// <summary>On some way it went through code that is not understood, or came from where it is no gray image: never sure.</summary>
    public bool IsLost { get; private set; }

    public bool IsEmpty => Rank is null && sizes.Count == 0 && !IsGray && !IsNoImage && !IsLost && Taken == 0;

    /// <summary>The size of a dimension, counted from the front or, if negative, from the back.</summary>
    public long? Size(int dimension)
    {
        if (sizes.TryGetValue(dimension, out long size))
        {
            return size;
        }

        if (Rank is not { } rank || dimension < -rank || dimension >= rank)
        {
            return null;
        }

        int other = dimension < 0 ? dimension + rank : dimension - rank;
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

    /// <summary>What was made gray is gray, whatever it was made of.</summary>
    public TensorFacts AsGray() =>
        With(static facts =>
        {
            facts.IsGray = true;
            facts.IsLost = false;
        });

    public TensorFacts AsLost() => IsLost ? this : With(static facts => facts.IsLost = true);

    /// <summary>What a layer that the source shows gives does not depend on where its input came from.</summary>
    public TensorFacts AsFound() => IsLost ? With(static facts => facts.IsLost = false) : this;

    public TensorFacts AsNoImage() => With(static facts => facts.IsNoImage = true);

    /// <summary>With some dimensions gone, nobody knows which.</summary>
    public TensorFacts WithTaken(int dimensions) =>
        With(facts =>
        {
            facts.Rank = Rank is { } rank && rank >= dimensions ? rank - dimensions : null;
            facts.sizes.Clear();
            facts.Taken = Rank is null ? Taken + dimensions : 0;
        });

    public TensorFacts AsGuarded() => With(static facts => facts.IsGuarded = true);

    public TensorFacts AsUncertain() => With(static facts => facts.IsUncertain = true);

    /// <summary>What it was made as, with nothing known of its shape.</summary>
    public TensorFacts WithoutShape() =>
        With(static facts =>
        {
            facts.Rank = null;
            facts.sizes.Clear();
        });

    /// <summary>A shape that was written out is lost where the number that stands for the channels of a batch is not known.</summary>
    public TensorFacts AsWritten() => Rank is 4 && Size(-3) is null && Size(-1) != 1 ? AsLost() : this;

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
    public TensorFacts Inheriting(TensorFacts origin) =>
        With(facts =>
        {
            facts.IsGray |= origin.IsGray;
            facts.IsNoImage |= origin.IsNoImage;
            facts.IsUncertain |= origin.IsUncertain;
            facts.IsGuarded |= origin.IsGuarded;
            facts.IsLost |= origin.IsLost;
            facts.Taken = Math.Max(facts.Taken, origin.Taken);
        });

    /// <summary>Both sets of facts about one tensor.</summary>
    public TensorFacts And(TensorFacts more)
    {
        if (more.IsEmpty && !more.IsGuarded)
        {
            return this;
        }

        // Code that asks for one channel knows that it has one, wherever the tensor came from.
        TensorFacts result = Inheriting(more);
        result.IsLost = more.IsLost || (IsLost && more.Size(1) != 1 && more.Size(-3) != 1);
        result.Rank ??= more.Rank;
        foreach (KeyValuePair<int, long> known in more.sizes)
        {
            result.sizes[known.Key] = known.Value;
        }

        return result;
    }

    /// <summary>
    /// What holds whichever of the two it is. Where one alone speaks against a gray image, the two together are lost: on that
    /// way it is none.
    /// </summary>
    public static TensorFacts Common(TensorFacts left, TensorFacts right)
    {
        var result = new TensorFacts(left.Rank == right.Rank ? left.Rank : null, [])
        {
            IsGray = left.IsGray && right.IsGray,
            IsNoImage = left.IsNoImage || right.IsNoImage,
            IsUncertain = left.IsUncertain || right.IsUncertain,
            IsGuarded = left.IsGuarded || right.IsGuarded,
            IsLost = left.IsLost || right.IsLost || SpeaksAlone(left, right) || SpeaksAlone(right, left),
            Taken = Math.Max(left.Taken, right.Taken),
        };
        foreach (int dimension in left.sizes.Keys)
        {
            if (left.Size(dimension) is { } size && right.Size(dimension) is { } other)
            {
                if (size == other)
                {
                    result.sizes[dimension] = size;
                }
                else if (IsMoreThanOne(size) && IsMoreThanOne(other))
                {
                    result.sizes[dimension] = Several;
                }
            }
        }

        return result;
    }

    /// <summary>
    /// Whether one of two tensors has more than one channel where the other may have one, or is no image by its rank alone. One
    /// without dimensions or with one, as empty(0) is, only holds a place.
    /// </summary>
    private static bool SpeaksAlone(TensorFacts one, TensorFacts other) =>
        (one.Rank is { } rank and (2 or > 4) && other.Rank != rank)
        || MayDiffer(one.Size(-3), other.Size(-3))
        || (one.Rank is null or 4 && MayDiffer(one.Size(1), other.Size(1)));

    private static bool MayDiffer(long? size, long? other) =>
        size is { } known && IsMoreThanOne(known) && !(other is { } another && IsMoreThanOne(another));

    private static bool IsMoreThanOne(long size) => size is > 1 or Several;

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
            IsLost = left.IsLost || right.IsLost,
            Taken = Math.Max(left.Taken, right.Taken),
        };

        for (int dimension = -1; dimension >= -6; dimension--)
        {
            long? one = left.Size(dimension);
            long? other = right.Size(dimension);
            bool leftEnds = left.Rank is { } leftRank && -dimension > leftRank;
            bool rightEnds = right.Rank is { } rightRank && -dimension > rightRank;
            long? size =
                one > 1 ? one
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
    public static long? Times(long? size, long? copies) =>
        (size, copies) switch
        {
            (0, _) or (_, 0) => 0,
            (Several, >= 1 or Several) or ( >= 1, Several) => Several,
            ({ } known, { } number) => known * number,
            (null, > 1 or Several) or ( > 1 or Several, null) => Several,
            _ => null,
        };

    private TensorFacts With(Action<TensorFacts> change)
    {
        TensorFacts copy = Copy();
        change(copy);
        return copy;
    }

    private TensorFacts Copy() =>
        new(Rank, new Dictionary<int, long>(sizes))
        {
            IsGray = IsGray,
            IsNoImage = IsNoImage,
            IsGuarded = IsGuarded,
            IsUncertain = IsUncertain,
            IsLost = IsLost,
            Taken = Taken,
        };
}
