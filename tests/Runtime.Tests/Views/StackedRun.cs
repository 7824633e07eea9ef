using System.Collections;
using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using TorchSharp;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Runtime.Tests;

/// <summary>
/// Runs a network seen by a view beside an equal one that is given stacked images, and compares all that either leaves
/// behind: answers, state_dict, modes, hooks and random state.
/// </summary>
internal static class StackedRun
{
    private const double Bound = 1e-10;

    /// <summary>Compares several calls in a row, with forward and call, in evaluation and in training.</summary>
    /// <param name="make">Makes the network; it is called twice, with the same seed.</param>
    /// <param name="inputs">The gray inputs of a call, by its number.</param>
    /// <param name="stack">The inputs as the network itself takes them.</param>
    /// <param name="forward">Runs the network's forward.</param>
    /// <param name="call">Runs the network's call.</param>
    /// <param name="viewed">Makes the view; null for the usual one.</param>
    public static void Compare<TNet, TInputs>(
        Func<TNet> make,
        Func<int, TInputs> inputs,
        Func<TInputs, TInputs> stack,
        Func<TNet, TInputs, object?> forward,
        Func<TNet, TInputs, object?> call,
        Func<TNet, TNet> viewed
    )
        where TNet : Module
    {
        foreach (bool trains in (bool[])[false, true])
        {
            using DisposeScope scope = NewDisposeScope();
            using TNet plain = Made(make, trains);
            using TNet seen = Made(make, trains);
            string hooks = Hooks(seen);
            TNet view = viewed(seen);
            for (int number = 0; number < 6; number++)
            {
                Func<TNet, TInputs, object?> run = number % 2 == 0 ? forward : call;
                manual_seed(number);
                TInputs given = inputs(number);
                TInputs copy = stack(given);
                manual_seed(100 + number);
                object? expected = run(plain, copy);
                Tensor expectedRandom = get_rng_state();
                manual_seed(100 + number);
                object? actual = run(view, given);
                Assert.True(expectedRandom.Equals(get_rng_state()), $"random state after call {number}, trains: {trains}");
                AssertEqual(expected, actual, $"call {number}, trains: {trains}");
                manual_seed(number);
                AssertEqual(inputs(number), given, "the caller's own image");
            }

            AssertEqual(State(plain), State(seen), "the state");
            view.Dispose();
            Assert.Equal(hooks, Hooks(seen));
            AssertEqual(State(plain), State(seen), "the state");
        }
    }

    /// <summary>Of networks of one image.</summary>
    public static void Compare<TResult>(Func<nn.Module<Tensor, TResult>> make, Func<int, Tensor>? images = null) =>
        Compare(
            make,
            images ?? (_ => randn(2, 1, 12, 12, dtype: ScalarType.Float64)),
            image => Stack(image),
            static (net, image) => net.forward(image),
            static (net, image) => net.call(image),
            static net => net.AsGrayscale()
        );

    /// <summary>[N, 1, ...] three times, with memory for each.</summary>
    public static Tensor Stack(Tensor gray, int dimension = 1) => cat([gray, gray, gray], dimension);

    /// <summary>Compares whatever a network may give: numbers, tensors, tuples, lists, records, dictionaries.</summary>
    public static void AssertEqual(object? expected, object? actual, string what)
    {
        object?[] left = [.. Leaves(expected)];
        object?[] right = [.. Leaves(actual)];
        Assert.NotEmpty(left);
        Assert.Equal(left.Length, right.Length);
        foreach ((object? one, object? other) in left.Zip(right))
        {
            if (one is not Tensor wanted)
            {
                Assert.Equal(one, other);
                continue;
            }

            Tensor found = Assert.IsType<Tensor>(other, exactMatch: false);
            Assert.Equal(wanted.shape, found.shape);
            Assert.Equal(wanted.dtype, found.dtype);
            Assert.Equal(wanted.requires_grad, found.requires_grad);
            if (!wanted.is_floating_point())
            {
                Assert.True(wanted.Equals(found), what);
            }
            else if (wanted.numel() > 0)
            {
                using DisposeScope scope = NewDisposeScope();
                double difference = (wanted - found).abs().max().to(ScalarType.Float64).item<double>();
                Assert.True(
                    difference <= Bound * (1 + wanted.abs().max().to(ScalarType.Float64).item<double>()),
                    $"{what}: off by {difference}"
                );
            }
        }
    }

    public static Dictionary<string, Tensor> State(Module net) =>
        net.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    /// <summary>All modes and hooks of a network, in words.</summary>
    public static string Hooks(Module net) =>
        string.Join(
            "; ",
            net.named_modules()
                .Prepend(("", net))
                .Select(named => $"{named.Item1} {named.Item2.training} {string.Join(",", HookNames.Of(named.Item2))}")
        );

    private static TNet Made<TNet>(Func<TNet> make, bool trains)
        where TNet : Module
    {
        manual_seed(5);
        TNet net = make();
        net.to(ScalarType.Float64);
        net.train(trains);
        return net;
    }

    private static IEnumerable<object?> Leaves(object? value) =>
        value switch
        {
            Tensor or string or null => [value],
            ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => Leaves(tuple[index])),
            IDictionary table => table.Keys.Cast<object>().Order().SelectMany(key => Leaves(table[key])),
            IEnumerable list => list.Cast<object?>().SelectMany(Leaves),
            _ when value.GetType().IsPrimitive => [value],
            _ => value.GetType().GetProperties().SelectMany(property => Leaves(property.GetValue(value))),
        };
}
