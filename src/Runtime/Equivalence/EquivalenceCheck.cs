using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

/// <summary>Proof for the user's own network and images that the conversion changed nothing.</summary>
public static class EquivalenceCheck
{
    /// <summary>
    /// Runs the network on each image stacked, with the color kernels that were kept, and converted, and compares every
    /// layer and the answer. Runs in eval mode under no_grad; modes, buffers, hooks and random state are left as they are.
    /// </summary>
    /// <param name="network">A network converted with <see cref="GrayscaleOptions.KeepColorWeights"/>, not trained since.</param>
    /// <param name="images">Gray images as the converted network takes them, [N, 1, spatial...].</param>
    /// <returns>What differs, and by how much it may.</returns>
    /// <exception cref="InvalidOperationException">The color kernels were not kept.</exception>
    /// <exception cref="ArgumentException">There is no image, or one has several channels.</exception>
    public static EquivalenceReport Verify<TResult>(this GrayscaleModule<Tensor, TResult> network, IEnumerable<Tensor> images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        ChannelConversion conversion = network.Conversion;
        conversion.EnsureCurrent();
        if (!conversion.KeepsOldWeights)
        {
            throw new InvalidOperationException(
                $"The color kernels of {network.Network.GetType().Name} were not kept, so there is nothing to compare with. Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)}.");
        }

        var differences = new Differences();
        (long, long) multiplications = (0, 0);

        // Hooks see what is called; of a bare convolution that is itself.
        var probe = new NetworkProbe(network.Network, image => network.Network is Convolution ? network.Network.call(image) : network.Network.forward(image));
        int count = 0;
        foreach (Tensor image in images)
        {
            conversion.CheckImage(image);
            count++;
            using DisposeScope scope = NewDisposeScope();
            var converted = new LayerCalls(scope);
            (string Path, Tensor Value)[] answer = probe.Run(image, scope, () => converted.Attach(network.Network, conversion));
            var stacked = new LayerCalls(scope);
            (string Path, Tensor Value)[] expected;
            using (conversion.AsBefore())
            {
                expected = probe.Run(conversion.Stacked(image), scope, () => stacked.Attach(network.Network, conversion));
            }

            differences.Add(stacked, converted, conversion);
            for (int index = 0; index < expected.Length; index++)
            {
                differences.Add("(output)", "", expected[index].Value, answer[index].Value, null);
            }

            multiplications = converted.Multiplications(conversion, image);
        }

        if (count == 0)
        {
            throw new ArgumentException("There is no image to compare on.", nameof(images));
        }

        long parameters = network.parameters().Sum(parameter => parameter.numel());
        (long now, long before) = conversion.FirstLayerParameters;
        return new EquivalenceReport
        {
            Images = count,
            Layers = differences.InOrder(),
            Parameters = (parameters - now + before, parameters),
            Multiplications = multiplications,
        };
    }

    /// <summary>What each layer gave in one run.</summary>
    private sealed class LayerCalls(DisposeScope owner)
    {
        public List<(string Name, Module Layer, Tensor Input, Tensor Output)> Calls { get; } = [];

        public void Attach(Module network, ChannelConversion conversion)
        {
            IEnumerable<(string, Module)> layers = network is Convolution ? [("", network)] : network.named_modules();
            HashSet<Module> seen = [];
            foreach ((string name, Module module) in layers)
            {
                if (module is Module<Tensor, Tensor> layer && seen.Add(module))
                {
                    bool isConverted = conversion.Changes.Any(change => ReferenceEquals(change.Layer, module));
                    layer.register_forward_hook((_, input, output) =>
                    {
                        Calls.Add((name, module, isConverted ? NetworkProbe.Kept(input, owner) : input, NetworkProbe.Kept(output, owner)));
                        return output;
                    });
                }
            }
        }

        /// <summary>Of the converted layers, for one image: output elements times kernel size times input channels.</summary>
        public (long Before, long After) Multiplications(ChannelConversion conversion, Tensor image)
        {
            long before = 0;
            long after = 0;
            foreach (LayerChange change in conversion.Changes)
            {
                int space = change.Layer.SpatialDimensions();
                long batch = image.dim() == space + 2 ? Math.Max(1, image.shape[0]) : 1;
                foreach ((_, Module layer, Tensor input, Tensor output) in Calls.Where(call => ReferenceEquals(call.Layer, change.Layer)))
                {
                    long kernel = change.Layer.kernel_size.Aggregate(1L, (product, size) => product * size);
                    long positions = change.Layer.transposed
                        ? input.numel() / batch / Math.Max(1, change.Map.NewChannels) * change.OldLayout.OutChannels
                        : output.numel() / batch;
                    before += positions * kernel * change.OldLayout.InChannels / change.OldLayout.Groups;
                    after += positions * kernel;
                }
            }

            return (before, after);
        }
    }

    /// <summary>The largest differences so far, by layer.</summary>
    private sealed class Differences
    {
        private readonly List<string> order = [];
        private readonly Dictionary<string, LayerDifference> layers = [];

        public void Add(LayerCalls stacked, LayerCalls converted, ChannelConversion conversion)
        {
            foreach (((string name, Module layer, _, Tensor expected), (_, _, Tensor input, Tensor found)) in stacked.Calls.Zip(converted.Calls))
            {
                LayerChange? change = conversion.Changes.FirstOrDefault(candidate => ReferenceEquals(candidate.Layer, layer));
                using Tensor? bound = change?.RoundingBound(input);
                Add(name.Length == 0 ? "(itself)" : name, layer.GetType().Name, expected, found, bound);
            }
        }

        public void Add(string name, string kind, Tensor expected, Tensor found, Tensor? bound)
        {
            if (expected.numel() == 0 || !expected.is_floating_point())
            {
                return;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor difference = (expected.to(ScalarType.Float64) - found.to(ScalarType.Float64)).abs();
            double largest = difference.max().item<double>();
            double magnitude = expected.abs().max().to(ScalarType.Float64).item<double>();
            double? allowed = null;
            bool? isWithin = null;
            if (bound is not null)
            {
                Tensor ratio = difference / bound;
                allowed = bound.flatten()[ratio.argmax()].item<double>();
                isWithin = difference.le(bound).all().item<bool>();
            }

            if (!layers.TryGetValue(name, out LayerDifference? earlier))
            {
                order.Add(name);
                earlier = new LayerDifference(name, kind, 0, 0, null, null);
            }

            bool isLarger = largest >= earlier.Difference || double.IsNaN(largest);
            layers[name] = earlier with
            {
                Difference = isLarger ? largest : earlier.Difference,
                Magnitude = Math.Max(magnitude, earlier.Magnitude),
                Bound = isLarger || earlier.Bound is null ? allowed ?? earlier.Bound : earlier.Bound,
                IsWithinBound = isWithin is null ? earlier.IsWithinBound : isWithin.Value && earlier.IsWithinBound != false,
            };
        }

        /// <summary>The answer comes last, whatever else was added after it for later images.</summary>
        public IReadOnlyList<LayerDifference> InOrder() => [.. order.Where(name => name != "(output)").Append("(output)").Where(layers.ContainsKey).Select(name => layers[name])];
    }
}
