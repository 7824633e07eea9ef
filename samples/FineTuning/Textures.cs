using static TorchSharp.torch;

namespace FineTuning;

/// <summary>
/// Grayscale images of three textures as inspection cameras see them: stripes along, stripes across, and speckle, each with
/// noise.
/// </summary>
internal static class Textures
{
    public const int Classes = 3;
    private const int Side = 24;

    /// <summary>A batch, [N, 1, H, W] in the range 0 to 1, and its labels.</summary>
    public static (Tensor Images, Tensor Labels) Draw(int count, Random random)
    {
        var pixels = new double[count * Side * Side];
        var labels = new long[count];
        for (int image = 0; image < count; image++)
        {
            labels[image] = random.Next(Classes);
            double period = 4 + (random.NextDouble() * 4);
            double phase = random.NextDouble() * period;
            for (int row = 0; row < Side; row++)
            {
                for (int column = 0; column < Side; column++)
                {
                    double value = labels[image] switch
                    {
                        0 => Math.Sin((row + phase) / period * 2 * Math.PI),
                        1 => Math.Sin((column + phase) / period * 2 * Math.PI),
                        _ => (random.NextDouble() * 2) - 1,
                    };
                    pixels[(((image * Side) + row) * Side) + column] = 0.5 + (0.3 * value) + (0.1 * (random.NextDouble() - 0.5));
                }
            }
        }

        return (tensor(pixels, ScalarType.Float64).reshape(count, 1, Side, Side), tensor(labels));
    }
}
