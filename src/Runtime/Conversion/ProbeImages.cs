using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Conversion;

/// <summary>Where the channels of an image are.</summary>
internal readonly record struct ImageLayout(int SpatialDimensions, bool ChannelsLast)
{
    public int ChannelDimension(Tensor image) => (int)(ChannelsLast ? image.dim() - 1 : image.dim() - SpatialDimensions - 1);

    public override string ToString()
    {
        string[] space = ["D", "H", "W"];
        return string.Join(", ", space[^SpatialDimensions..]);
    }
}

/// <summary>The images that a network is tried on.</summary>
internal static class ProbeImages
{
    private const int ImageSeed = 2022;

    /// <summary>No image is tried whose side is more than twice this.</summary>
    private const long Largest = 1024;

    private const double LargestOfHalf = 30_000;

    /// <summary>The sides that are tried, for convolutions of one, two and three spatial dimensions.</summary>
    private static readonly long[][] Sides =
    [
        [1024, 256, 64, 4096, 16000, 512, 2048, 8000, 22050, 44100, 48000],
        [64, 224, 32, 28, 96, 128, 256, 299, 384, 512, 100, 48, 160, 192, 240, 300, 320, 336, 416, 448, 518, 600, 640, 768, 800, 896, 1024],
        [16, 32, 64, 8, 96, 128],
    ];

    /// <summary>
    /// Shapes of one channel worth trying, channels first and then last. Where a linear layer finds too many features or too
    /// few, which <paramref name="misfit"/> says of the shape before, the side that fits it is closed in on.
    /// </summary>
    public static IEnumerable<(long[] Shape, ImageLayout Layout)> Shapes(int spatialDimensions, Func<long> misfit)
    {
        foreach (long side in Sides[spatialDimensions - 1])
        {
            yield return First(side);
            if (misfit() == 0)
            {
                continue;
            }

            (long low, long high) = misfit() < 0 ? (side, long.MaxValue) : (0, side);
            while (high - low > 1 && low < Largest)
            {
                long middle = high == long.MaxValue ? low * 2 : (low + high) / 2;
                yield return First(middle);

                // Too small an image fails before any linear layer.
                (low, high) = misfit() > 0 ? (low, middle) : (middle, high);
            }

            yield break;
        }

        foreach (long side in Sides[spatialDimensions - 1].Take(8))
        {
            yield return ([1, .. Enumerable.Repeat(side, spatialDimensions), 1], new ImageLayout(spatialDimensions, true));
        }

        (long[] Shape, ImageLayout Layout) First(long side) =>
            ([1, 1, .. Enumerable.Repeat(side, spatialDimensions)], new ImageLayout(spatialDimensions, false));
    }

    /// <summary>A shape that the caller names, with one channel.</summary>
    /// <exception cref="ArgumentException">It has too few or too many dimensions.</exception>
    public static (long[] Shape, ImageLayout Layout) Named(IReadOnlyList<long> shape, int spatialDimensions)
    {
        int channel = shape.Count - spatialDimensions - 1;
        if (channel is < 0 or > 1 || shape.Any(size => size < 1))
        {
            throw new ArgumentException(
                $"The image shape {Text.Sizes(shape)} has {shape.Count} dimensions; wanted {spatialDimensions + 2} (batch, "
                    + $"channels and {spatialDimensions} of space), all 1 or more."
            );
        }

        // [1, 64, 64, 3]: no image has 64 channels and a width of three.
        bool isLast = shape[channel] > 4 && shape[^1] <= 4;
        long[] gray = [.. shape];
        gray[isLast ? ^1 : channel] = 1;
        return (gray, new ImageLayout(spatialDimensions, isLast));
    }

    /// <summary>Values as images have them: noise in [0, 1) / <paramref name="scale"/>.</summary>
    public static Tensor Ordinary(long[] shape, double scale, ScalarType dtype, Device device, int seed = ImageSeed) =>
        Noise(shape, random => random.NextDouble() / scale, dtype, device, seed);

    /// <summary>Values as normalized images have them, of both signs.</summary>
    public static Tensor Signed(long[] shape, double scale, ScalarType dtype, Device device, int seed = ImageSeed) =>
        Noise(shape, random => ((random.NextDouble() * 4) - 2) / scale, dtype, device, seed);

    /// <summary>Negative and large values, which a clamp, a relu or a threshold before the first layer would show.</summary>
    public static Tensor Wide(long[] shape, double scale, ScalarType dtype, Device device, int seed = ImageSeed) =>
        Noise(shape, random => (random.NextDouble() - 0.5) * (random.Next(8) == 0 ? 600 : 8) / scale, dtype, device, seed);

    public static Tensor Noise(long[] shape, Func<Random, double> next, ScalarType dtype, Device device, int seed)
    {
        // What a short dtype cannot hold would be infinite, which is no image.
        double largest = dtype == ScalarType.Float16 ? LargestOfHalf : double.MaxValue;
        var random = new Random(seed);
        var values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = Math.Clamp(next(random), -largest, largest);
        }

        using Tensor flat = tensor(values, ScalarType.Float64);
        return flat.reshape(shape).to(dtype, device, copy: true, disposeAfter: true);
    }
}
