using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>The random state is the whole program's.</summary>
public class RandomStateTests
{
    [Fact]
    public void Other_threads_are_not_set_back_by_the_check()
    {
        manual_seed(3);
        var drawn = new List<double>();
        using var net = new DrawnAtNet(() =>
        {
            // Another thread draws while the network runs.
            var thread = new Thread(() => drawn.Add(rand(1, dtype: ScalarType.Float64).item<double>()));
            thread.Start();
            thread.Join();
        });
        net.ToGrayscale();
        drawn.Add(rand(1, dtype: ScalarType.Float64).item<double>());
        Assert.True(drawn.Count > 2);
        Assert.Equal(drawn.Count, drawn.Distinct().Count());
    }

    [Fact]
    public void What_the_network_draws_itself_is_given_back()
    {
        using var net = new CountingNet();
        manual_seed(3);
        using Tensor expected = rand(4);
        manual_seed(3);
        net.ToGrayscale();
        Assert.Equal(0, Bounds.LargestDifference(expected, rand(4)));
    }

    private sealed class DrawnAtNet : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Conv2d stem = Conv2d(3, 2, 3);
        private readonly Draw draw;

        public DrawnAtNet(Action draw)
            : base(nameof(DrawnAtNet))
        {
            this.draw = new Draw(draw);
            RegisterComponents();
        }

        public override Tensor forward(Tensor image)
        {
            draw.Act();
            return stem.call(image);
        }

        /// <summary>Holds what it does in a static table, so that the check's own restoring does not reach the list.</summary>
        private sealed class Draw
        {
            private static readonly Dictionary<int, Action> Table = [];
            private readonly int key = Table.Count;

            public Draw(Action act) => Table.Add(key, act);

            public void Act() => Table[key]();
        }
    }
}
