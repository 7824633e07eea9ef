using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a folded normalization keeps between runs, and that it notices what changes.</summary>
public class ConstantStateTests
{
    private static readonly GrayscaleOptions ImageNet = new() { Normalization = ChannelNormalization.ImageNet };
    private static readonly double[] Means = [0.485, 0.456, 0.406];
    private static readonly double[] Deviations = [0.229, 0.224, 0.225];

    public ConstantStateTests() => manual_seed(7);

    [Fact]
    public void Devices_are_compared_by_type_and_index()
    {
        using Tensor left = rand(1);
        using Tensor right = rand(1);
        Assert.True(left.device.IsSameAs(right.device));
        Assert.True(new Device(DeviceType.CPU, 0).IsSameAs(CPU));
        Assert.True(new Device(DeviceType.CUDA, 1).IsSameAs(new Device(DeviceType.CUDA, 1)));
        Assert.False(new Device(DeviceType.CUDA, 1).IsSameAs(new Device(DeviceType.CUDA, 0)));
        Assert.False(new Device(DeviceType.CUDA, 0).IsSameAs(CPU));
    }

    [Fact]
    public void One_size_is_placed_once_and_images_larger_than_the_kernel_have_one_answer()
    {
        using Conv2d layer = Conv2d(3, 4, 7, 2, 3);
        using Tensor kernel = rand(4, 1, 7, 7, dtype: ScalarType.Float64);
        var map = new ConstantMap(layer, kernel);
        PlacedConstants first = Placed(40, 40);
        Assert.Same(first, Placed(40, 40));
        for (int side = 7; side < 107; side++)
        {
            Placed(side, 120 - side);
        }

        Assert.Equal(1, map.SmallAnswers);
        for (int side = 1; side < 7; side++)
        {
            Placed(side, side);
            Placed(side, 50);
        }

        Assert.Equal(ConstantMap.SmallAnswersKept, map.SmallAnswers);

        PlacedConstants Placed(int height, int width)
        {
            using Tensor image = rand(1, 3, height, width);
            using Tensor output = layer.forward(image);
            return map.For(layer, kernel, image, output);
        }
    }

