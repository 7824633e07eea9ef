using System.Reflection;
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

    private NetworkCall(Module network, MethodInfo call, ParameterInfo[] inputs, int imageIndex)
    {
        this.network = network;
        this.call = call;
        this.inputs = inputs;
        ImageIndex = imageIndex;
    }

    /// <summary>Which input is the image.</summary>
    public int ImageIndex { get; }

    public int InputCount => inputs.Length;

    /// <param name="network">The network.</param>
    /// <param name="image">The name of forward's parameter that is the image; null for the first tensor.</param>
    /// <exception cref="ArgumentException">forward has no such parameter, or it is no tensor.</exception>
    public static NetworkCall? Of(Module network, string? image)
    {
        for (Type? type = network.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.Name.StartsWith("Module`", StringComparison.Ordinal) && type.Assembly == typeof(Module).Assembly)
            {
                Type[] types = type.GetGenericArguments()[..^1];
                MethodInfo call = type.GetMethod("call", types) ?? throw new MissingMethodException(type.FullName, "call");
                ParameterInfo[] inputs = (network.GetType().GetMethod("forward", types) ?? call).GetParameters();
                int index = Array.FindIndex(inputs, input => image is null ? input.ParameterType == typeof(Tensor) : input.Name == image);
                if (image is not null && (index < 0 || inputs[index].ParameterType != typeof(Tensor)))
                {
                    throw new ArgumentException(
                        $"The option Image names '{image}', which is no tensor that forward of {network.GetType().Name} takes. "
                            + $"Its parameters: {Text.Quoted(inputs.Select(input => input.Name!))}."
                    );
                }

                return index < 0 ? null : new NetworkCall(network, call, inputs, index);
            }
        }

        return null;
    }

    /// <summary>Calls the network; tensors among the others are copied first, so that a forward may write to them.</summary>
    public object? Invoke(Tensor image, IReadOnlyList<object?> others)
    {
        object?[] arguments = [.. others.Select(other => other is Tensor tensor ? tensor.clone() : other)];
        arguments[ImageIndex] = image;
        try
        {
            return call.Invoke(network, arguments);
        }
        catch (TargetInvocationException exception)
        {
            throw exception.InnerException!;
        }
    }

    /// <summary>
    /// What the inputs beside the image may be, for want of an example, one set after another: masks, further images with
    /// channels that differ, numbers for each image, whole numbers, features as wide as a linear layer, tokens, nothing.
    /// </summary>
    public IEnumerable<object?[]> Others(Tensor image, long channels, int channelDimension)
    {
        Func<Tensor?>[] kinds = [.. Kinds(image, channels, channelDimension)];
        int[] open =
        [
            .. Enumerable.Range(0, inputs.Length).Where(index => index != ImageIndex && inputs[index].ParameterType == typeof(Tensor)),
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
        yield return () => Noise(image.shape);
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

        yield return () => arange(8, ScalarType.Int64, device).unsqueeze(0).repeat(batch, 1);
        yield return () => null;

        Tensor Noise(long[] shape) => ProbeImages.Noise(shape, random => random.NextDouble(), dtype, device, seed: 7);
    }
}
