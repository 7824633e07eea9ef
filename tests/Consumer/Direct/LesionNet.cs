using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

[GrayscaleInput]
public partial class LesionNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

    public LesionNet()
        : base("lesions") => RegisterComponents();

    public override Tensor forward(Tensor image) => conv1.call(image);
}
