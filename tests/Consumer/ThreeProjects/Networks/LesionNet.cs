using Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Networks;

public class LesionNet : ImageNetwork
{
    private readonly Linear fc = Linear(6, 2, dtype: ScalarType.Float64);

    public LesionNet()
        : base("lesions") => RegisterComponents();

    public override Tensor forward(Tensor image) => fc.call(stem.call(image).relu().mean([2, 3]));
}

/// <summary>Stacks in its own forward, around a network of this project.</summary>
public class GrayLesionNet : Module<Tensor, Tensor>
{
    private readonly LesionNet backbone = new();

    public GrayLesionNet()
        : base("gray lesions") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        if (x.shape[1] == 1)
        {
            x = x.repeat(1, 3, 1, 1);
        }

        return backbone.call(x);
    }
}
