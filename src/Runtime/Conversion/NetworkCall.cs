using System.Reflection;
using ChannelGen.Convolutions;
using ChannelGen.Views;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Conversion;

/// <summary>Calls a network of any number of inputs, hooks and all, with an image and something for the other inputs.</summary>
internal sealed class NetworkCall
{
    private readonly Module network;
    private readonly MethodInfo call;
    private readonly ParameterInfo[] inputs;

    private NetworkCall(Module network, MethodInfo call, ParameterInfo[] inputs, int[] images)
    {
        this.network = network;
        this.call = call;
        this.inputs = inputs;
        Images = images;
    }

    /// <summary>Which inputs are images, or lists of them.</summary>
    public int[] Images { get; }

    /// <summary>Whether the first of them is a list, whose images may have no batch.</summary>
    public bool TakesList => ImageInput.IsListType(inputs[Images[0]].ParameterType);

    public int InputCount => inputs.Length;

    /// <param name="network">The network.</param>
    /// <param name="image">
    /// The name of forward's parameter that is the image, or several separated by commas; null for the first tensor or list.
    /// </param>
    /// <exception cref="ArgumentException">forward has no such parameter, or it is no tensor and no list of tensors.</exception>
    public static NetworkCall? Of(Module network, string? image)
    {
        for (Type? type = network.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.Name.StartsWith("Module`", StringComparison.Ordinal) && type.Assembly == typeof(Module).Assembly)
            {
                Type[] types = type.GetGenericArguments()[..^1];
                MethodInfo call = type.GetMethod("call", types) ?? throw new MissingMethodException(type.FullName, "call");
                ParameterInfo[] inputs = (network.GetType().GetMethod("forward", types) ?? call).GetParameters();
                if (image is null)
                {
                    int first = Array.FindIndex(inputs, input => ImageInput.IsImageType(input.ParameterType));
                    return first < 0 ? null : new NetworkCall(network, call, inputs, [first]);
                }

                string[] names = image.Split(',', StringSplitOptions.TrimEntries);
                int[] images =
                [
                    .. names.Select(name =>
                        Array.FindIndex(inputs, input => input.Name == name && ImageInput.IsImageType(input.ParameterType))
                    ),
                ];
                int unknown = Array.IndexOf(images, -1);
                return unknown < 0
                    ? new NetworkCall(network, call, inputs, images)
                    : throw new ArgumentException(
                        $"The option Image names '{names[unknown]}', which is no tensor and no list of tensors "
                            + $"that forward of {network.GetType().Name} takes. Its parameters: "
                            + $"{Text.Quoted(inputs.Select(input => input.Name!))}."
                    );
            }
        }

        return null;
    }

    /// <summary>Calls the network; tensors among the others are copied first, so that a forward may write to them.</summary>
    /// <param name="image">The first image, as the network takes it now.</param>
    /// <param name="others">All inputs, with further images as the converted network takes them.</param>
    /// <param name="taken">Such an image as the network takes it now.</param>
    public object? Invoke(Tensor image, IReadOnlyList<object?> others, Func<Tensor, Tensor> taken)
    {
        object?[] arguments = [.. others.Select(other => other is Tensor tensor ? tensor.clone() : other)];
        foreach (int index in Images.Skip(1))
        {
            arguments[index] = With(others[index]!, taken);
        }

        int first = Images[0];
        int seen = 0;
        arguments[first] = With(others[first] ?? image, other => seen++ == 0 ? image : taken(other));
        try
        {
            return call.Invoke(network, arguments);
        }
        catch (TargetInvocationException exception)
        {
            throw exception.InnerException!;
        }
    }

    /// <summary>An image, or each of a list of them, in another form.</summary>
    public static object With(object images, Func<Tensor, Tensor> form) =>
        images switch
        {
            Tensor image => form(image),
            Tensor[] array => Array.ConvertAll(array, image => form(image)),
            _ => ((IEnumerable<Tensor>)images).Select(form).ToList(),
        };

    /// <summary>
    /// What the inputs beside the image may be, for want of an example, one set after another: masks, further images with
    /// channels that differ, numbers for each image, whole numbers, features as wide as a linear layer, tokens, nothing.
    /// </summary>
    /// <param name="image">An image as the converted network takes it.</param>
    /// <param name="channels">The channels that it had before.</param>
    /// <param name="channelDimension">Where they are.</param>
    public IEnumerable<object?[]> Others(Tensor image, long channels, int channelDimension)
    {
        Func<Tensor?>[] kinds = [.. Kinds(image, channels, channelDimension)];
        int[] open =
        [
            .. Enumerable.Range(0, inputs.Length).Where(index => !Images.Contains(index) && inputs[index].ParameterType == typeof(Tensor)),
        ];
        int combinations = (int)Math.Min(200, Math.Pow(kinds.Length, open.Length));
        for (int combination = 0; combination < combinations; combination++)
        {
            object?[] others =
            [
                .. inputs.Select(input =>
                    input.HasDefaultValue ? input.DefaultValue
                    : input.ParameterType.IsValueType ? Activator.CreateInstance(input.ParameterType)
                    : null
                ),
            ];
            foreach (int index in Images)
            {
                Tensor another = ProbeImages.Ordinary(image.shape, 1, image.dtype, image.device, seed: index + 1);
                Type type = inputs[index].ParameterType;
                others[index] =
                    type == typeof(Tensor) ? another
                    : type == typeof(Tensor[]) ? new[] { another, another }
                    : new List<Tensor> { another, another };
            }

            int rest = combination;
            foreach (int index in open)
            {
                others[index] = kinds[rest % kinds.Length]();
                rest /= kinds.Length;
            }

            yield return others;
        }
    }

    private IEnumerable<Func<Tensor?>> Kinds(Tensor image, long channels, int channelDimension)
    {
        long batch = image.shape[0];
        long[] color = image.shape;
        color[channelDimension] = channels;
        ScalarType dtype = image.dtype;
        Device device = image.device;
        long[] mask = image.shape;
        mask[channelDimension] = 1;
        yield return () => Noise(mask);
        yield return () => Noise(color);
        yield return () => Noise([batch, 1]);
        yield return () => zeros([batch], ScalarType.Int64, device);
        yield return () => Noise([batch]);
        foreach (
            long width in network
                .named_modules()
                .Select(named => named.module)
                .OfType<Linear>()
                .Select(linear => linear.weight.shape[1])
                .Distinct()
                .Take(6)
        )
        {
            yield return () => Noise([batch, width]);
        }

        foreach (
            (int space, long width) in StemFinder
                .All(network)
                .Select(named => (named.Layer.SpatialDimensions(), named.Layer.in_channels))
                .Distinct()
                .Where(layer => layer.Item1 != image.dim() - 2)
                .Take(3)
        )
        {
            yield return () => Noise([batch, width, .. Enumerable.Repeat(32L, space)]);
        }

        yield return () => arange(8, ScalarType.Int64, device).unsqueeze(0).repeat(batch, 1);
        yield return () => null;

        Tensor Noise(long[] shape) => ProbeImages.Noise(shape, random => random.NextDouble(), dtype, device, seed: 7);
    }
}
