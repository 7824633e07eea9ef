using ChannelGen;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Library;

[GrayscaleInput]
public partial class Classifier : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Conv2d(3, 4, 3);

    public Classifier()
        : base("classifier") => RegisterComponents();

    public override Tensor forward(Tensor image) => conv1.call(image).mean([2, 3]);
}
