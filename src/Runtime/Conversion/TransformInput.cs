using System.Reflection;
using ChannelGen.Convolutions;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Conversion;

/// <summary>
/// torchvision's GoogLeNet and Inception v3 can take ImageNet-normalized images and bring each channel to (p - 0.5) / 0.5
/// themselves. They slice channels 0 to 2 for it, so a gray image would fail there: the conversion folds those scales and
/// offsets into the first layer and switches the slicing off.
/// </summary>
internal sealed class TransformInput
{
    // torchvision/models/googlenet.py and inception.py, GoogLeNet._transform_input: scale std_i / 0.5, offset
    // (mean_i - 0.5) / 0.5 with ImageNet's statistics, in float32 as the network computes them.
    private static readonly double[] Scales = [0.229f / 0.5f, 0.224f / 0.5f, 0.225f / 0.5f];
    private static readonly double[] Offsets = [(0.485f - 0.5f) / 0.5f, (0.456f - 0.5f) / 0.5f, (0.406f - 0.5f) / 0.5f];

    private readonly Module network;
    private readonly FieldInfo field;

    private TransformInput(Module network, FieldInfo field)
    {
        this.network = network;
        this.field = field;
    }

    public static ChannelMap Map => ChannelMap.PerChannel(Scales, Offsets);

    /// <summary>The images before the transformation from those after it.</summary>
    public static ChannelMap Inverse =>
        ChannelMap.PerChannel(Array.ConvertAll(Scales, scale => 1 / scale), [.. Scales.Zip(Offsets, (scale, offset) => -offset / scale)]);

    /// <summary>The switch of a network that transforms its input now; null for all others.</summary>
    public static TransformInput? Of(Module network)
    {
        for (Type? type = network.GetType(); type is not null; type = type.BaseType)
        {
            if (
                type.FullName is "TorchSharp.Modules.GoogleNet" or "TorchSharp.Modules.InceptionV3"
                && type.GetField("transform_input", BindingFlags.Instance | BindingFlags.NonPublic) is { } field
                && field.FieldType == typeof(bool)
            )
            {
                return (bool)field.GetValue(network)! ? new TransformInput(network, field) : null;
            }
        }

        return null;
    }

    public void Switch(bool on) => field.SetValue(network, on);
}
