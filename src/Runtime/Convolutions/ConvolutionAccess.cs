using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Convolutions;

/// <summary>What TorchSharp keeps to itself of a convolution, and a run of one with another kernel.</summary>
internal static class ConvolutionAccess
{
    /// <summary>in_channels has no setter, yet forward checks the input against it.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<in_channels>k__BackingField")]
    public static extern ref long InChannels(Convolution layer);

    /// <summary>There is no way to take a buffer off a module but through its table.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_buffers")]
    public static extern ref TorchSharp.Utils.OrderedDict<string, (Tensor, bool)> Buffers(Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_params")]
    public static extern ref TorchSharp.Utils.OrderedDict<string, Parameter> Parameters(Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_submodules")]
    public static extern ref TorchSharp.Utils.OrderedDict<string, Module> Submodules(Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_reversed_padding_repeated_twice")]
    private static extern ref long[] ReversedPadding(Convolution layer);

    public static int SpatialDimensions(this Convolution layer) => layer.kernel_size.Length;

    /// <exception cref="InvalidOperationException">The layer is disposed, or its weight is not what its in_channels says.</exception>
    /// <exception cref="ArgumentException">Its weight has a dtype that no conversion handles.</exception>
    public static KernelLayout Layout(this Convolution layer, string name)
    {
        if (layer.weight is null || layer.weight.IsInvalid)
        {
            throw new InvalidOperationException($"The weight of {Describe(layer, name)} is disposed. Convert a network while it is alive.");
        }

        KernelLayout.CheckDtype(layer.weight.dtype, $"The weight of {Describe(layer, name)}");
        KernelLayout layout = KernelLayout.Of(layer.weight, layer.groups, layer.transposed);
        return layout.InChannels == layer.in_channels
            ? layout
            : throw new InvalidOperationException(
                $"Found a weight of shape {Text.Shape(layer.weight)} in {Describe(layer, name)}, whose in_channels is {layer.in_channels}; "
                    + "wanted one that matches. Was the weight replaced by hand?"
            );
    }

    public static string Describe(Convolution layer, string name) =>
        name.Length == 0 ? $"this {layer.GetType().Name}" : $"layer '{name}' ({layer.GetType().Name})";

    /// <summary>
    /// What the layer would give for <paramref name="input"/> with <paramref name="weight"/> for one group, and with that bias.
    /// </summary>
    public static Tensor Run(this Convolution layer, Tensor input, Tensor weight, Tensor? bias = null)
    {
        if (layer.transposed)
        {
            long[] extra = [layer.output_padding[0]];
            return layer.SpatialDimensions() switch
            {
                1 => functional.conv_transpose1d(input, weight, bias, layer.stride[0], layer.padding![0], extra[0], layer.dilation[0]),
                2 => functional.conv_transpose2d(input, weight, bias, layer.stride, layer.padding, extra, layer.dilation),
                _ => functional.conv_transpose3d(input, weight, bias, layer.stride, layer.padding, extra, layer.dilation),
            };
        }

        if (layer.padding_mode != PaddingModes.Zeros)
        {
            using Tensor padded = functional.pad(input, ReversedPadding(layer), layer.padding_mode);
            return Convolve(layer, padded, weight, bias, new long[layer.SpatialDimensions()]);
        }

        if (layer.padding_type is { } padding)
        {
            return layer.SpatialDimensions() switch
            {
                1 => functional.conv1d_padding(input, weight, bias, layer.stride[0], padding, layer.dilation[0]),
                2 => functional.conv2d_padding(input, weight, bias, layer.stride, padding, layer.dilation),
                _ => functional.conv3d_padding(input, weight, bias, layer.stride, padding, layer.dilation),
            };
        }

        return Convolve(layer, input, weight, bias, layer.padding!);
    }

    /// <summary>Whether a constant image gives a constant output: no zeros are laid around it.</summary>
    public static bool KeepsConstants(this Convolution layer) =>
        !layer.transposed
        && (
            layer.padding_mode is PaddingModes.Reflect or PaddingModes.Replicate or PaddingModes.Circular
            || layer.padding_type == Padding.Valid
            || (layer.padding is { } padding && Array.TrueForAll(padding, size => size == 0))
        );

    /// <summary>What a constant image becomes along each spatial dimension, where zeros are laid around it.</summary>
    public static ConstantAxis[] Axes(this Convolution layer)
    {
        var axes = new ConstantAxis[layer.SpatialDimensions()];
        for (int index = 0; index < axes.Length; index++)
        {
            // TorchSharp takes the first dimension's output padding for all.
            (long before, long after) = layer.transposed ? (layer.padding![index], layer.output_padding[0]) : Zeros(layer, index);
            axes[index] = new ConstantAxis(
                layer.kernel_size[index],
                layer.stride[index],
                layer.dilation[index],
                before,
                after,
                layer.transposed
            );
        }

        return axes;
    }

    /// <summary>
    /// The answer, [out_channels, spatial...], of a kernel of one input channel to an image of ones of that size: with stride
    /// 1 unless the layer is transposed, and the sum of the kernel where the layer keeps constants. In the kernel's dtype.
    /// </summary>
    public static Tensor AnswerToOnes(this Convolution layer, long[] size, Tensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        int space = layer.SpatialDimensions();
        if (layer.KeepsConstants())
        {
            // [out, 1, k...] to [out, 1...].
            long[] spatial = [.. Enumerable.Range(2, space).Select(dimension => (long)dimension)];
            return kernel.sum(spatial, keepdim: true).squeeze(1).MoveToOuterDisposeScope();
        }

        Tensor image = ones([1, 1, .. size], kernel.dtype, kernel.device);
        if (layer.transposed)
        {
            return layer.Run(image, kernel).squeeze(0).MoveToOuterDisposeScope();
        }

        // From the last dimension to the first.
        long[] zeros = [.. Enumerable.Reverse(layer.Axes()).SelectMany(axis => (long[])[axis.Before, axis.After])];
        Tensor padded = functional.pad(image, zeros, PaddingModes.Constant);
        Tensor answer = space switch
        {
            1 => functional.conv1d(padded, kernel, null, 1, 0, layer.dilation[0]),
            2 => functional.conv2d(padded, kernel, null, [1, 1], [0, 0], layer.dilation),
            _ => functional.conv3d(padded, kernel, null, [1, 1, 1], [0, 0, 0], layer.dilation),
        };
        return answer.squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>The zeros that are laid before and after an image along one dimension.</summary>
    private static (long Before, long After) Zeros(Convolution layer, int dimension)
    {
        if (layer.padding_mode != PaddingModes.Zeros)
        {
            // From the last dimension to the first, each twice.
            ReadOnlySpan<long> reversed = ReversedPadding(layer).AsSpan()[^(2 * (dimension + 1))..];
            return (reversed[0], reversed[1]);
        }

        if (layer.padding is { } padding)
        {
            return (padding[dimension], padding[dimension]);
        }

        // "Same": what cannot be divided by two goes after.
        long all = layer.dilation[dimension] * (layer.kernel_size[dimension] - 1);
        return (all / 2, all - (all / 2));
    }

    private static Tensor Convolve(Convolution layer, Tensor input, Tensor weight, Tensor? bias, long[] padding) =>
        layer.SpatialDimensions() switch
        {
            1 => functional.conv1d(input, weight, bias, layer.stride[0], padding[0], layer.dilation[0]),
            2 => functional.conv2d(input, weight, bias, layer.stride, padding, layer.dilation),
            _ => functional.conv3d(input, weight, bias, layer.stride, padding, layer.dilation),
        };
}
