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
                $"The color kernels of {network.Network.GetType().Name} were not kept, so there is nothing to compare with. "
                    + $"Convert with {nameof(GrayscaleOptions)}.{nameof(GrayscaleOptions.KeepColorWeights)}."
            );
        }

        var differences = new Differences();
        (long, long) multiplications = (0, 0);

        // Hooks see what is called; of a bare convolution that is itself.
        var probe = new NetworkProbe(
            network.Network,
            image => network.Network is Convolution ? network.Network.call(image) : network.Network.forward(image)
        );
        int count = 0;
        foreach (Tensor image in images)
        {
            conversion.CheckImage(image);
            count++;
            LayerCalls stacked;
            int first = 0;
            do
            {
                // As many layers at once as there is room for: of large images not all.
                using DisposeScope scope = NewDisposeScope();
                stacked = new LayerCalls(scope, first);
                (string Path, Tensor Value)[] expected,
                    answer;
                using (conversion.AsBefore())
                {
                    using Tensor old = conversion.Stacked(image);
                    expected = probe.Run(old, scope, () => stacked.Record(network.Network));
                }

                (long Before, long After) counted = (0, 0);
                answer = probe.Run(
                    image,
                    scope,
                    () =>
                        stacked.Compare(
                            network.Network,
                            conversion,
                            differences,
                            (layer, input, output) =>
                            {
                                (long before, long after) = Multiplications(layer, input, output);
                                counted = (counted.Before + before, counted.After + after);
                            }
                        )
                );
                multiplications = counted;
                for (int index = 0; index < expected.Length && first == 0; index++)
                {
                    differences.Add("(output)", "", expected[index].Value, answer[index].Value, null, null);
                }

                first = stacked.End;
            } while (stacked.IsCut);
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

    /// <summary>Of a converted layer, for one image: output elements times kernel size times input channels.</summary>
    private static (long Before, long After) Multiplications(LayerChange change, Tensor input, Tensor output)
    {
        int space = change.Layer.SpatialDimensions();
        long batch = input.dim() == space + 2 ? Math.Max(1, input.shape[0]) : 1;
        long kernel = change.Layer.kernel_size.Aggregate(1L, (product, size) => product * size);
        long positions = change.Layer.transposed
            ? input.numel() / batch / Math.Max(1, change.Map.NewChannels) * change.OldLayout.OutChannels
            : output.numel() / batch;
        return (positions * kernel * change.OldLayout.InChannels / change.OldLayout.Groups, positions * kernel);
    }

    /// <summary>What layers gave in the stacked run, from the given one on, until there are enough.</summary>
    private sealed class LayerCalls(DisposeScope owner, int start)
    {
        private const long Enough = 512L << 20;

        private readonly Queue<Tensor> outputs = new();
        private readonly int first = start;
        private int seen;
        private long bytes;

        /// <summary>The layer after the last that was recorded.</summary>
        public int End { get; private set; } = start;

        /// <summary>Whether there are layers after it.</summary>
        public bool IsCut => End < seen;

        public void Record(Module network)
        {
            seen = 0;
            Hang(
                network,
                (_, _, _, output) =>
                {
                    // One layer at least, however large it is.
                    long size = output.numel() * output.dtype.ElementSize();
                    if (seen++ == End && (bytes == 0 || bytes + size <= Enough))
                    {
                        End++;
                        bytes += size;
                        outputs.Enqueue(NetworkProbe.Kept(output, owner));
                    }
                }
            );
        }

        /// <summary>Compares each of them with what the layer gives in the converted run, and lets go of it.</summary>
        public void Compare(
            Module network,
            ChannelConversion conversion,
            Differences differences,
            Action<LayerChange, Tensor, Tensor> converted
        )
        {
            int index = 0;
            Hang(
                network,
                (name, layer, input, output) =>
                {
                    LayerChange? change = conversion.Changes.FirstOrDefault(candidate => ReferenceEquals(candidate.Layer, layer));
                    if (change is not null)
                    {
                        converted(change, input, output);
                    }

                    if (index++ >= first && outputs.TryDequeue(out Tensor? expected))
                    {
                        differences.Add(name.Length == 0 ? "(itself)" : name, layer.GetType().Name, expected, output, change, input);
                        expected.Dispose();
                    }
                }
            );
        }

        private static void Hang(Module network, Action<string, Module, Tensor, Tensor> ended)
        {
            IEnumerable<(string, Module)> layers = network is Convolution ? [("", network)] : network.named_modules();
            HashSet<Module> hung = [];
            foreach ((string name, Module module) in layers)
            {
                if (module is Module<Tensor, Tensor> layer && hung.Add(module))
                {
                    layer.register_forward_hook(
                        (_, input, output) =>
                        {
                            ended(name, module, input, output);
                            return output;
                        }
                    );
                }
            }
        }
    }

    /// <summary>The largest differences so far, by layer.</summary>
    private sealed class Differences
    {
        private const long Slice = 4L << 20;

        private readonly List<string> order = [];
        private readonly Dictionary<string, LayerDifference> layers = [];

        /// <summary>Compares a few channels at a time, in float64.</summary>
        public void Add(string name, string kind, Tensor expected, Tensor found, LayerChange? change, Tensor? input)
        {
            if (expected.numel() == 0 || !expected.is_floating_point())
            {
                return;
            }

            using var grad = no_grad();
            double largest = 0;
            double? allowed = null;
            double nearest = -1;
            bool? isWithin = null;
            long dimension = change is null ? 0 : expected.dim() - change.Layer.SpatialDimensions() - 1;
            Tensor left = change is null ? expected.flatten() : expected;
            using Tensor right = change is null ? found.flatten() : found.alias();
            long size = left.size((int)dimension);
            long step = Math.Max(1, Slice / Math.Max(1, left.numel() / size));
            for (long from = 0; from < size; from += step)
            {
                using DisposeScope scope = NewDisposeScope();
                long count = Math.Min(step, size - from);
                Tensor difference = (
                    left.narrow(dimension, from, count).to(ScalarType.Float64) - right.narrow(dimension, from, count).to(ScalarType.Float64)
                ).abs();
                double here = difference.max().item<double>();
                largest = here > largest || double.IsNaN(here) ? here : largest;
                if (change is not null)
                {
                    Tensor bound = change.RoundingBound(input!, from, count);
                    Tensor ratio = difference / bound;
                    long at = ratio.argmax().item<long>();
                    if (ratio.flatten()[at].item<double>() is var near && !(near <= nearest))
                    {
                        nearest = near;
                        allowed = bound.flatten()[at].item<double>();
                    }

                    isWithin = isWithin != false && difference.le(bound).all().item<bool>();
                }
            }

            double magnitude = expected.abs().max().to(ScalarType.Float64).item<double>();
            Keep(name, kind, largest, magnitude, allowed, isWithin);
        }

        /// <summary>What was found of a layer, together with what was found before.</summary>
        private void Keep(string name, string kind, double largest, double magnitude, double? allowed, bool? isWithin)
        {
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
        public IReadOnlyList<LayerDifference> InOrder() =>
            [.. order.Where(name => name != "(output)").Append("(output)").Where(layers.ContainsKey).Select(name => layers[name])];
    }
}
