using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a network keeps for itself from one forward to the next survives the check.</summary>
public class KeptStateTests
{
    public KeptStateTests() => manual_seed(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_grid_made_in_the_first_forward_is_whole_afterwards(bool ranBefore)
    {
        using var net = new GridNet();
        using Tensor gray = rand(1, 1, 64, 64);
        using Tensor? first = ranBefore ? net.forward(Bounds.Stack(gray)) : null;
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        using Tensor answer = converted.forward(gray);
        Assert.False(answer.IsInvalid);
        Assert.Equal(1, net.Made);
        if (first is not null)
        {
            Assert.True(Bounds.LargestDifference(first, answer) < 1e-5);
        }
    }

    [Fact]
    public void A_refusal_leaves_a_lazily_made_grid_usable()
    {
        using var net = new GridNet(alsoElsewhere: true);
        Assert.Throws<InvalidOperationException>(() => net.ToGrayscale());
        using Tensor answer = net.forward(rand(1, 3, 20, 20));
        Assert.Equal([1, 4, 20, 20], answer.shape);
        using Tensor again = net.forward(rand(1, 3, 20, 20));
        Assert.Equal(1, net.Made);
    }

    [Fact]
    public void Anchors_kept_in_a_dictionary_of_a_helper_are_made_anew()
    {
        using var net = new AnchorNet();
        using Tensor gray = rand(1, 1, 64, 64);
        using Tensor expected = net.forward(Bounds.Stack(gray)).clone();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        Assert.True(Bounds.LargestDifference(expected[.., .., ..32, ..32], converted.forward(gray)[.., .., ..32, ..32]) < 1e-5);
        Assert.Equal([64L], net.Sizes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hidden_state_is_what_it_was(bool disposesTheOld)
    {
        using var net = new RecurrentNet(disposesTheOld);
        net.forward(rand(1, 3, 64, 64));
        using Tensor before = net.Hidden!.clone();
        net.ToGrayscale();
        Assert.False(net.Hidden!.IsInvalid);
        Assert.Equal(0, Bounds.LargestDifference(before, net.Hidden));
        Assert.Equal(1, net.Steps);
    }

    [Fact]
    public void A_state_of_a_pair_changed_in_place_is_what_it_was()
    {
        using var net = new PairStateNet();
        net.forward(rand(1, 3, 64, 64));
        using Tensor mean = net.State.Mean.clone();
        net.ToGrayscale();
        Assert.Equal(0, Bounds.LargestDifference(mean, net.State.Mean));
        Assert.Equal(1, net.State.Count.item<long>());
    }

    [Fact]
    public void A_buffer_that_forward_resizes_has_its_size_again()
    {
        using var net = new ResizingNet();
        net.ToGrayscale();
        Assert.Equal([1L], net.get_buffer("seen")!.shape);
        using Tensor answer = net.ToGrayscale().forward(rand(1, 1, 20, 20));
        Assert.Equal([20L], net.get_buffer("seen")!.shape);
    }

    [Fact]
    public void What_a_hook_of_the_user_keeps_is_as_it_was()
    {
        using var net = new PlainNet();
        var seen = new List<Tensor>();
        net.Stem.register_forward_hook(
            (_, _, output) =>
            {
                seen.Add(output.detach().DetachFromDisposeScope());
                return output;
            }
        );
        net.ToGrayscale();
        Assert.Empty(seen);
        net.ToGrayscale().call(rand(2, 1, 16, 16));
        Assert.False(Assert.Single(seen).IsInvalid);
    }

    [Theory]
    [InlineData("dictionary")]
    [InlineData("concurrent")]
    [InlineData("list")]
    [InlineData("queue")]
    [InlineData("lazy")]
    public void Position_embeddings_kept_by_size_are_made_of_the_networks_own_images(string kind)
    {
        using var net = new PositionsNet(kind);
        using Tensor gray = rand(1, 1, 20, 24);
        using Tensor expected = net.forward(Bounds.Stack(gray)).clone();
        int made = net.Made;
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        Assert.True(Bounds.LargestDifference(expected, converted.forward(gray)) < 1e-5);
        Assert.Equal(made + (kind == "queue" ? 1 : 0), net.Made);
        using Tensor other = converted.forward(rand(1, 1, 64, 64));
        Assert.False(other.IsInvalid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hook_that_takes_itself_off_in_its_first_run_is_still_on(bool onStem)
    {
        using var net = new PlainNet();
        net.eval();
        int runs = 0;
        Action takeOff = () => { };
        var remover = (onStem ? net.Stem : (Module<Tensor, Tensor>)net).register_forward_pre_hook(
            (_, image) =>
            {
                Interlocked.Increment(ref runs);
                takeOff();
                return image;
            }
        );
        takeOff = remover.remove;
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale();
        int ofCheck = runs;
        converted.call(rand(1, 1, 20, 20));
        Assert.Equal(ofCheck + 1, runs);
        converted.call(rand(1, 1, 20, 20));
        Assert.Equal(ofCheck + 1, runs);
    }

    [Fact]
    public void Verify_too_leaves_what_the_network_keeps()
    {
        using var net = new GridNet();
        GrayscaleModule<Tensor, Tensor> converted = net.ToGrayscale(new GrayscaleOptions { KeepColorWeights = true });
        Assert.True(converted.Verify([rand(1, 1, 20, 20)]).Holds);
        Assert.Equal([1, 4, 24, 24], converted.forward(rand(1, 1, 24, 24)).shape);
        Assert.Equal(1, net.Made);
    }

    private sealed class GridNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);
        private readonly bool alsoElsewhere;
        private Tensor? grid;
        private bool isReady;

        public GridNet(bool alsoElsewhere = false)
            : base(nameof(GridNet))
        {
            this.alsoElsewhere = alsoElsewhere;
            RegisterComponents();
        }

        public int Made { get; private set; }

        public override Tensor forward(Tensor image)
        {
            if (!isReady)
            {
                // As many columns as the first image has: of the check's image it would not fit the next.
                grid = arange(image.shape[^1], dtype: ScalarType.Float32).mul_(0.01);
                isReady = true;
                Made++;
            }

            Tensor features = stem.call(image) + grid!;
            return alsoElsewhere ? features + image.sum(1, keepdim: true) : features;
        }
    }

    /// <summary>Embeddings of positions, made for each size when it is first met.</summary>
    private sealed class PositionsNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);
        private readonly string kind;
        private readonly Dictionary<(long, long), Tensor> dictionary = [];
        private readonly System.Collections.Concurrent.ConcurrentDictionary<(long, long), Tensor> concurrent = new();
        private readonly List<Tensor?> list = [null, null];
        private readonly Queue<Tensor> queue = new();
        private Lazy<Tensor>? lazy;

        public PositionsNet(string kind)
            : base(nameof(PositionsNet))
        {
            this.kind = kind;
            RegisterComponents();
        }

        public int Made { get; private set; }

        public override Tensor forward(Tensor image) => stem.call(image) + Positions((image.shape[2], image.shape[3]));

        private Tensor Positions((long, long) size)
        {
            switch (kind)
            {
                case "dictionary":
                    return dictionary.TryGetValue(size, out Tensor? known) ? known : dictionary[size] = Make(size);
                case "concurrent":
                    return concurrent.GetOrAdd(size, Make);
                case "list":
                    if (list[0] is not { } kept || kept.shape[0] != size.Item1 || kept.shape[1] != size.Item2)
                    {
                        list[0]?.Dispose();
                        list[0] = Make(size);
                    }

                    return list[0]!;
                case "queue":
                    queue.Enqueue(Make(size));
                    if (queue.Count > 2)
                    {
                        queue.Dequeue().Dispose();
                    }

                    return queue.Last();
                default:
                    if (lazy is null || lazy.Value.shape[0] != size.Item1)
                    {
                        lazy = new Lazy<Tensor>(() => Make(size));
                    }

                    return lazy.Value;
            }
        }

        private Tensor Make((long, long) size)
        {
            Made++;
            return linspace(0, 1, size.Item1).unsqueeze(1) * linspace(0, 1, size.Item2);
        }
    }

    private sealed class AnchorNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 2, 3, padding: 1);
        private readonly Cache cache = new();

