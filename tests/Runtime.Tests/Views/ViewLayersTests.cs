using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a view says of each convolution, and that it is exact where nothing is saved.</summary>
public class ViewLayersTests
{
    private readonly Tensor gray;

    public ViewLayersTests()
    {
        manual_seed(80);
        gray = randn(2, 1, 12, 12, dtype: ScalarType.Float64);
    }

    /// <summary>A pre-hook that rewrites the layer's weight from its input, as weight norm by hand does.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hooked_by_others_before_or_after_the_view(bool before)
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        Module<Tensor, Tensor> layer = net.Parts.Layer("conv");
        var seen = new List<long[]>();
        GrayscaleView<Tensor, Tensor>? view = before ? null : net.AsGrayscale();
        if (!before)
        {
            AssertSame(net, view!);
        }

        var remover = layer.register_forward_pre_hook(
            (module, input) =>
            {
                seen.Add(input.shape);
                using IDisposable grad = no_grad();
                Parameter weight = ((Conv2d)module).weight;
                weight.div_(weight.norm());
                return input;
            }
        );
        view = net.AsGrayscale();
        AssertSame(net, view);
        AssertSame(net, view);
        Assert.All(seen, shape => Assert.Equal([2, 3, 12, 12], shape));
        ViewedLayer report = Assert.Single(view.Layers);
        Assert.Equal(FullChannelReasons.HookedByOthers, report.Reasons);
        Assert.Equal(4, report.CallsFromAllChannels);
        Assert.Contains("hooked by others", report.ToString(), StringComparison.Ordinal);
        remover.remove();
        long saved = report.CallsFromOneChannel;
        AssertSame(net, view);
        Assert.Equal(saved + 2, view.Layers[0].CallsFromOneChannel);
    }

    [Theory]
    [InlineData("pre")]
    [InlineData("post")]
    [InlineData("module pre")]
    [InlineData("module post")]
    public void Every_kind_of_hook_of_others_counts(string kind)
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        Module<Tensor, Tensor> layer = net.Parts.Layer("conv");
        int calls = 0;
        switch (kind)
        {
            case "pre":
                layer.register_forward_pre_hook((_, input) => Counted(input.neg()));
                break;
            case "post":
                layer.register_forward_hook((_, input, output) => Counted(output + input.sum(1, keepdim: true)));
                break;
            case "module pre":
                layer.register_forward_pre_hook(_ => calls++);
                break;
            default:
                layer.register_forward_hook(_ => calls++);
                break;
        }

        AssertSame(net, net.AsGrayscale());
        Assert.Equal(4, calls);
        Assert.Equal(FullChannelReasons.HookedByOthers, net.AsGrayscale().Layers[0].Reasons);

        Tensor Counted(Tensor tensor)
        {
            calls++;
            return tensor;
        }
    }

    [Fact]
    public void Given_a_tensor_of_its_own()
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x / tensor([1.0, 2, 3], dtype: x.dtype).view(1, 3, 1, 1)));
        AssertSame(net, net.AsGrayscale());
        ViewedLayer report = Assert.Single(net.AsGrayscale().Layers);
        Assert.Equal(new ViewedLayer("conv", 0, 2, FullChannelReasons.TensorOfItsOwn), report);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_image_that_requires_a_gradient(bool isBare)
    {
        using Net<Tensor, Tensor> whole = Of((parts, x) => parts.Call("conv", x).tanh());
        Module<Tensor, Tensor> net = isBare ? whole.Parts.Layer("conv") : whole;
        for (int run = 0; run < 3; run++)
        {
            using Tensor one = gray.clone().requires_grad_();
            using Tensor other = gray.clone().requires_grad_();
            net.zero_grad();
            net.call(StackedRun.Stack(one)).square().sum().backward();
            using Tensor expected = net.parameters().First().grad!.clone();
            net.zero_grad();
            net.AsGrayscale().call(other).square().sum().backward();
            StackedRun.AssertEqual(expected, net.parameters().First().grad, "the kernels' gradient");
            StackedRun.AssertEqual(one.grad, other.grad, "the image's gradient");
            Assert.True(other.grad!.is_contiguous());
        }

        Assert.Equal(isBare ? FullChannelReasons.None : FullChannelReasons.RequiresGradient, net.AsGrayscale().Layers[0].Reasons);
    }

    [Fact]
    public void Run_with_forward()
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Layer("conv").forward(x));
        Assert.Equal("'conv': not run yet", net.AsGrayscale().Layers[0].ToString());
        AssertSame(net, net.AsGrayscale());
        Assert.Equal(new ViewedLayer("conv", 0, 0, FullChannelReasons.NotCalled), Assert.Single(net.AsGrayscale().Layers));
        Assert.Contains("forward instead of call", net.AsGrayscale().Layers[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_and_shared_networks_with_several_views_at_once()
    {
        using Net<Tensor, Tensor> inner = Of((parts, x) => parts.Call("conv", x));
        using var outer = new Net<Tensor, Tensor>(
            (parts, x) => parts.Call("inner", x) + parts.Call("own", x),
            ("inner", inner),
            ("own", Conv2d(3, 4, 3, padding: 1, dtype: ScalarType.Float64))
        );
        using var other = new Net<Tensor, Tensor>((parts, x) => parts.Call("inner", x).tanh(), ("inner", inner));
        var layer = (Conv2d)inner.Parts.Layer("conv");
        GrayscaleView<Tensor, Tensor>[] views =
        [
            layer.AsGrayscale(),
            inner.AsGrayscale(),
            outer.AsGrayscale(),
            other.AsGrayscale(),
            inner.AsGrayscale(image: "image"),
        ];
        Module<Tensor, Tensor>[] nets = [layer, inner, outer, other, inner];
        for (int disposed = 0; disposed <= views.Length; disposed++)
        {
            for (int index = disposed; index < views.Length; index++)
            {
                AssertSame(nets[index], views[index]);
                Assert.All(views[index].Layers, report => Assert.Equal(FullChannelReasons.None, report.Reasons));
            }

            Assert.Equal(disposed == views.Length, !StackedRun.Hooks(outer).Contains("ChannelGen", StringComparison.Ordinal));
            if (disposed < views.Length)
            {
                views[disposed].Dispose();
                views[disposed].Dispose();
            }
        }

        // And with a view inside of a view.
        using var nesting = new Net<Tensor, Tensor>(
            (parts, x) => parts.Call("view", x) + parts.Call("view", x[.., ..1]),
            ("view", inner.AsGrayscale())
        );
        using Tensor expected = inner.call(StackedRun.Stack(gray)) * 2;
        for (int run = 0; run < 3; run++)
        {
            Assert.True(Bounds.LargestDifference(expected, nesting.AsGrayscale().call(gray)) < 1e-10);
        }
    }

    [Fact]
    public void A_view_disposed_while_it_runs()
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        net.register_forward_pre_hook(
            (_, x) =>
            {
                view.Dispose();
                return x;
            }
        );
        using Tensor expected = net.forward(StackedRun.Stack(gray));
        Assert.True(Bounds.LargestDifference(expected, view.call(gray)) < 1e-10);
        Assert.Throws<ObjectDisposedException>(() => view.call(gray));
        Assert.DoesNotContain("ChannelGen", StackedRun.Hooks(net), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_network_that_was_moved_to_another_dtype()
    {
        using var net = new PlainNet();
        net.eval();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float32])
        {
            if (dtype == ScalarType.Float64)
            {
                view.to(dtype);
            }
            else
            {
                net.to(dtype);
            }

            using Tensor image = gray.to(dtype);
            for (int run = 0; run < 3; run++)
            {
                using Tensor expected = net.call(StackedRun.Stack(image));
                using Tensor actual = view.call(image);
                Assert.Equal(dtype, actual.dtype);
                Assert.InRange(Bounds.LargestDifference(expected, actual), 0, dtype == ScalarType.BFloat16 ? 0.03 : 1e-5);
            }
        }

        Assert.Equal(new ViewedLayer("conv1", 12, 0, FullChannelReasons.None), Assert.Single(view.Layers));
    }

    [Fact]
    public void Of_a_layer_whose_weight_was_replaced()
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        AssertSame(net, net.AsGrayscale());
        ((Conv2d)net.Parts.Layer("conv")).weight = Parameter(randn(4, 3, 3, 3, dtype: ScalarType.Float64));
        AssertSame(net, net.AsGrayscale());
        net.load_state_dict(net.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone() * 2));
        AssertSame(net, net.AsGrayscale());
        Assert.Equal(6, net.AsGrayscale().Layers[0].CallsFromOneChannel);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Trained_in_other_dtypes(ScalarType dtype)
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        net.to(dtype);
        using Tensor image = gray.to(dtype);
        Parameter weight = net.parameters().First();
        for (int run = 0; run < 3; run++)
        {
            net.zero_grad();
            net.call(StackedRun.Stack(image)).sum().backward();
            using Tensor expected = weight.grad!.clone();
            net.zero_grad();
            net.AsGrayscale().call(image).sum().backward();
            double unit = dtype switch
            {
                ScalarType.BFloat16 => 1e-2,
                ScalarType.Float16 => 2e-3,
                ScalarType.Float32 => 1e-5,
                _ => 1e-13,
            };
            Assert.InRange(
                Bounds.LargestDifference(expected, weight.grad!),
                0,
                unit * (1 + expected.abs().max().to(ScalarType.Float64).item<double>())
            );
            Assert.Equal(dtype, weight.grad!.dtype);
        }
    }

    [Fact]
    public void Images_of_no_number_and_none_at_all()
    {
        using Net<Tensor, Tensor> net = Of((parts, x) => parts.Call("conv", x));
        foreach (
            Tensor image in (Tensor[])
                [
                    full([1, 1, 12, 12], double.NaN, dtype: ScalarType.Float64),
                    full([1, 1, 12, 12], double.PositiveInfinity, dtype: ScalarType.Float64),
                    zeros(0, 1, 12, 12, dtype: ScalarType.Float64),
                ]
        )
        {
            for (int run = 0; run < 3; run++)
            {
                using Tensor expected = net.call(StackedRun.Stack(image));
                using Tensor actual = net.AsGrayscale().call(image);
                Assert.Equal(expected.shape, actual.shape);
                Assert.True(expected.isfinite().logical_not().Equals(actual.isfinite().logical_not()));
            }
        }

        AssertSame(net, net.AsGrayscale());
    }

    private void AssertSame(Module<Tensor, Tensor> net, GrayscaleView<Tensor, Tensor> view)
    {
        for (int run = 0; run < 2; run++)
        {
            using Tensor expected = net.call(StackedRun.Stack(gray));
            using Tensor actual = view.call(gray);
            Assert.True(Bounds.LargestDifference(expected, actual) < 1e-10);
        }
    }

    private static Net<Tensor, Tensor> Of(Func<Parts, Tensor, Tensor> run) =>
        new(run, ("conv", Conv2d(3, 4, 3, padding: 1, dtype: ScalarType.Float64)));
}
