using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Networks;

public class LesionNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);
    private readonly Linear fc = Linear(4, 5);

    public LesionNet()
        : base("lesions") => RegisterComponents();

    public override Tensor forward(Tensor image) => fc.call(conv1.call(image).relu().mean([2, 3]));
}

/// <summary>Stacks in its own forward, as networks that are made of one for color do.</summary>
public class GrayLesionNet : Module<Tensor, Tensor>
{
    private readonly LesionNet backbone = new();

    public GrayLesionNet()
        : base("gray") => RegisterComponents();

    public override Tensor forward(Tensor image)
    {
        if (image.shape[1] == 1)
        {
            image = image.repeat(1, 3, 1, 1);
        }

        return backbone.call(image);
    }
}

/// <summary>An image and what is known of the patient.</summary>
public class PatientNet : Module<Tensor, Tensor, Tensor>
{
    private readonly LesionNet backbone = new();

    public PatientNet()
        : base("patient") => RegisterComponents();

    public override Tensor forward(Tensor age, Tensor image) => backbone.call(image) * age;
}
