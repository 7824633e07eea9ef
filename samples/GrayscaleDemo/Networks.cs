using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>The networks of the demo, with the same weights each time.</summary>
internal static class Networks
{
    public static ResNet ResNet18()
    {
        manual_seed(18);
        ResNet network = torchvision.models.resnet18();
        DrawnKernels.Put(FirstLayer.Of(network));
        network.eval();
        return network;
    }

    public static LesionNet Lesions()
    {
        manual_seed(20);
        var network = new LesionNet();
        network.eval();
        return network;
    }
}
