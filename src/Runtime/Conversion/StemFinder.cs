using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>A convolution and its path in the network, as in the state_dict without ".weight".</summary>
internal readonly record struct NamedConvolution(string Name, Convolution Layer);

/// <summary>
/// Finds the convolutions that receive the image: the one that is named; the network itself; else those that are seen to
/// receive it; else the only one that can.
/// </summary>
internal static class StemFinder
{
    /// <summary>The layer that the caller names.</summary>
    /// <exception cref="ArgumentException">There is no such layer, or it is no convolution of that many input channels.</exception>
    public static NamedConvolution Named(Module network, string path, long inChannels)
    {
        Module? found = network.named_modules().FirstOrDefault(named => named.name == path).module;
        string networkName = network.GetType().Name;
        if (found is null)
        {
            throw new ArgumentException($"{networkName} has no layer '{path}'. {Convolutions(network)}", "Layer");
        }

        if (found is not Convolution layer)
        {
            throw new ArgumentException(
                $"Layer '{path}' of {networkName} is a {found.GetType().Name}; wanted a convolution. {Convolutions(network)}",
                "Layer"
            );
        }

        return layer.in_channels == inChannels
            ? new NamedConvolution(path, layer)
            : throw new ArgumentException(
                $"Layer '{path}' of {networkName} has in_channels {layer.in_channels}; wanted {inChannels}. {Convolutions(network)}",
                "Layer"
            );
    }

    /// <summary>Every convolution that takes that many channels.</summary>
    public static NamedConvolution[] Candidates(Module network, long inChannels) =>
        [.. All(network).Where(named => named.Layer.in_channels == inChannels)];

    /// <summary>The convolutions of a network, for messages: those that an image may reach first.</summary>
    public static string Convolutions(Module network)
    {
        string[] all =
        [
            .. All(network)
                .OrderBy(named =>
                    named.Layer.in_channels switch
                    {
                        3 => 0,
                        1 => 1,
                        _ => 2,
                    }
                )
                .Select(named => $"'{named.Name}' (in_channels {named.Layer.in_channels})"),
        ];
        return all.Length == 0
            ? "It has no convolution at all."
            : $"Its convolutions: {string.Join(", ", all.Take(8))}{(all.Length > 8 ? $" and {all.Length - 8} more" : "")}.";
    }

    /// <summary>
    /// Which of the candidates are given the image while the network runs on it. Where channels of the image are the same,
    /// those of the candidate's input are, and not constant; a candidate whose input has other channels is told apart. Where
    /// none are: the input is the image itself, or else the candidate is the first that runs.
    /// </summary>
    /// <param name="probe">Runs the network.</param>
    /// <param name="network">The network.</param>
    /// <param name="candidates">The convolutions that could take the image.</param>
    /// <param name="firstEqual">For each channel of the image the first that is the same.</param>
    /// <param name="image">The image, as the network takes it now.</param>
    /// <param name="owner">What is recorded belongs to it.</param>
    /// <param name="recording">Records the run.</param>
    public static (NamedConvolution[] Given, NamedConvolution[] GivenDiffering) Watch(
        NetworkProbe probe,
        Module network,
        NamedConvolution[] candidates,
        int[] firstEqual,
        Tensor image,
        DisposeScope owner,
        Recording recording
    )
    {
        bool allDiffer = firstEqual.Distinct().Count() == firstEqual.Length;
        var seen = new List<(NamedConvolution Candidate, bool IsImage)>();
        recording.Run(
            probe,
            network,
            image,
            owner,
            () =>
            {
                foreach (NamedConvolution candidate in candidates)
                {
                    candidate.Layer.register_forward_pre_hook(
                        (_, input) =>
                        {
                            bool isImage = allDiffer
                                ? input.Equals(image)
                                : ChannelsAreEqual(input, candidate.Layer.SpatialDimensions(), firstEqual);
                            seen.Add((candidate, isImage));
                            return input;
                        }
                    );
                }
            }
        );

        NamedConvolution[] given = [.. seen.Where(call => call.IsImage).Select(call => call.Candidate).Distinct()];
        NamedConvolution[] differing = [.. seen.Where(call => !call.IsImage).Select(call => call.Candidate).Distinct()];
        return allDiffer && given.Length == 0 ? ([.. differing.Take(1)], []) : (given, differing);
    }

    public static IEnumerable<NamedConvolution> All(Module network) =>
        network
            .named_modules()
            .Where(named => named.module is Convolution)
            .Select(named => new NamedConvolution(named.name, (Convolution)named.module))
            .DistinctBy(named => named.Layer);

    private static bool ChannelsAreEqual(Tensor input, int spatialDimensions, int[] firstEqual)
    {
        int dimension = new ImageLayout(spatialDimensions, false).ChannelDimension(input);
        if (dimension < 0 || input.size(dimension) != firstEqual.Length)
        {
            return false;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor first = input.index_select(dimension, tensor(Array.ConvertAll(firstEqual, channel => (long)channel), device: input.device));
        return input.eq(first).all().item<bool>() && !input.eq(input.flatten()[0]).all().item<bool>();
    }
}
