using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Conversion;

/// <summary>Whether two tensors are the same but for rounding, and whether that could have been told.</summary>
internal static class Agreement
{
    /// <summary>Slices of fewer elements have no spread of their own.</summary>
    private const int SmallestSlice = 8;

    /// <summary>
    /// Of whole numbers and truth values at most one in 200 may differ, where rounding tips the scale. Of others each element
    /// is compared with the spread of its own channel, so that scores count beside boxes in pixels, and a small signal on a
    /// large offset.
    /// </summary>
    /// <param name="expected">What the network gave before.</param>
    /// <param name="found">What it gives now.</param>
    public static bool Agree(Tensor expected, Tensor found)
    {
        if (!expected.shape.AsSpan().SequenceEqual(found.shape) || expected.dtype != found.dtype)
        {
            return false;
        }

        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (expected.numel() == 0 || ReferenceEquals(expected, found) || expected.Equals(found))
        {
            return true;
        }

        double unit = Unit(expected.dtype);
        if (unit == 0)
        {
            return expected.ne(found).sum().item<long>() <= expected.numel() / 200;
        }

        bool isShort = unit > 1e-5;
        (double largest, double widest) = Reach(expected);
        double floor = ((isShort ? 1 : 8) * unit * largest) + ((isShort ? 1 : 100) * unit * (widest > 0 ? widest : largest));
        if (!isShort && Reach(expected - found).Largest <= floor)
        {
            // So does every channel, whose spread only adds to that.
            return true;
        }

        Tensor left = Real(expected);
        Tensor right = Real(found);
        Tensor finite = left.isfinite();
        if (!finite.eq(right.isfinite()).all().item<bool>() || !left.isnan().eq(right.isnan()).all().item<bool>())
        {
            return false;
        }

        left = where(finite, left, zeros_like(left));
        right = where(finite, right, zeros_like(right));
        (largest, widest) = Reach(left);
        floor = ((isShort ? 1 : 8) * unit * largest) + ((isShort ? 1 : 100) * unit * (widest > 0 ? widest : largest));

        // The two runs round differently, and layers carry that on: two decimal digits of the dtype's are left to it, and of
        // a channel that all but cancels as much as the largest leaves. Of the short dtypes single elements say too little.
        Tensor allowed = (Spread(left) * (isShort ? 2 * unit : Math.Sqrt(unit) * 3)) + floor;
        Tensor difference = (left - right).abs();
        return isShort ? difference.square().mean().le(allowed.square().mean()).item<bool>() : difference.le(allowed).all().item<bool>();
    }

    /// <summary>Whether a difference could show in what a network gave: there are two different values, or one that is not zero.</summary>
    public static bool IsTelling(Tensor answer)
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (answer.numel() == 0)
        {
            return false;
        }

        double unit = Unit(answer.dtype);
        if (unit == 0)
        {
            return answer.ne(answer.flatten()[0]).any().item<bool>();
        }

        Tensor real = Real(answer);
        (double largest, double widest) = Reach(where(real.isfinite(), real, zeros_like(real)));
        return real.numel() == 1 ? largest > 0 : widest > 4 * unit * largest;
    }

    /// <summary>The largest magnitude, and how far the largest value lies from the smallest; NaN if one is.</summary>
    public static (double Largest, double Widest) Reach(Tensor values)
    {
        Tensor real = values.is_complex() ? view_as_real(values) : values;
        (Tensor min, Tensor max) = real.flatten().aminmax(0);
        double low = min.to(ScalarType.Float64).item<double>();
        double high = max.to(ScalarType.Float64).item<double>();
        return (Math.Max(Math.Abs(low), Math.Abs(high)), high - low);
    }

    /// <summary>The relative rounding of a dtype; 0 of whole numbers.</summary>
    private static double Unit(ScalarType dtype) =>
        dtype switch
        {
            ScalarType.Float64 or ScalarType.ComplexFloat64 => Math.ScaleB(1, -53),
            ScalarType.Float32 or ScalarType.ComplexFloat32 => Math.ScaleB(1, -24),
            ScalarType.Float16 => Math.ScaleB(1, -11),
            ScalarType.BFloat16 => Math.ScaleB(1, -8),
            _ => 0,
        };

    private static Tensor Real(Tensor tensor) => (tensor.is_complex() ? view_as_real(tensor) : tensor).to(ScalarType.Float64);

    /// <summary>For each element, how far its channel reaches: the second dimension or the last, whichever tells more.</summary>
    private static Tensor Spread(Tensor values)
    {
        Tensor spread = (values.max() - values.min()).expand(values.shape);
        foreach (long dimension in new[] { 1, values.dim() - 1 }.Distinct().Where(dimension => dimension >= 1 && dimension < values.dim()))
        {
            if (values.numel() / values.size((int)dimension) >= SmallestSlice)
            {
                long[] others = [.. Enumerable.Range(0, (int)values.dim()).Select(index => (long)index).Where(index => index != dimension)];
                spread = minimum(spread, values.amax(others, keepdim: true) - values.amin(others, keepdim: true));
            }
        }

        return spread;
    }
}
