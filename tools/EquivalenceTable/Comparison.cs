using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EquivalenceTable;

/// <summary>The way to color, compared in its first layer: the spread kernels on a color image, the gray ones on its luma.</summary>
internal static class Comparison
{
    public static (double Difference, double Bound, bool Within) ToColor(
        Convolution layer,
        Func<Convolution, Tensor, Tensor> run,
        Tensor color,
        LumaCoefficients luma
    )
    {
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        double[] weights = luma.ToArray();
        Tensor exact = color.to(ScalarType.Float64);
        Tensor gray = zeros_like(exact.narrow(1, 0, 1));
        for (int channel = 0; channel < 3; channel++)
        {
            gray += exact.narrow(1, channel, 1) * weights[channel];
        }

        Tensor expected = run(layer, gray.to(color.dtype)).to(ScalarType.Float64);
        Tensor kernel = layer.weight.detach().to(ScalarType.Float64).abs();
        ScalarType dtype = layer.weight.dtype;
        layer.ToColor(luma);
        Tensor found = run(layer, color).to(ScalarType.Float64);

        // What passes through the layer in magnitude: in float64, with its own kernels made positive.
        Tensor signed = layer.weight.detach().clone();
        using Module<Tensor, Tensor> magnitudes = Magnitudes(layer, signed);
        Tensor sums = magnitudes.forward(exact.abs());
        double unit = dtype switch
        {
            ScalarType.Float64 => Math.ScaleB(1, -53),
            ScalarType.Float32 => Math.ScaleB(1, -24),
            ScalarType.Float16 => Math.ScaleB(1, -11),
            _ => Math.ScaleB(1, -8),
        };
        double terms = (kernel.numel() / kernel.shape[0] / kernel.shape[1] * 3) + 6;
        double gamma = terms * unit < 0.5 ? terms * unit / (1 - (terms * unit)) : 1;
        Tensor bound = (sums * (2 * gamma)) + double.Epsilon;
        Tensor difference = (expected - found).abs();
        Tensor ratio = difference / bound;
        return (difference.max().item<double>(), bound.flatten()[ratio.argmax()].item<double>(), difference.le(bound).all().item<bool>());
    }

    private static Module<Tensor, Tensor> Magnitudes(Convolution layer, Tensor weight)
    {
        Convolution twin = (layer.kernel_size.Length, layer.transposed) switch
        {
            (1, false) => Conv1d(
                3,
                layer.out_channels,
                layer.kernel_size[0],
                layer.stride[0],
                layer.padding![0],
                layer.dilation[0],
                layer.padding_mode,
                1,
                layer.bias is not null,
                dtype: ScalarType.Float64
            ),
            (2, false) => Conv2d(
                3,
                layer.out_channels,
                (layer.kernel_size[0], layer.kernel_size[1]),
                (layer.stride[0], layer.stride[1]),
                (layer.padding![0], layer.padding[1]),
                (layer.dilation[0], layer.dilation[1]),
                layer.padding_mode,
                1,
                layer.bias is not null,
                dtype: ScalarType.Float64
            ),
            (3, false) => Conv3d(
                3,
                layer.out_channels,
                layer.kernel_size[0],
                layer.stride[0],
                layer.padding![0],
                layer.dilation[0],
                layer.padding_mode,
                1,
                layer.bias is not null,
                dtype: ScalarType.Float64
            ),
            (1, true) => ConvTranspose1d(
                3,
                layer.out_channels,
                layer.kernel_size[0],
                layer.stride[0],
                layer.padding![0],
                bias: layer.bias is not null,
                dtype: ScalarType.Float64
            ),
            (2, true) => ConvTranspose2d(
                3,
                layer.out_channels,
                layer.kernel_size[0],
                layer.stride[0],
                layer.padding![0],
                bias: layer.bias is not null,
                dtype: ScalarType.Float64
            ),
            _ => ConvTranspose3d(
                3,
                layer.out_channels,
                layer.kernel_size[0],
                layer.stride[0],
                layer.padding![0],
                bias: layer.bias is not null,
                dtype: ScalarType.Float64
            ),
        };
        twin.weight.copy_(weight.abs());
        if (layer.bias is { } bias)
        {
            twin.bias!.copy_(bias.abs());
        }

        return twin;
    }
}
