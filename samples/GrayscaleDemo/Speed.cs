namespace GrayscaleDemo;

/// <summary>How many times as fast the converted network is as the stacked one, from pairs of runs that follow each other.</summary>
/// <param name="Median">Half of the pairs gave more, half less.</param>
/// <param name="Low">A quarter of the pairs gave less.</param>
/// <param name="High">A quarter of the pairs gave more.</param>
/// <param name="Pairs">How many pairs there were.</param>
internal sealed record Speed(double Median, double Low, double High, int Pairs)
{
    public static Speed Of(IEnumerable<(double Stacked, double Converted)> times)
    {
        double[] ratios = [.. times.Select(pair => pair.Stacked / pair.Converted).Order()];
        double At(double part) => ratios[(int)Math.Round(part * (ratios.Length - 1))];
        return new Speed(At(0.5), At(0.25), At(0.75), ratios.Length);
    }

    /// <summary>Says which is faster only where the middle half of the pairs agrees on it.</summary>
    public string InWords
    {
        get
        {
            string verdict =
                Low > 1 ? $"{Median:0.00} times as fast as with stacked images"
                : High < 1 ? $"slower, {Median:0.00} times as fast as with stacked images"
                : "as fast as with stacked images, or too close to tell";
            return $"{verdict} (the middle half of {Pairs} pairs of runs: {Low:0.00} to {High:0.00} times)";
        }
    }
}
