using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Threads may use one network at once, by views and without; nothing is left of a run that failed, or of many.</summary>
public class ViewThreadsTests
{
    public ViewThreadsTests() => manual_seed(70);

    [Fact]
    public void Gray_color_and_training_at_once_while_views_come_and_go()
    {
        using Module<Tensor, Tensor> net = Nested();
        net.eval();
        using Tensor gray = randn(2, 1, 16, 16);
        using Tensor color = randn(2, 3, 16, 16);
        using Tensor expectedGray = net.call(Bounds.Stack(gray)).detach();
        using Tensor expectedColor = net.call(color).detach();
        Tensor[] expectedGradients = Gradients(net, net.call(Bounds.Stack(gray)));
        string hooks = StackedRun.Hooks(net);
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        Action<int>[] work =
        [
            _ => Same(expectedGray, () => net.AsGrayscale().call(gray), "gray"),
            _ => Same(expectedGray, () => net.AsGrayscale().forward(gray), "gray, forward"),
            _ => Same(expectedColor, () => net.call(color), "color"),
            _ => Same(expectedColor, () => net.AsGrayscale().call(color), "color through the view"),
            _ => Trained(),
            run => Ephemeral(run),
            run => Ephemeral(run + 1),
            _ => Trained(),
        ];
        Thread[] threads =
        [
            .. work.Select(action => new Thread(() =>
            {
                try
                {
                    for (int run = 0; run < 60; run++)
                    {
                        using DisposeScope scope = NewDisposeScope();
                        action(run);
                    }
                }
                catch (Exception exception)
                {
                    failures.Enqueue(exception.ToString());
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Empty(failures);
        net.AsGrayscale().Dispose();
        Assert.Equal(hooks, StackedRun.Hooks(net));
        Assert.True(Bounds.LargestDifference(expectedGray, net.AsGrayscale().call(gray)) < 1e-5);

        void Same(Tensor expected, Func<Tensor> run, string what)
        {
            double difference = Bounds.LargestDifference(expected, run().detach());
            if (difference > 1e-5)
            {
                failures.Enqueue($"{what}: off by {difference}");
            }
        }

        void Trained()
        {
            foreach ((Tensor expected, Tensor actual) in expectedGradients.Zip(Gradients(net, net.AsGrayscale().call(gray))))
            {
                double difference = Bounds.LargestDifference(expected, actual);
                if (difference > 1e-3)
                {
                    failures.Enqueue($"gradient off by {difference}");
                }
            }
        }

        // A view of its own name, so that no other thread has it disposed under its feet; the layers are the same.
        void Ephemeral(int run)
        {
            var inner = (Module<Tensor, Tensor>)net.named_children().First(child => child.name == "inner").module;
            using GrayscaleView<Tensor, Tensor> view = new Wrapping(net, $"w{run}").AsGrayscale();
            Same(expectedGray, () => view.call(gray), "a view that came and went");
            using GrayscaleView<Tensor, Tensor> of = new Wrapping(inner, $"i{run}").AsGrayscale();
            of.call(gray);
        }
    }

    [Theory]
    [InlineData("later layer")]
    [InlineData("hook of a later layer")]
    [InlineData("hook of the network")]
    [InlineData("hook after the network")]
    [InlineData("hook of the view")]
    [InlineData("hook after the view")]
    [InlineData("forward before a layer")]
    public void An_exception_in_the_middle_and_right_again(string where)
    {
        bool throws = false;
        using var net = new Net<Tensor, Tensor>(
            (parts, x) =>
            {
                Tensor features = parts.Call("conv", x);
                Throw("forward before a layer");
                return parts.Call("later", features) + parts.Call("second", x);
            },
            ("conv", Conv2d(3, 4, 3)),
            ("second", Conv2d(3, 4, 3)),
            (
                "later",
                new Net<Tensor, Tensor>(
                    (_, x) =>
                    {
                        Throw("later layer");
                        return x;
                    }
                )
            )
        );
        ((Module<Tensor, Tensor>)net.named_children().First(child => child.name == "later").module).register_forward_pre_hook(
            (_, x) => Thrown("hook of a later layer", x)
        );
        net.register_forward_pre_hook((_, x) => Thrown("hook of the network", x));
        net.register_forward_hook((_, _, x) => Thrown("hook after the network", x));
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        view.register_forward_pre_hook((_, x) => Thrown("hook of the view", x));
        view.register_forward_hook((_, _, x) => Thrown("hook after the view", x));
        using Tensor gray = randn(2, 1, 16, 16);
        using Tensor color = randn(2, 3, 16, 16);
        using Tensor expected = net.call(Bounds.Stack(gray));
        using Tensor expectedColor = net.call(color);
        string hooks = StackedRun.Hooks(net);
        for (int run = 0; run < 4; run++)
        {
            throws = true;
            Assert.Throws<InvalidDataException>(() => view.call(gray));
            throws = false;
            Assert.True(Bounds.LargestDifference(expected, view.forward(gray)) < 1e-5);
            Assert.True(Bounds.LargestDifference(expectedColor, net.call(color)) < 1e-5);
            Assert.True(Bounds.LargestDifference(expected, view.call(gray)) < 1e-5);
            Assert.Equal(hooks, StackedRun.Hooks(net));
        }

        view.Dispose();
        Assert.DoesNotContain("ChannelGen", StackedRun.Hooks(net), StringComparison.Ordinal);

        Tensor Thrown(string place, Tensor tensor)
        {
            Throw(place);
            return tensor;
        }

        void Throw(string place)
        {
            if (throws && place == where)
            {
                throw new InvalidDataException(place);
            }
        }
    }

    public static TheoryData<string> Leaving => ["forward", "call", "training", "writes", "convolution", "views", "refused", "color"];

    [Theory]
    [MemberData(nameof(Leaving))]
    public void No_tensor_is_left_over_after_a_thousand(string what)
    {
        using Module<Tensor, Tensor> net = Nested();
        using Module<Tensor, Tensor> writing = Sequential(("relu", ReLU(inplace: true)), ("conv", Conv2d(3, 4, 3)));
        using Conv2d layer = Conv2d(3, 4, 3);
        using Tensor gray = randn(1, 1, 8, 8);
        using Tensor color = randn(1, 3, 8, 8);
        using Tensor wrong = randn(1, 2, 8, 8);
        Action once = what switch
        {
            "forward" => () => net.AsGrayscale().forward(gray),
            "call" => () => net.AsGrayscale().call(gray),
            "training" => () =>
            {
                net.zero_grad();
                net.AsGrayscale().call(gray).sum().backward();
                net.zero_grad();
            }
            ,
            "writes" => () => writing.AsGrayscale().call(gray),
            "convolution" => () => layer.AsGrayscale().call(gray),
            "views" => () =>
            {
                using GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
                view.call(gray);
            }
            ,
            "refused" => () => Assert.Throws<ArgumentException>(() => net.AsGrayscale().call(wrong)),
            _ => () => net.AsGrayscale().call(color),
        };
        for (int run = 0; run < 3; run++)
        {
            InScope(once);
        }

        long before = Tensor.TotalCount;
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int run = 0; run < 1000; run++)
        {
            InScope(once);
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.InRange(Tensor.TotalCount, 0, before);
    }

    [Fact]
    public void Network_view_and_layers_can_be_collected()
    {
        WeakReference[] references = Made();
        for (int attempt = 0; attempt < 5 && references.Any(reference => reference.IsAlive); attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.All(references, reference => Assert.False(reference.IsAlive));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Made()
    {
        using Tensor gray = randn(1, 1, 16, 16);
        var net = new PlainNet();
        GrayscaleView<Tensor, Tensor> view = net.AsGrayscale();
        for (int run = 0; run < 3; run++)
        {
            view.call(gray).Dispose();
        }

        var broken = new Net<Tensor, Tensor>(
            (parts, x) =>
            {
                parts.Call("conv", x);
                throw new InvalidDataException();
            },
            ("conv", Conv2d(3, 4, 3))
        );
        Assert.Throws<InvalidDataException>(() => broken.AsGrayscale().call(gray));
        return [new(net), new(view), new(net.Stem), new(broken), new(broken.AsGrayscale()), new(broken.Parts.Layer("conv"))];
    }

    private static void InScope(Action action)
    {
        using DisposeScope scope = NewDisposeScope();
        action();
    }

    private static Tensor[] Gradients(Module<Tensor, Tensor> net, Tensor answer) =>
        [.. autograd.grad([answer.square().sum()], net.parameters().ToArray()).Select(gradient => gradient.DetachFromDisposeScope())];

    private static Net<Tensor, Tensor> Nested() =>
        new(
            (parts, x) => parts.Call("head", parts.Call("inner", x) + parts.Call("stem", x)),
            ("stem", Conv2d(3, 4, 3, padding: 1)),
            ("inner", new Net<Tensor, Tensor>((parts, x) => parts.Call("conv", x), ("conv", Conv2d(3, 4, 5, padding: 2)))),
            ("head", Conv2d(4, 2, 3))
        );

    /// <summary>Another network of the same layers.</summary>
    private sealed class Wrapping : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> inner;

        public Wrapping(Module<Tensor, Tensor> inner, string name)
            : base(name)
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor image) => inner.call(image);
    }
}