    [Fact]
    public void No_tensor_stays_behind_for_any_number_of_sizes()
    {
        using Conv2d layer = Conv2d(3, 4, 3, 2, 1);
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(ImageNet);
        Run(8, 12);
        long before = Count();
        Run(20, 60);
        Assert.InRange(Count(), 0, before + 16);

        void Run(int from, int to)
        {
            for (int side = from; side < to; side++)
            {
                using Tensor image = rand(1, 1, side, 2 * side);
                converted.call(image).Dispose();
            }
        }

        static long Count()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Tensor.TotalCount;
        }
    }

    [Fact]
    public void Another_dtype_is_noticed()
    {
        using Conv2d color = Conv2d(3, 4, 5, 2, 2);
        using Conv2d gray = Copy(color);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(ImageNet);
        using Tensor image = rand(1, 1, 30, 40);
        foreach (
            (ScalarType dtype, double bound) in ((ScalarType, double)[])
                [(ScalarType.Float32, 1e-5), (ScalarType.Float64, 1e-6), (ScalarType.BFloat16, 0.1), (ScalarType.Float32, 0.1)]
        )
        {
            converted.to(dtype);
            using Tensor found = converted.call(image.to(dtype));
            Assert.Equal(dtype, found.dtype);
            using Tensor expected = color.forward(Normalized(image));
            Assert.True(Bounds.LargestDifference(expected, found) < bound, dtype.ToString());
        }
    }

    [Fact]
    public void Another_device_is_noticed()
    {
        using Conv2d layer = Conv2d(3, 4, 3, padding: 1);
        using Tensor kernel = rand(4, 1, 3, 3, dtype: ScalarType.Float64);
        using Tensor image = rand(1, 1, 200, 300);
        using Tensor here = zeros(1, 4, 200, 300);
        using Tensor elsewhere = zeros(1, 4, 200, 300, device: META);
        var map = new ConstantMap(layer, kernel);
        PlacedConstants first = map.For(layer, kernel, image, here);
        PlacedConstants second = map.For(layer, kernel, image, elsewhere);
        Assert.NotSame(first, second);
        second.AddTo(elsewhere);
        Assert.Equal(DeviceType.META, elsewhere.device_type);
        map.For(layer, kernel, image, here).AddTo(here);
        Assert.Equal(1, map.SmallAnswers);
        using Tensor whole = layer.Run(ones([1, 1, 200, 300], ScalarType.Float64), kernel);
        Assert.True(Bounds.LargestDifference(whole, here) < 1e-6);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kernels_that_are_loaded_are_noticed(bool throughTheNetworkInside)
    {
        using Sequential first = Sequential(Conv2d(3, 4, 3, padding: 1));
        using Sequential second = Sequential(Conv2d(3, 4, 3, padding: 1));
        using Tensor image = rand(1, 1, 20, 30);
        using Tensor expected = second.forward(Normalized(image));
        GrayscaleModule<Tensor, Tensor> of = first.ToGrayscale(ImageNet);
        GrayscaleModule<Tensor, Tensor> other = second.ToGrayscale(ImageNet);
        of.call(image).Dispose();
        Dictionary<string, Tensor> checkpoint = other.state_dict();
        if (throughTheNetworkInside)
        {
            of.Network.load_state_dict(checkpoint);
        }
        else
        {
            of.load_state_dict(checkpoint);
        }

        using Tensor found = of.call(image);
        Assert.True(Bounds.LargestDifference(expected, found) < 1e-5);
    }

    [Fact]
    public void Another_padding_is_noticed()
    {
        using Conv2d color = Conv2d(3, 4, 3, padding: 1);
        using Conv2d gray = Copy(color);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(ImageNet);
        using Tensor image = rand(1, 1, 20, 30);
        converted.call(image).Dispose();
        foreach (long padding in (long[])[2, 0, 1])
        {
            color.SetPadding([padding, padding]);
            gray.SetPadding([padding, padding]);
            using Tensor expected = color.forward(Normalized(image));
            using Tensor found = converted.call(image);
            Assert.True(Bounds.LargestDifference(expected, found) < 1e-5, $"{padding}");
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(200)]
    public void Training_has_the_gradients_of_the_color_layer(int side)
    {
        using Conv2d color = Conv2d(3, 4, 7, 2, 3, dtype: ScalarType.Float64);
        using Conv2d gray = Copy(color);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(ImageNet);
        using Tensor image = rand([2, 1, side, side], ScalarType.Float64);
        using Tensor given = image.clone().requires_grad_(true);

        // What is kept for inference mode is of use outside of it, too.
        using (inference_mode())
        {
            converted.call(image).Dispose();
        }

        for (int step = 0; step < 2; step++)
        {
            color.zero_grad();
            gray.zero_grad();
            Tensor expected = color.forward(Normalized(image));
            Tensor found = converted.call(given);
            Assert.True(found.requires_grad);
            Assert.True(Bounds.LargestDifference(expected.detach(), found.detach()) < 1e-12);
            expected.square().sum().backward();
            found.square().sum().backward();
            Assert.True(Bounds.LargestDifference(color.bias!.grad!, gray.bias!.grad!) < 1e-9);

            // d/dw* = sum over the output of 2 y g; the color layer's is of (g - m) / s.
            using Tensor raw = functional
                .conv2d(image.transpose(0, 1), (2 * found.detach()).transpose(0, 1), dilation: [2, 2], padding: [3, 3])
                .transpose(0, 1)
                .slice(2, 0, 7, 1)
                .slice(3, 0, 7, 1);
            Assert.True(Bounds.LargestDifference(raw, gray.weight.grad!) < 1e-9);
            Assert.NotNull(given.grad);
        }
    }

    [Fact]
    public void Converted_and_run_in_inference_mode_alone()
    {
        using Conv2d color = Conv2d(3, 4, 3, padding: 1);
        using Tensor image = rand(1, 1, 200, 300);
        using Tensor expected = color.forward(Normalized(image)).detach();
        GrayscaleModule<Tensor, Tensor> converted = color.ToGrayscale(ImageNet);
        using IDisposable inference = inference_mode();
        using Tensor found = converted.call(image);
        Assert.True(Bounds.LargestDifference(expected, found) < 1e-5);
    }

    [Fact]
    public void What_is_kept_outlives_a_dispose_scope()
    {
        using Conv2d color = Conv2d(3, 4, 3, padding: 1);
        using Conv2d gray = Copy(color);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(ImageNet);
        using Tensor image = rand(1, 1, 200, 300);
        using Tensor expected = color.forward(Normalized(image));
        using (NewDisposeScope())
        {
            converted.call(image);
        }

        using Tensor found = converted.call(image);
        Assert.True(Bounds.LargestDifference(expected, found) < 1e-5);
    }

    [Fact]
    public void An_empty_batch_is_no_error()
    {
        using Conv2d layer = Conv2d(3, 4, 3, padding: 1);
        GrayscaleModule<Tensor, Tensor> converted = layer.ToGrayscale(ImageNet);
        using Tensor found = converted.call(zeros(0, 1, 200, 300));
        Assert.Equal([0, 4, 200, 300], found.shape);
    }

    [Fact]
    public void Threads_share_it()
    {
        using Conv2d color = Conv2d(3, 4, 5, 2, 2);
        using Conv2d gray = Copy(color);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(ImageNet);
        (long Height, long Width)[] sizes = [(3, 3), (4, 60), (31, 30), (200, 300), (201, 300), (300, 200)];
        Tensor[] images = [.. sizes.Select(size => rand(1, 1, size.Height, size.Width))];
        Tensor[] expected = [.. images.Select(image => color.forward(Normalized(image)).detach())];
        var differences = new double[64];
        var threads = Enumerable
            .Range(0, 4)
            .Select(thread => new Thread(() =>
            {
                using var grad = no_grad();
                for (int run = thread; run < differences.Length; run += 4)
                {
                    int index = ((run / 4) + thread) % images.Length;
                    using Tensor found = converted.call(images[index]);
                    differences[run] = Bounds.LargestDifference(expected[index], found);
                }
            }))
            .ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(differences, difference => Assert.True(difference < 1e-5));
    }

    private static Conv2d Copy(Conv2d layer)
    {
        Conv2d copy = Conv2d(3, layer.out_channels, layer.kernel_size[0], layer.stride[0], layer.padding![0], dtype: layer.weight.dtype);
        copy.load_state_dict(layer.state_dict());
        return copy;
    }

    private static Tensor Normalized(Tensor gray) => cat([.. Means.Select((mean, channel) => (gray - mean) / Deviations[channel])], 1);
}
