using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GrayscaleDemo;

/// <summary>The first layer of a ResNet, converted or not.</summary>
internal static class FirstLayer
{
    public static Conv2d Of(Module network) => (Conv2d)network.named_modules().First(named => named.name == "conv1").module;

    /// <summary>What the first layer gives when the network runs on an image.</summary>
    public static Tensor Output(Module<Tensor, Tensor> network, Tensor image)
    {
        Tensor? features = null;
        var hook = Of(network)
            .register_forward_hook(
                (_, _, output) =>
                {
                    features = output.clone().DetachFromDisposeScope(); // the network disposes what it made
                    return output;
                }
            );
        network.forward(image).Dispose();
        hook.remove();
        return features!;
    }
}
