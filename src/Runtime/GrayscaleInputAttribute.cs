namespace ChannelGen;

/// <summary>
/// Marks a network whose images are grayscale. For a class <c>LesionNet</c> whose first convolution takes three channels,
/// the source generator emits <c>GrayscaleLesionNet</c> and <c>LesionNet.ToGrayscale()</c>; for one whose first convolution
/// takes a single channel, <c>ColorLesionNet</c> and <c>LesionNet.ToColor(LumaCoefficients)</c>.
/// </summary>
/// <remarks>
/// On a class: it must be <see langword="partial"/> and derive from <c>torch.nn.Module&lt;..., TResult&gt;</c>. On an
/// assembly, <c>[assembly: GrayscaleInput(typeof(ResNet), "conv1")]</c> does the same for a class whose source is elsewhere,
/// with extension methods.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Assembly, AllowMultiple = true, Inherited = false)]
public sealed class GrayscaleInputAttribute : Attribute
{
    /// <summary>The convolution that receives the image is found: in the source, else at run time.</summary>
    public GrayscaleInputAttribute() { }

    /// <summary>Names the convolution that receives the image.</summary>
    /// <param name="layer">Its path as in the state_dict, without ".weight": "conv1", "features.0".</param>
    public GrayscaleInputAttribute(string layer) => Layer = layer;

    /// <summary>The assembly form: names the network and finds the convolution at run time.</summary>
    /// <param name="network">The network's class.</param>
    public GrayscaleInputAttribute(Type network) => Network = network;

    /// <summary>The assembly form: names the network and the convolution that receives the image.</summary>
    /// <param name="network">The network's class.</param>
    /// <param name="layer">The convolution's path as in the state_dict, without ".weight".</param>
    public GrayscaleInputAttribute(Type network, string layer)
    {
        Network = network;
        Layer = layer;
    }

    /// <summary>The network's class, in the assembly form.</summary>
    public Type? Network { get; }

    /// <summary>The path of the convolution that receives the image; null if it is to be found.</summary>
    public string? Layer { get; }

    /// <summary>
    /// The parameter of <c>forward</c> that is the image; the first <c>Tensor</c> unless named, as in
    /// <c>Image = "image"</c>.
    /// </summary>
    public string? Image { get; set; }
}
