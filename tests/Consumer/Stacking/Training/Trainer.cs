using Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Training;

public class Trainer
{
    private readonly LesionNet net;
    private readonly Adam optimizer;

    public Trainer(LesionNet net)
    {
        this.net = net;
        optimizer = optim.Adam(net.parameters(), 0.01);
    }

    public LesionNet Net => net;

    public IReadOnlyList<double> Train(Tensor images, Tensor labels, int steps)
    {
        var losses = new List<double>();
        var loss = nn.CrossEntropyLoss();
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            var rgb = torch.cat(new[] { images, images, images }, 1);
            var output = loss.forward(net.forward(rgb), labels);
            output.backward();
            optimizer.step();
            losses.Add(output.item<float>());
        }

        return losses;
    }

    /// <summary>How far a gray image is from a color one: a loss takes three channels as they are.</summary>
    public static double Distance(Tensor image, Tensor color) => nn.MSELoss().forward(image.repeat(1, 3, 1, 1), color).item<float>();
}