        public AnchorNet()
            : base(nameof(AnchorNet)) => RegisterComponents();

        public IEnumerable<long> Sizes => cache.BySize.Keys;

        public override Tensor forward(Tensor image)
        {
            long size = image.shape[^1];
            if (!cache.BySize.TryGetValue(size, out List<Tensor>? anchors))
            {
                cache.BySize[size] = anchors = [linspace(0, 1, size), ones(size)];
            }

            return stem.call(image) + (anchors[0] * anchors[1]);
        }

        private sealed class Cache
        {
            public Dictionary<long, List<Tensor>> BySize { get; } = [];
        }
    }

    private sealed class RecurrentNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);
        private readonly bool disposesTheOld;

        public RecurrentNet(bool disposesTheOld)
            : base(nameof(RecurrentNet))
        {
            this.disposesTheOld = disposesTheOld;
            RegisterComponents();
        }

        public Tensor? Hidden { get; private set; }

        public int Steps { get; private set; }

        public override Tensor forward(Tensor image)
        {
            Tensor now = stem.call(image).mean([2, 3]);
            Tensor next = Hidden is null ? now : (now + Hidden.detach()) / 2;
            if (disposesTheOld)
            {
                Hidden?.Dispose();
            }

            Hidden = next.detach().clone();
            Steps++;
            return next;
        }
    }

    private sealed class PairStateNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public PairStateNet()
            : base(nameof(PairStateNet)) => RegisterComponents();

        public (Tensor Mean, Tensor Count) State { get; } = (zeros(1, 4), zeros(1, dtype: ScalarType.Int64));

        public override Tensor forward(Tensor image)
        {
            using (no_grad())
            {
                State.Mean.add_(stem.call(image).mean([2, 3]));
                State.Count.add_(1);
            }

            return stem.call(image) - State.Mean.mean();
        }
    }

    private sealed class ResizingNet : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 4, 3, padding: 1);

        public ResizingNet()
            : base(nameof(ResizingNet))
        {
            RegisterComponents();
            register_buffer("seen", zeros(1));
        }

        public override Tensor forward(Tensor image)
        {
            using Tensor rows = ones(image.shape[2]);
            get_buffer("seen")!.set_(rows);
            return stem.call(image);
        }
    }
}
