using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Layers;

/// <summary>The base class of all networks: its stem takes color.</summary>
public abstract class ImageNetwork : Module<Tensor, Tensor>
{
    protected readonly Conv2d stem = Conv2d(3, 6, 3, padding: 1, dtype: ScalarType.Float64);

    protected ImageNetwork(string name)
        : base(name)
    {
    }
}
