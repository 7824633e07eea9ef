using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Networks that run channels-last: the same answers, and nothing about them is another but the order in memory.</summary>
public class LayoutTests
{
    public static TheoryData<MemoryLayout, bool, bool, int> Ways()
    {
        var ways = new TheoryData<MemoryLayout, bool, bool, int>();
        foreach (MemoryLayout layout in Enum.GetValues<MemoryLayout>())
        {
            foreach (bool asView in (bool[])[false, true])
            {
                foreach (bool training in (bool[])[false, true])
                {
                    ways.Add(layout, asView, training, 1);
                    ways.Add(layout, asView, training, 8);
                }
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Answers_are_those_of_the_stacked_network(MemoryLayout layout, bool asView, bool training, int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet stacked = Seeded(() => new UsualNet());
        UsualNet network = Seeded(() => new UsualNet());
        stacked.train(training);
        network.train(training);
        NetworkWrapper<Tensor, Tensor> gray = asView
            ? network.AsGrayscale(layout: layout)
            : network.ToGrayscale(new GrayscaleOptions { MemoryLayout = layout });
        Assert.Equal(layout, gray.MemoryLayout);
        foreach (int side in (int[])[32, 33, 32, 32])
        {
            Tensor image = randn(batch, 1, side, side);
            Tensor expected = stacked.forward(Bounds.Stack(image));
            Tensor found = gray.forward(image);
            Assert.True(Bounds.LargestDifference(expected, found) <= 1e-4);
            Assert.True(found.is_contiguous());
            Assert.True(image.is_contiguous() && image.stride(1) == side * side);
        }

        // The statistics of training saw each image once, whatever was tried.
        Assert.True(Bounds.LargestDifference(stacked.Norm.running_mean!, network.Norm.running_mean!) <= 1e-5);
        Assert.Equal(
            stacked.Norm.named_buffers().Single(buffer => buffer.name == "num_batches_tracked").buffer.item<long>(),
            network.Norm.named_buffers().Single(buffer => buffer.name == "num_batches_tracked").buffer.item<long>()
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Convolutions_run_channels_last(bool asView)
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        network.eval();
        NetworkWrapper<Tensor, Tensor> gray = asView
            ? network.AsGrayscale(layout: MemoryLayout.ChannelsLast)
            : network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        long stride = 0;
        network.Middle.register_forward_hook(
            (_, _, output) =>
            {
                stride = output.stride(1);
                return output;
            }
        );
        gray.forward(rand(2, 1, 32, 32));
        Assert.Equal(1, stride);
        TriedLayout tried = Assert.Single(gray.TriedLayouts);
        Assert.Equal((MemoryLayout.ChannelsLast, "as asked for"), (tried.Layout, tried.Reason));
        Assert.Equal("[2, 1, 32, 32] in evaluation: ChannelsLast, as asked for", tried.ToString());
    }

    [Fact]
    public void Kernels_are_laid_in_place_and_laid_back_with_the_way_back()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        (string name, Parameter parameter, Tensor value, long[] strides)[] before =
        [
            .. network.named_parameters().Select(named => (named.name, named.parameter, named.parameter.clone(), named.parameter.stride())),
        ];
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(
            new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast, KeepColorWeights = true }
        );
        Assert.True(network.Middle.weight.is_contiguous());
        gray.forward(rand(1, 1, 16, 16));
        Assert.Equal([8 * 9, 1, 3 * 8, 8], network.Middle.weight.stride());
        Assert.True(network.Depthwise.weight.is_contiguous());
        AssertSame(except: "stem.weight");

        gray.UseMemoryLayout(MemoryLayout.Fastest);
        Assert.True(network.Middle.weight.is_contiguous());
        gray.UseMemoryLayout(MemoryLayout.ChannelsLast);
        Assert.False(network.Middle.weight.is_contiguous());

        gray.RestoreColor();
        AssertSame(except: null);
        Assert.All(before, entry => Assert.Equal(entry.strides, entry.parameter.stride()));
        Assert.Throws<InvalidOperationException>(() => gray.UseMemoryLayout(MemoryLayout.Contiguous));

        void AssertSame(string? except)
        {
            foreach ((string name, Parameter parameter, Tensor value, _) in before)
            {
                Assert.Same(parameter, network.get_parameter(name));
                Assert.True(name == except || parameter.Equals(value), name);
            }
        }
    }

    [Fact]
    public void The_way_to_color_by_luma_lays_kernels_back()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        gray.forward(rand(2, 1, 16, 16));
        Assert.False(network.Middle.weight.is_contiguous());
        gray.ToColor(LumaCoefficients.Bt601);
        Assert.All(network.parameters(), parameter => Assert.True(parameter.is_contiguous()));
    }

    [Fact]
    public void Kernels_that_the_user_laid_stay_so()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        using (no_grad())
        {
            network.Middle.weight.set_(network.Middle.weight.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2));
        }

        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(
            new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast, KeepColorWeights = true }
        );
        gray.forward(rand(2, 1, 16, 16));
        gray.RestoreColor();
        Assert.False(network.Middle.weight.is_contiguous());
    }

    [Fact]
    public void A_view_leaves_kernels_as_they_are()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        network.eval();
        GrayscaleView<Tensor, Tensor> view = network.AsGrayscale(layout: MemoryLayout.ChannelsLast);
        view.forward(rand(1, 1, 32, 32));
        Assert.All(network.parameters(), parameter => Assert.True(parameter.is_contiguous()));
        Assert.Same(view, network.AsGrayscale(layout: MemoryLayout.ChannelsLast));
        Assert.Same(view, view.AsGrayscale());
        Assert.NotSame(view, network.AsGrayscale());
        Assert.Equal(MemoryLayout.Contiguous, network.AsGrayscale().MemoryLayout);
    }

    [Theory]
    [InlineData(false, MemoryLayout.ChannelsLast)]
    [InlineData(true, MemoryLayout.ChannelsLast)]
    [InlineData(false, MemoryLayout.Fastest)]
    [InlineData(true, MemoryLayout.Fastest)]
    public void A_network_that_wants_its_features_in_a_row_stays_contiguous_and_says_so(bool asView, MemoryLayout layout)
    {
        using DisposeScope scope = NewDisposeScope();
        FeatureNet<Tensor> stacked = Seeded(() => new FeatureNet<Tensor>(features => features.view(features.shape[0], -1)));
        FeatureNet<Tensor> network = Seeded(() => new FeatureNet<Tensor>(features => features.view(features.shape[0], -1)));
        network.eval();
        NetworkWrapper<Tensor, Tensor> gray = asView
            ? network.AsGrayscale(layout: layout)
            : network.ToGrayscale(new GrayscaleOptions { MemoryLayout = layout });
        Tensor image = rand(2, 1, 16, 16);
        int before = network.Runs;
        Assert.True(Bounds.LargestDifference(stacked.forward(Bounds.Stack(image)), gray.forward(image)) <= 1e-5);
        Assert.Equal(before + 1, network.Runs);
        TriedLayout tried = Assert.Single(gray.TriedLayouts);
        Assert.Equal(MemoryLayout.Contiguous, tried.Layout);
        Assert.StartsWith("the network does not run in channels-last: view size is not compatible", tried.Reason, StringComparison.Ordinal);

        // Nor is it tried again, and its kernels are as they were.
        gray.forward(image);
        Assert.Equal(before + 2, network.Runs);
        Assert.True(network.Middle.weight.is_contiguous());
    }

    [Fact]
    public void A_network_that_reads_memory_as_it_lies_stays_contiguous_and_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        FeatureNet<Tensor> network = new(features => features.as_strided([2, 5], [1536, 1]).clone());
        network.eval();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        gray.forward(rand(2, 1, 16, 16));
        Assert.Equal("the network answers otherwise in channels-last", Assert.Single(gray.TriedLayouts).Reason);
    }

    [Fact]
    public void What_a_network_draws_and_counts_is_as_if_nothing_was_tried()
    {
        using DisposeScope scope = NewDisposeScope();
        FeatureNet<Tensor> network = new(features => functional.dropout(features, 0.5, training: true).mean([2, 3]));
        network.eval();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(
            new GrayscaleOptions { MemoryLayout = MemoryLayout.Fastest, Probe = false }
        );
        Tensor image = rand(1, 1, 16, 16);
        manual_seed(5);
        network.forward(image);
        Tensor expected = get_rng_state();
        manual_seed(5);
        gray.forward(image);
        Assert.True(expected.Equals(get_rng_state()));
        Assert.Equal(2, network.Runs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Other_dimensions_are_contiguous(int spatial)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] size = [.. Enumerable.Repeat(9L, spatial)];
        Module<Tensor, Tensor> Make() => spatial == 1 ? Conv1d(3, 4, 3) : Conv3d(3, 4, 3);
        Module<Tensor, Tensor> stacked = Seeded(() => Sequential(("conv", Make())));
        Module<Tensor, Tensor> network = Seeded(() => Sequential(("conv", Make())));
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(
            new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast, Probe = false }
        );
        Tensor image = rand([2, 1, .. size]);
        Assert.True(Bounds.LargestDifference(stacked.forward(Bounds.Stack(image)), gray.forward(image)) <= 1e-5);
        Assert.Empty(gray.TriedLayouts);
    }

    [Fact]
    public void An_image_without_a_batch_is_contiguous()
    {
        using DisposeScope scope = NewDisposeScope();
        Conv2d stacked = Seeded(() => Conv2d(3, 4, 3));
        Conv2d network = Seeded(() => Conv2d(3, 4, 3));
        var gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        Tensor image = rand(1, 9, 9);
        Assert.True(Bounds.LargestDifference(stacked.forward(Bounds.Stack(image, dim: 0)), gray.forward(image)) <= 1e-5);
        Assert.Empty(gray.TriedLayouts);
    }

    [Theory]
    [InlineData(MemoryLayout.Contiguous, 3)]
    [InlineData(MemoryLayout.ChannelsLast, 3)]
    [InlineData(MemoryLayout.ChannelsLast, 7)]
    [InlineData(MemoryLayout.Fastest, 3)]
    public void Folded_normalization_is_exact_in_both_orders(MemoryLayout layout, int kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        Conv2d stacked = Seeded(() => Conv2d(3, 6, kernel, stride: 2, padding: kernel / 2));
        Conv2d network = Seeded(() => Conv2d(3, 6, kernel, stride: 2, padding: kernel / 2));
        var gray = network.ToGrayscale(
            new GrayscaleOptions
            {
                MemoryLayout = layout,
                Normalization = ChannelNormalization.ImageNet,
                InputScale = 1 / 255.0,
                ChannelsLastAnswers = true,
            }
        );
        foreach ((int height, int width) in ((int, int)[])[(40, 50), (9, 12), (40, 50)])
        {
            Tensor bytes = randint(0, 256, [2, 1, height, width], ScalarType.Byte);
            Tensor image = bytes.to(float32);
            Tensor mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1);
            Tensor deviation = tensor(new[] { 0.229f, 0.224f, 0.225f }).view(1, 3, 1, 1);
            Tensor normalized = ((Bounds.Stack(image) / 255) - mean) / deviation;
            Tensor found = gray.forward(bytes);
            Assert.True(found.Equals(gray.forward(image)));
            Assert.True(Bounds.LargestDifference(stacked.forward(normalized), found) <= 3 * Bounds.OfRounding(stacked, normalized));
            Assert.True(layout == MemoryLayout.Fastest || found.is_contiguous() == (layout == MemoryLayout.Contiguous));
        }
    }

    [Fact]
    public void Bfloat16_runs_in_both_orders()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet exact = Seeded(() => new UsualNet());
        UsualNet network = Seeded(() => new UsualNet());
        network.to(ScalarType.BFloat16);
        exact.eval();
        network.eval();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        Tensor image = rand(2, 1, 32, 32);
        Tensor found = gray.forward(image.to(ScalarType.BFloat16));
        Assert.True(Bounds.LargestDifference(exact.forward(Bounds.Stack(image)), found) <= 0.05);
        Assert.Equal(MemoryLayout.ChannelsLast, Assert.Single(gray.TriedLayouts).Layout);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_have_the_strides_that_callers_had_unless_they_ask_otherwise(bool channelsLastAnswers)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = rand(2, 1, 8, 8);
        FeatureNet<Tensor> plain = new(features => features);
        FeatureNet<(Tensor, List<Tensor>)> tuple = new(features => (features, [features + 1, features.mean([2, 3])]));
        FeatureNet<FeaturesAndScore> record = new(features => new FeaturesAndScore(features, features.shape[0]));
        Tensor answer = plain.AsGrayscale(null, null, MemoryLayout.ChannelsLast, channelsLastAnswers).forward(image);
        Assert.Equal(channelsLastAnswers, IsLast(answer));
        (Tensor first, List<Tensor> rest) = tuple.AsGrayscale(null, null, MemoryLayout.ChannelsLast, channelsLastAnswers).forward(image);
        Assert.Equal((channelsLastAnswers, channelsLastAnswers, false), (IsLast(first), IsLast(rest[0]), IsLast(rest[1])));
        var options = new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast, ChannelsLastAnswers = channelsLastAnswers };
        Assert.Equal(channelsLastAnswers, IsLast(record.ToGrayscale(options).forward(image).Features));

        static bool IsLast(Tensor tensor) => !tensor.is_contiguous() && tensor.stride(1) == 1;
    }

    [Fact]
    public void A_gradient_flows_through_an_answer_that_was_made_contiguous()
    {
        using DisposeScope scope = NewDisposeScope();
        FeatureNet<Tensor> stacked = Seeded(() => new FeatureNet<Tensor>(features => features.sigmoid()));
        FeatureNet<Tensor> network = Seeded(() => new FeatureNet<Tensor>(features => features.sigmoid()));
        GrayscaleView<Tensor, Tensor> gray = network.AsGrayscale(layout: MemoryLayout.ChannelsLast);
        Tensor image = rand(2, 1, 8, 8);
        stacked.forward(Bounds.Stack(image)).square().sum().backward();
        Tensor answer = gray.forward(image);
        Assert.True(answer.is_contiguous());
        answer.square().sum().backward();
        Assert.True(Bounds.LargestDifference(stacked.Stem.weight.grad!, network.Stem.weight.grad!) <= 1e-3);
        Assert.True(Bounds.LargestDifference(stacked.Middle.weight.grad!, network.Middle.weight.grad!) <= 1e-3);
    }

    [Fact]
    public void Training_with_an_optimizer_made_before_follows_the_contiguous_run()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = rand(4, 1, 16, 16);
        Tensor[] Trained(MemoryLayout layout)
        {
            UsualNet network = Seeded(() => new UsualNet());
            optim.Optimizer optimizer = optim.SGD(network.parameters(), 0.01, momentum: 0.9);
            GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(
                new GrayscaleOptions { MemoryLayout = layout, KeepColorWeights = true }
            );
            for (int step = 0; step < 10; step++)
            {
                optimizer.zero_grad();
                gray.forward(image).square().mean().backward();
                optimizer.step();
            }

            return [.. network.parameters().Select(parameter => parameter.detach().clone())];
        }

        foreach ((Tensor expected, Tensor found) in Trained(MemoryLayout.Contiguous).Zip(Trained(MemoryLayout.ChannelsLast)))
        {
            Assert.True(Bounds.LargestDifference(expected, found) <= 1e-4);
        }
    }

    [Fact]
    public void A_wrapper_with_laid_kernels_saves_and_loads_and_its_network_does_once_they_are_laid_back()
    {
        using DisposeScope scope = NewDisposeScope();
        UsualNet network = new();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        UsualNet other = new();
        GrayscaleModule<Tensor, Tensor> loaded = other.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.ChannelsLast });
        string path = Path.GetTempFileName();
        try
        {
            gray.forward(rand(1, 1, 16, 16));
            loaded.forward(rand(1, 1, 16, 16));
            Assert.False(network.Middle.weight.is_contiguous());
            gray.save(path);
            loaded.load(path);
            Assert.All(network.parameters().Zip(other.parameters()), pair => Assert.True(pair.First.Equals(pair.Second)));
            Assert.False(other.Middle.weight.is_contiguous());
            gray.UseMemoryLayout(MemoryLayout.Contiguous);
            network.save(path);
            gray.load(path);
            Assert.All(network.parameters().Zip(other.parameters()), pair => Assert.True(pair.First.Equals(pair.Second)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Threads_with_images_of_many_shapes_get_their_own_answers()
    {
        UsualNet stacked = Seeded(() => new UsualNet());
        UsualNet network = Seeded(() => new UsualNet());
        stacked.eval();
        network.eval();
        GrayscaleModule<Tensor, Tensor> gray = network.ToGrayscale(new GrayscaleOptions { MemoryLayout = MemoryLayout.Fastest });
        double[] worst = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(thread =>
                    Task.Run(() =>
                    {
                        using DisposeScope scope = NewDisposeScope();
                        using var grad = no_grad();
                        return Enumerable
                            .Range(0, 24)
                            .Max(run =>
                            {
                                Tensor image = rand(1, 1, 16 + ((run + thread) % 5), 20);
                                return Bounds.LargestDifference(stacked.forward(Bounds.Stack(image)), gray.forward(image));
                            });
                    })
                )
        );
        Assert.All(worst, difference => Assert.True(difference <= 1e-4));
        Assert.Equal(5, gray.TriedLayouts.Count);
    }

    private static T Seeded<T>(Func<T> make)
    {
        manual_seed(3);
        return make();
    }
}
