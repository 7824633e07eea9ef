using ChannelGen.Layouts;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Runtime.Tests;

/// <summary>Which order is taken for which shape, by a clock that the test turns.</summary>
public class LayoutChoiceTests
{
    [Fact]
    public void The_faster_order_is_taken_for_each_shape_and_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        var timed = new TimedRuns((image, last) => (image.size(3) < 16, last) switch { (true, true) => 30, (false, true) => 10, _ => 20 });
        Assert.False(timed.Run(1, 8));
        Assert.True(timed.Run(1, 32));
        int runs = timed.Runs;
        Assert.False(timed.Run(1, 8));
        Assert.True(timed.Run(1, 32));
        Assert.Equal(runs + 2, timed.Runs);
        Assert.Equal(
            ["channels-last is 0.67 times as fast as contiguous", "channels-last is 2.00 times as fast as contiguous"],
            timed.Choice.Tried.Select(tried => tried.Reason).Order()
        );
    }

    [Theory]
    [InlineData(1000, 1001, false)]
    [InlineData(1000, 1000, false)]
    [InlineData(1040, 1000, false)]
    [InlineData(1060, 1000, true)]
    public void What_is_hardly_faster_is_left_as_it_was(int contiguous, int last, bool expected)
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(expected, new TimedRuns((_, isLast) => isLast ? last : contiguous).Run(1, 8));
    }

    [Fact]
    public void One_slow_run_decides_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        int run = 0;
        var timed = new TimedRuns((_, isLast) => (isLast ? 10 : 20) + (run++ == 6 ? 100_000 : 0));
        Assert.True(timed.Run(1, 8));
    }

    [Fact]
    public void After_many_shapes_the_one_that_is_next_in_size_speaks_for_others()
    {
        using DisposeScope scope = NewDisposeScope();
        var timed = new TimedRuns((image, last) => last == image.size(3) > 20 ? 10 : 20);
        for (int side = 1; side <= LayoutChoice.ShapesTried; side++)
        {
            Assert.Equal(side > 20, timed.Run(1, side));
        }

        int runs = timed.Runs;
        Assert.True(timed.Run(1, 500));
        Assert.False(timed.Run(2, 2));
        Assert.Equal(runs + 2, timed.Runs);
        Assert.Equal(LayoutChoice.ShapesTried, timed.Choice.Tried.Count);
    }

    [Fact]
    public void Training_is_contiguous_and_untried()
    {
        using DisposeScope scope = NewDisposeScope();
        var timed = new TimedRuns((_, last) => last ? 10 : 20);
        timed.Network.train();
        Assert.False(timed.Run(1, 8));
        Assert.Equal(1, timed.Runs);
        timed.Network.eval();
        Assert.True(timed.Run(1, 8));
    }

    [Fact]
    public void An_image_that_fails_is_not_remembered()
    {
        using DisposeScope scope = NewDisposeScope();
        var timed = new TimedRuns((image, _) => image.size(3) == 9 ? throw new InvalidOperationException("nine") : 10);
        Assert.Equal("nine", Assert.Throws<InvalidOperationException>(() => timed.Run(1, 9)).Message);
        Assert.Empty(timed.Choice.Tried);
        timed.Run(1, 8);
        Assert.Single(timed.Choice.Tried);
    }

    /// <summary>A network whose runs take as long as it is told.</summary>
    private sealed class TimedRuns
    {
        private readonly Func<Tensor, bool, int> duration;
        private long now;
        private bool wasLast;

        public TimedRuns(Func<Tensor, bool, int> duration)
        {
            this.duration = duration;
            Network.eval();
            Choice = new LayoutChoice(Network, keepsAnswers: false, () => now);
            Choice.Want(MemoryLayout.Fastest, convolutions: []);
        }

        public UsualNet Network { get; } = new();

        public LayoutChoice Choice { get; }

        public int Runs { get; private set; }

        /// <summary>Whether the image was given channels-last.</summary>
        public bool Run(int batch, int side)
        {
            Choice.Run([rand(batch, 1, side, side)], 0, isBatch: true, Timed);
            return wasLast;
        }

        private Tensor Timed(object?[] given, bool last)
        {
            var image = (Tensor)given[0]!;
            Runs++;
            wasLast = last;
            now += duration(image, last);
            return image.sum();
        }
    }
}
