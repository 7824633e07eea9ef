using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>What the dimensions of a convolution's weight mean.</summary>
/// <param name="InChannels">The input channels of the whole layer.</param>
/// <param name="OutChannels">The output channels of the whole layer.</param>
/// <param name="Groups">The groups that channels are divided into.</param>
/// <param name="Transposed">Whether the layer is a transposed convolution.</param>
internal readonly record struct KernelLayout(long InChannels, long OutChannels, long Groups, bool Transposed)
{
    /// <summary>The dimension of the weight along which input channels lie.</summary>
    public int ChannelDimension => Transposed ? 0 : 1;

    /// <exception cref="ArgumentException">Not the weight of such a convolution.</exception>
    public static KernelLayout Of(Tensor weight, long groups, bool transposed)
    {
        ArgumentNullException.ThrowIfNull(weight);
        CheckDtype(weight.dtype, nameof(weight));
        long[] shape = weight.shape;
        if (shape.Length is < 3 or > 5)
        {
            throw new ArgumentException(
                $"Found a weight of shape [{string.Join(", ", shape)}]; wanted that of a 1-D, 2-D or 3-D convolution: "
                    + "two channel dimensions and one to three of the kernel.",
                nameof(weight)
            );
        }

        if (groups < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(groups), groups, "A convolution has 1 group or more.");
        }

        if (shape[0] % groups != 0)
        {
            throw new ArgumentException(
                $"Found {groups} groups for a weight of shape [{string.Join(", ", shape)}]; wanted a number that divides {shape[0]}.",
                nameof(groups)
            );
        }

        return transposed
            ? new KernelLayout(shape[0], shape[1] * groups, groups, true)
            : new KernelLayout(shape[1] * groups, shape[0], groups, false);
    }

    public static void CheckDtype(ScalarType dtype, string what)
    {
        if (dtype is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException(
                $"{what} has dtype {dtype}; wanted Float16, BFloat16, Float32 or Float64. "
                    + "Convert a quantized network before it is quantized."
            );
        }
    }
}
