using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>Whole networks: inference and a step of training; stacked, seen by views, and converted, in each order in memory.</summary>
internal sealed class WholeNetworks : IDisposable
{
    private static readonly (string Name, Func<Module<Tensor, Tensor>> Make, string Stem)[] Networks =
    [
        ("ResNet-20", () => new GrayscaleDemo.LesionNet(), ""),
        ("ResNet-18", () => torchvision.models.resnet18(), "conv1"),
        ("ResNet-50", () => torchvision.models.resnet50(), "conv1"),
        ("MobileNetV2", () => torchvision.models.mobilenet_v2(), "features.0.0"),
        ("MobileNetV3 small", () => torchvision.models.mobilenet_v3_small(), "features.0.0"),
        ("MobileNetV3 large", () => torchvision.models.mobilenet_v3_large(), "features.0.0"),
        ("VGG-11", () => torchvision.models.vgg11(), "features.0"),
        ("AlexNet", () => torchvision.models.alexnet(), "features.0"),
    ];

    private readonly Module<Tensor, Tensor> color;
    private readonly Module<Tensor, Tensor> laid;
    private readonly Module<Tensor, Tensor> viewed;
    private readonly GrayscaleModule<Tensor, Tensor> gray;

    // With kernels of its own, since laying them anew at each turn would be timed.
    private readonly GrayscaleModule<Tensor, Tensor> grayLast;
    private Tensor image = zeros(0);
    private bool training;

    public WholeNetworks(string name)
    {
        (_, Func<Module<Tensor, Tensor>> make, string stem) = Networks.Single(found => found.Name == name);
        Module<Tensor, Tensor>[] made = [.. Enumerable.Range(0, 5).Select(_ => Seeded(make))];
        (color, laid, viewed) = (made[0], made[1], made[2]);
        Last.LayKernels(laid);
        var options = new GrayscaleOptions { Probe = false, Layer = stem.Length > 0 ? stem : null };
        gray = made[3].ToGrayscale(options);
        grayLast = made[4].ToGrayscale(options with { MemoryLayout = MemoryLayout.ChannelsLast });
        foreach (Module<Tensor, Tensor> network in made)
        {
            // Batch norm runs as in evaluation: what is trained are the weights.
            network.eval();
        }

    }

    public static IEnumerable<string> Names => Networks.Select(network => network.Name);

    public static IEnumerable<(int Side, int Batch)> Images(bool once) => once ? [(64, 1)] : [(128, 1), (224, 1), (224, 8)];

    /// <summary>In the order of <see cref="SpeedTables.Ways"/>, or of <see cref="SpeedTables.TrainingWays"/>.</summary>
    public Action[] Ways(int side, int batch, bool isTraining)
    {
        training = isTraining;
        image.Dispose();
        image = rand(batch, 1, side, side);
        Action cats = () => Run(color, cat(new[] { image, image, image }, 1));
        Action copied = () => Run(laid, Last.Copy(cat(new[] { image, image, image }, 1)));
        return training
            ?
            [
                cats,
                copied,
                () => View(MemoryLayout.Contiguous),
                () => Convert(MemoryLayout.Contiguous),
                () => Run(grayLast, image.alias()),
            ]
            :
            [
                cats,
                () => Run(color, image.expand(-1, 3, -1, -1)),
                copied,
                () => View(MemoryLayout.Contiguous),
                () => View(MemoryLayout.ChannelsLast),
                () => View(MemoryLayout.Fastest),
                () => Convert(MemoryLayout.Contiguous),
                () => Run(grayLast, image.alias()),
                () => Convert(MemoryLayout.Fastest),
            ];
    }

    public void Dispose()
    {
        color.Dispose();
        laid.Dispose();
        viewed.Dispose();
        gray.Dispose();
        grayLast.Dispose();
        image.Dispose();
    }

    private static Module<Tensor, Tensor> Seeded(Func<Module<Tensor, Tensor>> make)
    {
        manual_seed(1);
        return make();
    }

    private void View(MemoryLayout layout) => Run(viewed.AsGrayscale(layout: layout), image.alias());

    private void Convert(MemoryLayout layout)
    {
        gray.UseMemoryLayout(layout);
        Run(gray, image.alias());
    }

    private void Run(Module<Tensor, Tensor> form, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable grad = set_grad_enabled(training);
        using Tensor given = input;
        Tensor answer = form.forward(given);
        if (training)
        {
            // What an optimizer does beside is the same for all.
            form.zero_grad();
            answer.square().mean().backward();
        }
    }
}
