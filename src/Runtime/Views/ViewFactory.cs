using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using ChannelGen.Layouts;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Views;

/// <summary>
/// How views come about, and how they are found again at the price of a lookup. Networks are held weakly. For generated code
/// and the extension methods; programs call those.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ViewFactory
{
    private const long ColorChannels = 3;

    private static readonly ConditionalWeakTable<Module, Dictionary<Key, (Module View, ViewedNetwork Viewed)>> Views = new();

    /// <summary>The view of that type of a network, made if there is none yet.</summary>
    /// <param name="network">The network.</param>
    /// <param name="channels">The channels that it takes; null for the defaults.</param>
    /// <param name="image">The names of forward's parameters that are images, separated by commas; null for the first tensor.</param>
    /// <param name="layout">In which order images lie in memory while the network runs.</param>
    /// <param name="channelsLastAnswers">Whether answers may come back channels-last.</param>
    /// <param name="create">Makes the view.</param>
    public static TView Grayscale<TNetwork, TView>(
        TNetwork network,
        long? channels,
        string? image,
        MemoryLayout layout,
        bool channelsLastAnswers,
        Func<TNetwork, ViewedNetwork, TView> create
    )
        where TNetwork : Module
        where TView : Module
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(create);
        long wanted = Channels(network, channels);
        var key = new Key(typeof(TView), wanted, image, layout, channelsLastAnswers);
        Dictionary<Key, (Module View, ViewedNetwork Viewed)> views = Views.GetOrCreateValue(network);
        lock (views)
        {
            if (views.TryGetValue(key, out (Module View, ViewedNetwork Viewed) found) && !found.Viewed.IsDisposed)
            {
                found.Viewed.EnsureUsable();
                return (TView)found.View;
            }

            ViewedNetwork.EnsureAlive(network);
            EnsureNotConverted(network);
            var viewed = new ViewedNetwork(network, wanted, Images(network, image), new LayoutChoice(network, channelsLastAnswers));
            viewed.Layouts.Want(layout, convolutions: []);
            TView view = create(network, viewed);
            views[key] = (view, viewed);
            return view;
        }
    }

    internal static long Channels(Module network, long? channels)
    {
        long wanted = channels ?? (network as Convolution)?.in_channels ?? ColorChannels;
        if (wanted < 2)
        {
            throw new ArgumentException(
                channels is null
                    ? $"This {network.GetType().Name} has in_channels {wanted}: it takes gray images as it is."
                    : $"Found channels: {wanted}; wanted the number of channels that the network takes, 2 or more.",
                nameof(channels)
            );
        }

        return network is Convolution bare && bare.in_channels != wanted
            ? throw new ArgumentException(
                $"This {network.GetType().Name} has in_channels {bare.in_channels}; found channels: {wanted}.",
                nameof(channels)
            )
            : wanted;
    }

    private static void EnsureNotConverted(Module network)
    {
        if (
            network is IConvertedModule { Conversion: { IsCurrent: true, InChannels: 1 } }
            || ConversionRegistry.Current(network) is { InChannels: 1 }
        )
        {
            throw new ArgumentException(
                $"{(network is IConvertedModule ? network.GetName() : network.GetType().Name)} was converted with ToGrayscale(): "
                    + "it takes gray images as it is, through the wrapper that ToGrayscale() gives.",
                nameof(network)
            );
        }
    }

    private static ImageInput[] Images(Module network, string? image)
    {
        Type[] inputs = Inputs(network.GetType());
        string[] names = Names(network, inputs);
        string parameters = string.Join(", ", inputs.Zip(names, (type, name) => $"{type.Name} {name}"));
        if (image is null)
        {
            int first = Array.FindIndex(inputs, ImageInput.IsImageType);
            return first >= 0
                ? [new ImageInput(first, names[first])]
                : throw new ArgumentException(
                    $"{network.GetType().Name} takes ({parameters}): none is a Tensor or a list of Tensors, so there is no image.",
                    nameof(network)
                );
        }

        return [.. image.Split(',', StringSplitOptions.TrimEntries).Distinct().Select(Find)];

        ImageInput Find(string name)
        {
            int index = Array.IndexOf(names, name);
            return index >= 0 && ImageInput.IsImageType(inputs[index])
                ? new ImageInput(index, name)
                : throw new ArgumentException(
                    $"Found image: \"{name}\"; wanted the name of a Tensor, or of a list of Tensors, "
                        + $"among the parameters of {network.GetType().Name}.forward({parameters}).",
                    nameof(image)
                );
        }
    }

    /// <summary>The types that forward takes: those of the Module that the network derives from, but for the result.</summary>
    private static Type[] Inputs(Type network)
    {
        for (Type? type = network; type is not null; type = type.BaseType)
        {
            if (
                type is { IsGenericType: true, BaseType.IsGenericType: true }
                && type.BaseType.GetGenericTypeDefinition() == typeof(HookableModule<,>)
            )
            {
                return type.GetGenericArguments()[..^1];
            }
        }

        throw new ArgumentException(
            $"{network.Name} derives from no Module of inputs and a result; wanted a network with a forward.",
            nameof(network)
        );
    }

    /// <summary>The names of forward's parameters, as the class that implements it last gives them.</summary>
    private static string[] Names(Module network, Type[] inputs)
    {
        MethodInfo? forward = network.GetType().GetMethod("forward", BindingFlags.Instance | BindingFlags.Public, inputs);
        return forward is null
            ? [.. inputs.Select((_, index) => $"input{index + 1}")]
            : [.. forward.GetParameters().Select(parameter => parameter.Name ?? "")];
    }

    private readonly record struct Key(Type View, long Channels, string? Image, MemoryLayout Layout, bool ChannelsLastAnswers);
}
