using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Runtime.Tests;

/// <summary>In all but the image a view is the network.</summary>
public class ViewMembersTests
{
    public ViewMembersTests() => manual_seed(60);

    public static TheoryData<string> MemberNames => WrapperTests.MemberNames;

    [Theory]
    [MemberData(nameof(MemberNames))]
    public void Each_virtual_member_gives_what_the_networks_gives(string member)
    {
        using var net = new PlainNet();
        using var other = new PlainNet();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        Func<Module, object?> ask = WrapperTests.Members[member];
        bool registers = member.StartsWith("register", StringComparison.Ordinal);
        object? expected = ask(registers ? other : view.Network);
        Assert.Equal(expected, ask(view));
    }

    [Fact]
    public void Saved_and_loaded_it_is_the_networks_checkpoint()
    {
        using var net = new PlainNet();
        using var other = new PlainNet();
        using Tensor gray = rand(2, 1, 16, 16);
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.dat");
        try
        {
            net.AsGrayscale().save(file);
            other.load(file);
            StackedRun.AssertEqual(StackedRun.State(net), StackedRun.State(other), "loaded into a network");
            using (IDisposable grad = no_grad())
            {
                other.Stem.weight.fill_(1);
            }

            GrayscaleView<Tensor, Tensor> view = other.AsGrayscale();
            view.forward(gray).Dispose();
            Assert.Same(view, view.load(file));
            StackedRun.AssertEqual(StackedRun.State(net), StackedRun.State(other), "loaded into a view");
        }
        finally
        {
            File.Delete(file);
        }

        net.eval();
        other.eval();
        Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray)), other.AsGrayscale().forward(gray)) < 1e-6);
    }

    [Fact]
    public void It_fits_in_a_Sequential_and_in_a_field()
    {
        using var net = new PlainNet();
        using Sequential whole = Sequential(("net", net.AsGrayscale()), ("softmax", Softmax(1)));
        whole.eval();
        using Tensor gray = rand(2, 1, 16, 16);
        Assert.True(Bounds.LargestDifference(net.call(Bounds.Stack(gray)).softmax(1), whole.call(gray)) < 1e-6);
        Assert.Equal(net.parameters().Count(), whole.parameters().Count());
        Assert.Equal(net.state_dict().Keys.Select(key => $"net.{key}"), whole.state_dict().Keys);
        whole.train();
        Assert.True(net.training);
    }

    [Fact]
    public void Call_runs_the_networks_hooks_and_the_views_and_forward_runs_none()
    {
        using var net = new PlainNet();
        net.eval();
        var log = new List<string>();
        net.register_forward_pre_hook(
            (module, image) =>
            {
                log.Add($"network before {ReferenceEquals(module, net)} {image.shape[1]}");
                return image;
            }
        );
        net.register_forward_hook(
            (_, _, output) =>
            {
                log.Add("network after");
                return output;
            }
        );
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        view.register_forward_pre_hook(
            (module, image) =>
            {
                log.Add($"view before {ReferenceEquals(module, view)} {image.shape[1]}");
                return image * 2;
            }
        );
        view.register_forward_hook(
            (_, _, output) =>
            {
                log.Add("view after");
                return output;
            }
        );
        using Tensor gray = rand(2, 1, 16, 16);
        for (int run = 0; run < 3; run++)
        {
            log.Clear();
            Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray)), view.forward(gray)) < 1e-6);
            Assert.Empty(log);
            Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray * 2)), view.call(gray)) < 1e-6);
            Assert.Equal(["view before True 1", "network before True 3", "network after", "view after"], log);
        }
    }

    /// <summary>A hook of the view that runs views itself, or throws, does not change what runs afterwards.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hooks_of_the_view_may_run_views_and_throw(bool throws)
    {
        using var net = new PlainNet();
        using var other = new PlainNet();
        net.eval();
        other.eval();
        int hooked = 0;
        net.register_forward_hook(
            (_, _, output) =>
            {
                hooked++;
                return output;
            }
        );
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        using Tensor gray = rand(2, 1, 16, 16);
        var remover = view.register_forward_pre_hook(
            (_, image) =>
            {
                if (throws)
                {
                    throw new InvalidDataException("of the hook");
                }

                other.AsGrayscale().call(gray).Dispose();
                return image;
            }
        );
        for (int run = 0; run < 3; run++)
        {
            hooked = 0;
            if (throws)
            {
                Assert.Throws<InvalidDataException>(() => view.call(gray));
            }
            else
            {
                view.call(gray).Dispose();
                Assert.Equal(1, hooked);
            }

            hooked = 0;
            view.forward(gray).Dispose();
            Assert.Equal(0, hooked);
        }

        remover.remove();
        view.call(gray).Dispose();
        Assert.Equal(1, hooked);
    }

    [Fact]
    public void Of_two_inputs_it_runs_hooks_alike()
    {
        using var net = new Net<Tensor, Tensor, Tensor>(
            (parts, image, age) => parts.Call("conv", image).mean([2, 3]) + age,
            ("conv", Conv2d(3, 4, 3))
        );
        int hooked = 0;
        net.register_forward_pre_hook(
            (_, image, age) =>
            {
                hooked++;
                return (image, age * 2);
            }
        );
        GrayscaleView<Tensor, Tensor, Tensor> view = net.AsGrayscale();
        using Tensor gray = rand(2, 1, 16, 16);
        using Tensor age = rand(2, 1);
        view.register_forward_pre_hook((_, image, other) => (image + 1, other));
        for (int run = 0; run < 3; run++)
        {
            hooked = 0;
            Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray + 1), age * 2), view.call(gray, age)) < 1e-6);
            Assert.Equal(1, hooked);
            Assert.True(Bounds.LargestDifference(net.forward(Bounds.Stack(gray), age), view.forward(gray, age)) < 1e-6);
            Assert.Equal(1, hooked);
        }
    }
}
