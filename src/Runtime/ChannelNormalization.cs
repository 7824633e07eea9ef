namespace ChannelGen;

/// <summary>
/// The normalization of an image before a network: channel i becomes (x_i - Mean[i]) / Std[i], in the units of the image
/// after <see cref="GrayscaleOptions.InputScale"/>.
/// </summary>
public sealed class ChannelNormalization : IEquatable<ChannelNormalization>
{
    private readonly double[] mean;
    private readonly double[] std;

    /// <summary>A normalization of as many channels as there are means.</summary>
    /// <param name="mean">The mean of each channel; one number, or as many as channels.</param>
    /// <param name="std">The standard deviation of each channel; as many as means.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a number is not finite, or a deviation is zero.</exception>
    public ChannelNormalization(IReadOnlyList<double> mean, IReadOnlyList<double> std)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        if (mean.Count == 0 || mean.Count != std.Count)
        {
            throw new ArgumentException(
                $"Found {mean.Count} means and {std.Count} standard deviations; wanted as many of one as of the other, and at least one.",
                nameof(std)
            );
        }

        this.mean = [.. mean];
        this.std = [.. std];
        if (!Array.TrueForAll(this.mean, double.IsFinite))
        {
            throw new ArgumentException($"The means ({string.Join(", ", mean)}) are not all finite numbers.", nameof(mean));
        }

        if (!Array.TrueForAll(this.std, value => double.IsFinite(value) && value != 0))
        {
            throw new ArgumentException(
                $"The standard deviations ({string.Join(", ", std)}) are not all finite and other than zero.",
                nameof(std)
            );
        }
    }

    /// <summary>
    /// Mean (0.485, 0.456, 0.406) and deviation (0.229, 0.224, 0.225) of ImageNet in RGB and the range 0 to 1, which
    /// torchvision's pretrained networks expect.
    /// </summary>
    public static ChannelNormalization ImageNet { get; } = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>The mean of each channel.</summary>
    public IReadOnlyList<double> Mean => mean;

    /// <summary>The standard deviation of each channel.</summary>
    public IReadOnlyList<double> Std => std;

    /// <summary>Those of one channel; a normalization of one number goes for all.</summary>
    internal (double Mean, double Std) At(int channel) => mean.Length == 1 ? (mean[0], std[0]) : (mean[channel], std[channel]);

    /// <inheritdoc/>
    public bool Equals(ChannelNormalization? other) =>
        other is not null && mean.AsSpan().SequenceEqual(other.mean) && std.AsSpan().SequenceEqual(other.std);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ChannelNormalization);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(mean.Length, mean[0], std[0]);

    /// <inheritdoc/>
    public override string ToString() => $"mean ({string.Join(", ", mean)}), std ({string.Join(", ", std)})";
}
