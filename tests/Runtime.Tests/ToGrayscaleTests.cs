using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public class ToGrayscaleTests
{
    public ToGrayscaleTests() => manual_seed(1);

    [Fact]
    public void A_network_gives_for_one_channel_what_it_gave_for_three()
    {
        using var net = new PlainNet();
        net.eval();
        using Tensor gray = rand(2, 1, 32, 32);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        Assert.Equal(["conv1"], converted.Conversion.Layers);
        Assert.Same(net, converted.Network);
    }

    [Fact]
    public void The_parameter_object_the_bias_and_the_modes_stay_and_the_gradient_is_cleared()
    {
        using var net = new PlainNet();
        Parameter weight = net.Stem.weight;
        Parameter bias = net.Stem.bias!;
        using Tensor biasBefore = bias.detach().clone();
        net.forward(rand(2, 3, 32, 32)).sum().backward();
        Assert.NotNull(weight.grad);
        net.train();
        net.ToGrayscale();
        Assert.Same(weight, net.Stem.weight);
        Assert.Same(bias, net.Stem.bias);
        Assert.Equal(0, Bounds.LargestDifference(biasBefore, bias));
        Assert.True(weight.requires_grad);
        Assert.True(weight.is_leaf);
        Assert.Null(weight.grad);
        Assert.True(net.training);
        Assert.True(net.named_modules().All(named => named.module.training));
        Assert.Equal(1, net.Stem.in_channels);
        Assert.Equal(1, net.Stem.groups);
        Assert.Equal([8, 1, 3, 3], weight.shape);
    }

    [Fact]
    public void The_modes_of_single_layers_stay()
    {
        using var net = new PlainNet();
        net.train();
        net.children().ElementAt(1).eval();
        bool[] before = [.. net.named_modules().Select(named => named.module.training)];
        Assert.Contains(false, before);
        net.ToGrayscale();
        Assert.Equal(before, net.named_modules().Select(named => named.module.training));
    }

    [Fact]
    public void A_frozen_layer_stays_frozen()
    {
        using var net = new PlainNet();
        net.Stem.weight.requires_grad = false;
        net.ToGrayscale();
        Assert.False(net.Stem.weight.requires_grad);
    }

    [Fact]
    public void Called_again_it_gives_the_same_wrapper()
    {
        using var net = new PlainNet();
        Assert.Same(net.ToGrayscale(), net.ToGrayscale());
        Assert.Same(net.ToGrayscale(), net.ToGrayscale(new GrayscaleOptions { Layer = "conv1" }));
        Assert.Same(net.ToGrayscale(), net.ToGrayscale().ToGrayscale());
        Assert.Equal([8, 1, 3, 3], net.Stem.weight.shape);
    }

    [Fact]
    public void Other_options_afterwards_are_refused()
    {
        using var net = new PlainNet();
        net.ToGrayscale();
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale(new GrayscaleOptions { InputScale = 2 }));
        Assert.Contains("PlainNet has been converted before, with other options", error.Message);
    }

    [Fact]
    public void Many_threads_get_one_wrapper()
    {
        using var net = new PlainNet();
        var wrappers = new System.Collections.Concurrent.ConcurrentBag<object>();
        Parallel.For(0, 32, _ => wrappers.Add(net.ToGrayscale()));
        Assert.Single(wrappers.Distinct());
        Assert.Equal([8, 1, 3, 3], net.Stem.weight.shape);
    }

    [Fact]
    public void A_network_is_not_kept_alive_by_its_wrapper()
    {
        WeakReference network = Make();
        for (int attempt = 0; attempt < 10 && network.IsAlive; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(network.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference Make()
        {
            var net = new PlainNet();
            net.ToGrayscale();
            return new WeakReference(net);
        }
    }

    [Fact]
    public void Both_branches_that_see_the_image_are_converted_and_nothing_else()
    {
        using var net = new TwoBranchNet();
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.Equal(["narrow", "wide"], converted.Conversion.Layers.Order());
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
    }

    [Fact]
    public void Naming_one_branch_converts_both()
    {
        using var net = new TwoBranchNet();
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { Layer = "wide" });
        Assert.Equal(["narrow", "wide"], converted.Conversion.Layers.Order());
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
    }

    [Fact]
    public void Naming_a_layer_that_does_not_see_the_image_is_refused()
    {
        using var net = new TwoBranchNet();
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale(new GrayscaleOptions { Layer = "later" }));
        Assert.Contains("of 'later', which the option Layer names, with 1 channel the network fails in 'wide' (Conv2d)", error.Message);
        Assert.All(net.named_modules(), named => Assert.Equal(3, ((Conv2d)named.module).in_channels));
    }

    [Fact]
    public void The_stem_is_found_where_no_hook_runs()
    {
        using var net = new ForwardOnlyNet();
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.Equal(["stem"], converted.Conversion.Layers);
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
    }

    [Fact]
    public void An_image_that_is_concatenated_further_on_is_refused_with_the_layers_name()
    {
        using var net = new SkipNet();
        AssertRefusedAndUnchanged(net, "'merge' (Conv2d)");
    }

    [Fact]
    public void An_image_that_reaches_a_linear_layer_is_refused_with_the_layers_name()
    {
        using var net = new LinearBranchNet();
        AssertRefusedAndUnchanged(net, "'color' (Linear)");
    }

    [Fact]
    public void A_residual_over_the_image_broadcasts()
    {
        using var net = new ResidualNet();
        using Tensor gray = rand(1, 1, 20, 20);
        using Tensor expected = net.forward(Bounds.Stack(gray));
        Assert.True(Bounds.LargestDifference(expected, net.ToGrayscale().forward(gray)) < 1e-5);
    }

    [Fact]
    public void A_network_of_several_inputs_is_converted_by_its_only_candidate()
    {
        using var net = new MaskedNet();
        using Tensor gray = rand(1, 1, 8, 8);
        using Tensor mask = rand(1, 1, 8, 8);
        using Tensor expected = net.forward(Bounds.Stack(gray), mask);
        GrayscaleModule<Tensor, Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray, mask)) < 1e-5);
    }

    [Fact]
    public void The_probe_leaves_buffers_hooks_and_random_state()
    {
        using var net = new CountingNet();
        int calls = 0;
        net.register_forward_hook(
            (_, _, result) =>
            {
                calls++;
                return result;
            }
        );
        using Tensor state = get_rng_state();
        GrayscaleModule<Tensor, (Tensor, Tensor)> converted = net.ToGrayscale();
        Assert.Equal(0, net.Runs.item<float>());
        Assert.Equal(0, calls);
        Assert.True(state.Equals(get_rng_state()));
        converted.call(rand(1, 1, 8, 8));
        Assert.Equal(1, calls);
        converted.forward(rand(1, 1, 8, 8));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var net = new PlainNet();
        using (var warm = new PlainNet())
        {
            warm.ToGrayscale();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Bounds.LiveTensors();
        net.ToGrayscale();
        Assert.Equal(before, Bounds.LiveTensors());
        net.ToGrayscale().ToColor(LumaCoefficients.Bt709);
        Assert.Equal(before, Bounds.LiveTensors());
    }

    [Fact]
    public void No_tensor_is_left_behind_by_anything_else()
    {
        // Networks are made beforehand: what TorchSharp itself leaves to the finalizer while it makes them is not counted.
        using var refused = new SkipNet();
        using var net = new PlainNet();
        using var native = new PlainNet(1);
        using var source = new PlainNet();
        var disposed = new PlainNet();
        using Tensor image = rand(1, 1, 16, 16);
        Dictionary<string, Tensor> checkpoint = source.state_dict();
        long before = Count();

        Assert.Throws<InvalidOperationException>(() => refused.ToGrayscale());
        Assert.Equal(before, Count());

        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, KeepColorWeights = true }
        );
        gray.Verify([image]);
        gray.load_state_dict(checkpoint, strict: false);
        gray.call(image).Dispose();
        gray.RestoreColor();
        Assert.Equal(before, Count());

        native.ToColor(LumaCoefficients.Bt709).ToGrayscale();
        Assert.Equal(before, Count());

        int own = disposed.state_dict().Count;
        disposed
            .ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet, KeepColorWeights = true })
            .call(image)
            .Dispose();
        ((IDisposable)disposed.ToGrayscale(new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet })).Dispose();
        Assert.Equal(before - own, Count());

        static long Count()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Bounds.LiveTensors();
        }
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    [InlineData(3, 3)]
    [InlineData(0, 0)]
    public void Another_number_of_channels_is_refused(long channels, long shown)
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        var error = Assert.Throws<ArgumentException>(() => converted.forward(zeros(1, channels, 16, 16)));
        Assert.Contains(
            $"PlainNet was converted to grayscale: found an image of shape [1, {shown}, 16, 16], wanted [N, 1, H, W] or [1, H, W].",
            error.Message
        );
    }

    [Fact]
    public void An_empty_batch_gives_what_it_gave()
    {
        using Sequential net = Sequential(("conv", Conv2d(3, 4, 3)), ("relu", ReLU()));
        Assert.Equal([0, 4, 6, 6], net.ToGrayscale().forward(zeros(0, 1, 8, 8)).shape);
    }

    [Fact]
    public void A_bare_convolution_is_converted_whatever_its_channels()
    {
        using Conv1d stereo = Conv1d(2, 4, 5, padding: 2);
        using Tensor mono = rand(1, 1, 40);
        using Tensor expected = stereo.forward(Bounds.Stack(mono, 2));
        Assert.True(Bounds.LargestDifference(expected, stereo.ToGrayscale().forward(mono)) < 1e-5);
    }

    [Fact]
    public void Stereo_networks_are_converted_when_told_so()
    {
        using Sequential net = Sequential(("conv", Conv1d(2, 4, 5, padding: 2)), ("relu", ReLU()));
        using Tensor mono = rand(1, 1, 40);
        using Tensor expected = net.forward(Bounds.Stack(mono, 2));
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { InChannels = 2 });
        Assert.True(Bounds.LargestDifference(expected, converted.forward(mono)) < 1e-5);
    }

    [Fact]
    public void A_layer_that_does_not_exist_is_named_with_those_that_do()
    {
        using var net = new PlainNet();
        var error = Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { Layer = "conv9" }));
        Assert.Contains("PlainNet has no layer 'conv9'. Its convolutions: 'conv1' (in_channels 3).", error.Message);
    }

    [Fact]
    public void A_layer_that_is_no_convolution_is_refused()
    {
        using var net = new PlainNet();
        var error = Assert.Throws<ArgumentException>(() => net.ToGrayscale(new GrayscaleOptions { Layer = "fc" }));
        Assert.Contains("Layer 'fc' of PlainNet is a Linear; wanted a convolution.", error.Message);
    }

    [Fact]
    public void A_network_without_convolution_is_refused()
    {
        using Sequential net = Sequential(("fc", Linear(3, 4)));
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Contains("It has no convolution at all.", error.Message);
    }

    [Fact]
    public void A_natively_gray_network_is_refused()
    {
        using var net = new PlainNet(1);
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Contains("PlainNet has no convolution with in_channels 3. Its convolutions: 'conv1' (in_channels 1).", error.Message);
    }

    [Fact]
    public void A_disposed_network_is_refused()
    {
        var net = new PlainNet();
        net.Dispose();
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Contains("disposed", error.Message);
    }

    [Fact]
    public void A_layer_of_integers_is_refused_by_its_dtype()
    {
        using Conv2d conv = Conv2d(3, 4, 3);
        using (no_grad())
        {
            conv.weight = new Parameter(zeros(4, 3, 3, 3, dtype: ScalarType.Int8), requires_grad: false);
        }

        var error = Assert.Throws<ArgumentException>(() => conv.ToGrayscale());
        Assert.Contains("has dtype Int8; wanted Float16, BFloat16, Float32 or Float64", error.Message);
    }

    [Fact]
    public void NaN_weights_are_passed_on()
    {
        using var net = new PlainNet();
        using (no_grad())
        {
            net.Stem.weight[0, 1, 0, 0] = float.NaN;
        }

        net.ToGrayscale();
        Assert.True(net.Stem.weight[0, 0, 0, 0].isnan().item<bool>());
        Assert.Equal(1, net.Stem.weight.isnan().sum().item<long>());
    }

    private static void AssertRefusedAndUnchanged(Module<Tensor, Tensor> net, string named)
    {
        Dictionary<string, Tensor> before = net.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        using Tensor image = rand(1, 3, 20, 20);
        using Tensor answer = net.forward(image);
        net.forward(image).sum().backward();
        Dictionary<string, Tensor> gradients = net.named_parameters()
            .ToDictionary(named => named.name, named => named.parameter.grad!.clone());
        var error = Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        Assert.Contains(named, error.Message);
        Assert.Equal(0, Bounds.LargestDifference(answer, net.forward(image)));
        foreach ((string key, Tensor value) in net.state_dict())
        {
            Assert.Equal(before[key].shape, value.shape);
            Assert.True(before[key].Equals(value));
        }

        foreach ((string name, Parameter parameter) in net.named_parameters())
        {
            Assert.True(gradients[name].Equals(parameter.grad!), name);
        }
    }
}
