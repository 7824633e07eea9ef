using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen.Layouts;

/// <summary>The order in memory in which all channels of one pixel lie together; TorchSharp has no name for it.</summary>
internal static class ChannelsLast
{
    /// <summary>[N, C, H, W] in that order; of one channel it is the same memory, seen with other strides.</summary>
    public static Tensor Of(Tensor image)
    {
        if (image.size(1) != 1)
        {
            using Tensor last = image.permute(0, 2, 3, 1);
            using Tensor laid = last.contiguous();
            return laid.permute(0, 3, 1, 2);
        }

        // A permutation keeps the strides of the one channel, by which libtorch would take it for contiguous.
        using Tensor rows = image.contiguous();
        using Tensor pixels = rows.view(rows.size(0), rows.size(2), rows.size(3), 1);
        return pixels.permute(0, 3, 1, 2);
    }

    public static bool Is(Tensor tensor)
    {
        if (tensor.dim() != 4 || tensor.is_contiguous())
        {
            return false;
        }

        using Tensor last = tensor.permute(0, 2, 3, 1);
        return last.is_contiguous();
    }

    /// <summary>
    /// Makes each tensor in an answer contiguous that has come out channels-last. The object stays the same, with its gradient:
    /// a tuple, a record or the network itself may hold it.
    /// </summary>
    public static void MakeContiguous(object? answer)
    {
        if (answer is Tensor only)
        {
            Lay(only);
            return;
        }

        // The numbers in an answer become tensors on the way.
        using DisposeScope scope = NewDisposeScope();
        foreach ((_, Tensor part) in Answers.In(answer))
        {
            Lay(part);
        }

        static void Lay(Tensor tensor)
        {
            if (!tensor.IsInvalid && tensor is not Parameter && Is(tensor))
            {
                using Tensor laid = tensor.contiguous();
                (Handle(tensor), Handle(laid)) = (Handle(laid), Handle(tensor));
            }
        }
    }

    /// <summary>Lays the kernels of those convolutions so, in place, for which it is another order, and gives the layers.</summary>
    public static Convolution[] LayKernels(IEnumerable<Convolution> layers)
    {
        using IDisposable grad = no_grad();
        return [.. layers.Where(Lays)];

        static bool Lays(Convolution layer)
        {
            Tensor weight = layer.weight;
            if (layer.transposed || layer.SpatialDimensions() != 2 || !weight.is_contiguous())
            {
                return false;
            }

            using Tensor laid = Of(weight);
            if (laid.is_contiguous())
            {
                return false;
            }

            weight.set_(laid);
            return true;
        }
    }

    /// <summary>Makes the kernels contiguous again.</summary>
    public static void TakeBackKernels(IEnumerable<Convolution> layers)
    {
        using IDisposable grad = no_grad();
        foreach (Convolution layer in layers.Where(layer => layer.weight is { IsInvalid: false } weight && Is(weight)))
        {
            using Tensor laid = layer.weight.contiguous();
            layer.weight.set_(laid);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    private static extern ref IntPtr Handle(Tensor tensor);
}
