using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>A watch tells whether the images that reach a network are gray, and changes nothing.</summary>
public class ChannelWatchTests
{
    public ChannelWatchTests() => manual_seed(50);

    [Fact]
    public void Gray_images_are_told_with_what_they_could_save()
    {
        using var net = new PlainNet();
        using ChannelWatch watch = ChannelWatch.On(net);
        net.eval();
        using Tensor gray = rand(301, 1, 8, 8);
        for (int run = 0; run < 4; run++)
        {
            net.forward(Bounds.Stack(gray));
        }

        Assert.Equal([new WatchedLayer("conv1", 3, 1204, 1204)], watch.Report.Layers);
        Assert.Equal(
            "'conv1': 1,204 of 1,204 images had equal channels: your images are gray; AsGrayscale() saves two thirds of it",
            watch.Report.ToString()
        );
    }

    [Fact]
    public void Color_and_mixed_images_are_told_apart()
    {
        using var net = new PlainNet();
        net.eval();
        using ChannelWatch watch = ChannelWatch.On(net);
        net.forward(rand(5, 3, 8, 8));
        Assert.StartsWith(
            "'conv1': 0 of 5 images had equal channels: what reaches it is in color",
            watch.Report.ToString(),
            StringComparison.Ordinal
        );
        net.forward(cat([Bounds.Stack(rand(2, 1, 8, 8)), rand(1, 3, 8, 8)], 0));
        Assert.Equal([new WatchedLayer("conv1", 3, 2, 8)], watch.Report.Layers);
        Assert.Contains("gray and color images are mixed", watch.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_seen_is_not_taken_for_gray()
    {
        using var net = new ForwardOnlyNet();
        using ChannelWatch watch = ChannelWatch.On(net);
        net.forward(Bounds.Stack(rand(1, 1, 8, 8)));
        Assert.All(watch.Report.Layers, layer => Assert.Equal(0, layer.Images));
        Assert.Contains("no image was seen", watch.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_convolutions_dimensions_and_numbers_of_channels()
    {
        using Conv1d stereo = Conv1d(2, 4, 3);
        using ChannelWatch watch = ChannelWatch.On(stereo);
        stereo.call(Bounds.Stack(rand(1, 9), 2, 0));
        stereo.call(Bounds.Stack(rand(3, 1, 9), 2));
        stereo.call(rand(3, 2, 9));
        Assert.Equal([new WatchedLayer("", 2, 4, 7)], watch.Report.Layers);

        using Sequential six = Sequential(("stem", Conv2d(6, 4, 3)));
        using ChannelWatch ofSix = ChannelWatch.On(six, channels: 6);
        six.forward(Bounds.Stack(rand(2, 1, 9, 9), 6));
        Assert.Contains("AsGrayscale() saves 5 of 6 parts of it", ofSix.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_changes_neither_answers_nor_gradients_nor_what_hangs_on_the_network()
    {
        using var net = new PlainNet();
        net.eval();
        using Tensor image = rand(2, 3, 16, 16);
        using Tensor expected = net.forward(image);
        ChannelWatch watch = ChannelWatch.On(net);
        Assert.Equal(expected, net.forward(image));
        net.forward(image).sum().backward();
        Assert.NotNull(net.Stem.weight.grad);
        watch.Dispose();
        net.forward(image);
        Assert.Equal(4, watch.Report.Layers[0].Images);
        Assert.Empty(HookNames.Of(net.Stem));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_view_saves_as_much_while_it_is_watched(bool watchFirst)
    {
        using var net = new PlainNet();
        net.eval();
        ChannelWatch? watch = watchFirst ? ChannelWatch.On(net) : null;
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        watch ??= ChannelWatch.On(net);
        using Tensor gray = rand(2, 1, 16, 16);
        view.forward(gray);
        view.forward(gray);
        Assert.Equal([new WatchedLayer("conv1", 3, 4, 4)], watch.Report.Layers);
        Assert.Equal([new ViewedLayer("conv1", 2, 0, FullChannelReasons.None)], view.Layers);
        watch.Dispose();
    }

    [Fact]
    public void Where_there_is_nothing_to_watch_it_says_so()
    {
        using Sequential linear = Sequential(("fc", Linear(3, 2)));
        Assert.Contains(
            "no convolution with in_channels 3",
            Assert.Throws<ArgumentException>(() => ChannelWatch.On(linear)).Message,
            StringComparison.Ordinal
        );
        using Conv2d gray = Conv2d(1, 2, 3);
        Assert.Throws<ArgumentException>(() => ChannelWatch.On(gray));
        using var net = new PlainNet();
        Assert.Throws<ArgumentException>(() => ChannelWatch.On(net, channels: 1));
        Assert.Throws<ArgumentNullException>(() => ChannelWatch.On(null!));
        net.Dispose();
        Assert.Throws<ArgumentException>(() => ChannelWatch.On(net));
    }
}
