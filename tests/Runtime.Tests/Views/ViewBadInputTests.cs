using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a view cannot do is said at once, with what was found and what was wanted, and leaves nothing behind.</summary>
public class ViewBadInputTests
{
    public ViewBadInputTests() => manual_seed(50);

    public static TheoryData<long[]> WrongShapes =>
        [
            [2, 2, 16, 16],
            [2, 4, 16, 16],
            [2, 0, 16, 16],
            [4, 16, 16],
            [16, 16],
            [16],
            [],
            [2, 1],
            [1, 4, 16, 16],
            [5, 2, 2, 16, 16],
        ];

    [Theory]
    [MemberData(nameof(WrongShapes))]
    public void An_image_of_a_wrong_shape(long[] shape)
    {
        using var net = new PlainNet();
        using Tensor image = ones(shape);
        foreach (bool isCall in (bool[])[false, true])
        {
            GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
            string message = Refused(net, () => isCall ? view.call(image) : view.forward(image)).Message;
            Assert.Contains("PlainNet", message, StringComparison.Ordinal);
            Assert.Contains($"[{string.Join(", ", shape)}]", message, StringComparison.Ordinal);
            Assert.Contains("[N, 1, H, W]", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(WrongShapes))]
    public void An_image_of_a_wrong_shape_for_a_convolution(long[] shape)
    {
        using Conv2d layer = Conv2d(3, 4, 3);
        using Tensor image = ones(shape);
        Refused(layer, () => layer.AsGrayscale().forward(image));
        Refused(layer, () => layer.AsGrayscale().call(image));
    }

    [Fact]
    public void Channels_last_for_a_convolution_that_takes_them_first()
    {
        using Conv2d layer = Conv2d(3, 4, 3);
        using Tensor image = ones(2, 16, 16, 1);
        Refused(layer, () => layer.AsGrayscale().forward(image));
    }

    [Fact]
    public void No_image()
    {
        using var net = new PlainNet();
        using Conv2d layer = Conv2d(3, 4, 3);
        Assert.Throws<ArgumentNullException>(() => net.AsGrayscale().forward(null!));
        Assert.Throws<ArgumentNullException>(() => net.AsGrayscale().call(null!));
        Assert.Throws<ArgumentNullException>(() => layer.AsGrayscale().forward(null!));
        Assert.Throws<ArgumentNullException>(() => layer.AsGrayscale().call(null!));
        using Module<List<Tensor>, Tensor> list = OfList();
        Assert.Throws<ArgumentNullException>(() => list.AsGrayscale().forward(null!));
        Assert.Throws<ArgumentNullException>(() => list.AsGrayscale().forward([null!]));
        Assert.Throws<ArgumentNullException>(() => ((Module<Tensor, Tensor>)null!).AsGrayscale());
    }

    [Fact]
    public void A_disposed_image()
    {
        using var net = new PlainNet();
        using Conv2d layer = Conv2d(3, 4, 3);
        Tensor image = rand(1, 1, 16, 16);
        image.Dispose();
        Assert.Contains("disposed", Refused(net, () => net.AsGrayscale().forward(image)).Message, StringComparison.Ordinal);
        Assert.Contains("disposed", Refused(layer, () => layer.AsGrayscale().forward(image)).Message, StringComparison.Ordinal);
        using Module<List<Tensor>, Tensor> list = OfList();
        using Tensor alive = rand(1, 16, 16);
        Refused(list, () => list.AsGrayscale().forward([alive, image]));
    }

    private static readonly Dictionary<string, Func<Module<Tensor, Tensor>>> Disposable = new()
    {
        ["network"] = () => new PlainNet(),
        ["convolution"] = () => Conv2d(3, 4, 3),
        ["sequence"] = () => Sequential(("conv", Conv2d(3, 4, 3)), ("bn", BatchNorm2d(4))),
        ["no convolution of three channels"] = () =>
            new Net<Tensor, Tensor>((net, x) => net.Call("conv", functional.pixel_unshuffle(x, 2)), ("conv", Conv2d(12, 4, 3))),
    };

    public static TheoryData<string> DisposableNames => [.. Disposable.Keys];

    [Theory]
    [MemberData(nameof(DisposableNames))]
    public void A_disposed_network(string name)
    {
        using Tensor image = rand(1, 1, 16, 16);
        Module<Tensor, Tensor> net = Disposable[name]();
        net.Dispose();
        Assert.Contains("disposed", Assert.Throws<ArgumentException>(() => net.AsGrayscale()).Message, StringComparison.Ordinal);

        Module<Tensor, Tensor> other = Disposable[name]();
        GrayscaleView<Tensor, Tensor> view = other.AsGrayscale();
        other.Dispose();
        Assert.Contains("disposed", Assert.Throws<ArgumentException>(() => view.forward(image)).Message, StringComparison.Ordinal);
        Assert.Contains("disposed", Assert.Throws<ArgumentException>(() => view.call(image)).Message, StringComparison.Ordinal);
        Assert.Contains("disposed", Assert.Throws<ArgumentException>(() => other.AsGrayscale()).Message, StringComparison.Ordinal);
        view.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Too_few_channels(long channels)
    {
        using var net = new PlainNet();
        Assert.Contains($"{channels}", Refused(net, () => net.AsGrayscale(channels)).Message, StringComparison.Ordinal);
        using Conv2d layer = Conv2d(3, 4, 3);
        Refused(layer, () => layer.AsGrayscale(channels));
    }

    [Fact]
    public void Other_channels_than_a_convolution_has()
    {
        using Conv2d layer = Conv2d(3, 4, 3);
        Refused(layer, () => layer.AsGrayscale(channels: 2));
        using Conv2d gray = Conv2d(1, 4, 3);
        Refused(gray, () => gray.AsGrayscale());
    }

    [Theory]
    [InlineData("picture")]
    [InlineData("")]
    [InlineData("image, picture")]
    [InlineData("image,")]
    [InlineData("Image")]
    public void A_name_that_no_input_has(string image)
    {
        using var net = new PlainNet();
        Assert.Contains("Tensor image", Refused(net, () => net.AsGrayscale(image: image)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_an_input_that_is_no_tensor()
    {
        using var net = new Net<Tensor, int, Tensor>((parts, x, times) => parts.Call("conv", x) * times, ("conv", Conv2d(3, 4, 3)));
        Assert.Contains("second", Refused(net, () => net.AsGrayscale(image: "second")).Message, StringComparison.Ordinal);
        using var none = new Net<int, int, Tensor>(
            (parts, size, _) => parts.Call("conv", rand(1, 3, size, size)),
            ("conv", Conv2d(3, 4, 3))
        );
        Refused(none, () => none.AsGrayscale());
        using var words = new Net<string, Tensor>((_, _) => zeros(1));
        Refused(words, () => words.AsGrayscale());
    }

    [Fact]
    public void A_converted_network()
    {
        using Tensor image = rand(1, 1, 16, 16);
        using var net = new PlainNet();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        view.forward(image).Dispose();
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale();
        Assert.Contains("ToGrayscale()", Assert.Throws<ArgumentException>(() => view.forward(image)).Message, StringComparison.Ordinal);
        Assert.Contains("ToGrayscale()", Assert.Throws<ArgumentException>(() => view.call(image)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => net.AsGrayscale());
        Assert.Throws<ArgumentException>(() => wrapper.AsGrayscale());
        using var other = new PlainNet();
        GrayscaleModule<Tensor, Tensor> converted = other.ToGrayscale();
        string hooks = StackedRun.Hooks(other);
        Assert.Contains("ToGrayscale()", Assert.Throws<ArgumentException>(() => other.AsGrayscale()).Message, StringComparison.Ordinal);
        Assert.Equal(hooks, StackedRun.Hooks(other));

        // And back: the view is right again.
        converted.ToColor(LumaCoefficients.Average);
        other.eval();
        Assert.True(Bounds.LargestDifference(other.forward(Bounds.Stack(image)), other.AsGrayscale().forward(image)) < 1e-5);
    }

    [Fact]
    public void A_converted_convolution()
    {
        using Tensor image = rand(1, 1, 16, 16);
        using Conv2d layer = Conv2d(3, 4, 3);
        GrayscaleView<Tensor, Tensor> view = layer.AsGrayscale();
        GrayscaleModule<Tensor, Tensor> wrapper = layer.ToGrayscale();
        Assert.Throws<ArgumentException>(() => view.forward(image));
        Assert.Throws<ArgumentException>(() => layer.AsGrayscale());
        Assert.Throws<ArgumentException>(() => wrapper.AsGrayscale());
    }

    [Fact]
    public void Another_number_of_channels_asked_of_a_view()
    {
        using var net = new Net<Tensor, Tensor, Tensor>(
            (parts, a, b) => parts.Call("conv", a) + parts.Call("conv", b),
            ("conv", Conv2d(3, 4, 3))
        );
        GrayscaleView<Tensor, Tensor, Tensor> view = net.AsGrayscale();
        Assert.Same(view, view.AsGrayscale());
        Assert.Same(net.AsGrayscale(image: "first, second"), view.AsGrayscale(image: "first, second"));
        Assert.Same(net.AsGrayscale(channels: 2), view.AsGrayscale(channels: 2));
    }

    [Fact]
    public void An_error_of_the_network_itself_is_its_own()
    {
        using var net = new Net<Tensor, Tensor>(
            (parts, x) => parts.Call("head", parts.Call("conv", x)),
            ("conv", Conv2d(3, 4, 3)),
            ("head", Conv2d(5, 4, 3))
        );
        using Tensor image = rand(1, 1, 16, 16);
        for (int run = 0; run < 3; run++)
        {
            Exception expected = Assert.ThrowsAny<Exception>(() => net.forward(Bounds.Stack(image)));
            Exception actual = Assert.ThrowsAny<Exception>(() => net.AsGrayscale().forward(image));
            Assert.Equal(expected.GetType(), actual.GetType());
            Assert.Equal(expected.Message.Split('\n')[0], actual.Message.Split('\n')[0]);
        }
    }

    private static Net<List<Tensor>, Tensor> OfList() =>
        new((parts, images) => parts.Call("conv", stack(images)), ("conv", Conv2d(3, 4, 3)));

    /// <summary>An ArgumentException, and nothing left: no tensor, and no hook once the view is gone.</summary>
    private static ArgumentException Refused<TNet>(TNet net, Func<object?> action)
        where TNet : nn.Module
    {
        Exception warm = Record.Exception(action);
        string before = StackedRun.Hooks(net);
        long tensors = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>(action);
        Assert.Equal(warm.Message, exception.Message);
        Assert.Equal(before, StackedRun.Hooks(net));
        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        return exception;
    }
}
