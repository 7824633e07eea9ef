namespace ChannelGen;

/// <summary>
/// The weights of red, green and blue in a gray value: gray = Red * r + Green * g + Blue * b, without a unit.
/// </summary>
/// <param name="Red">The weight of the first channel of an RGB image.</param>
/// <param name="Green">The weight of the second channel.</param>
/// <param name="Blue">The weight of the third channel of an RGB image.</param>
public readonly record struct LumaCoefficients(double Red, double Green, double Blue)
{
    /// <summary>BT.601 (0.299, 0.587, 0.114): JPEG, OpenCV, Pillow's "L". Source: ITU-R BT.601-7, 2.5.1.</summary>
    public static LumaCoefficients Bt601 => new(0.299, 0.587, 0.114);

    /// <summary>BT.709 (0.2126, 0.7152, 0.0722): HDTV and sRGB. Source: ITU-R BT.709-6, item 3.2.</summary>
    public static LumaCoefficients Bt709 => new(0.2126, 0.7152, 0.0722);

    /// <summary>BT.2020 (0.2627, 0.6780, 0.0593): UHDTV. Source: ITU-R BT.2020-2, table 4.</summary>
    public static LumaCoefficients Bt2020 => new(0.2627, 0.6780, 0.0593);

    /// <summary>The plain average, 1/3 each.</summary>
    public static LumaCoefficients Average => new(1.0 / 3, 1.0 / 3, 1.0 / 3);

    /// <summary>
    /// What torchvision's rgb_to_grayscale uses (0.2989, 0.587, 0.114). They sum to 0.9999, not 1: for exact agreement with
    /// that transform, at the price that gray to color to gray scales the kernels by 0.9999.
    /// </summary>
    public static LumaCoefficients TorchVision => new(0.2989, 0.587, 0.114);

    /// <summary>The sum of the three; 1 for a way there and back that is the identity.</summary>
    public double Sum => Red + Green + Blue;

    /// <summary>The same luma for images whose channels are in the order blue, green, red.</summary>
    public LumaCoefficients ForBgr() => new(Blue, Green, Red);

    /// <summary>The three numbers in the order of the channels.</summary>
    public double[] ToArray() => [Red, Green, Blue];

    internal LumaCoefficients Checked(string parameter)
    {
        if (!double.IsFinite(Red) || !double.IsFinite(Green) || !double.IsFinite(Blue))
        {
            throw new ArgumentException($"The luma coefficients ({Red}, {Green}, {Blue}) are not all finite numbers.", parameter);
        }

        if (this == default)
        {
            throw new ArgumentException(
                "The luma coefficients are all zero: the network would no longer see the image. Name some, such as LumaCoefficients.Bt709.",
                parameter
            );
        }

        return this;
    }
}
