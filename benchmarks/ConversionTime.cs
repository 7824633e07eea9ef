using System.Diagnostics;
using System.Globalization;
using System.Text;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>How long the conversion itself takes, beside one forward pass on an image of 224 x 224, with one thread.</summary>
internal static class ConversionTime
{
    private const int Runs = 3;

    private static readonly (string Name, Func<Module<Tensor, Tensor>> Make)[] Networks =
    [
        ("ResNet-18", () => torchvision.models.resnet18()),
        ("ResNet-50", () => torchvision.models.resnet50()),
        ("MobileNetV2", () => torchvision.models.mobilenet_v2()),
        ("VGG-11", () => torchvision.models.vgg11()),
        ("patches of 16, which takes 224 x 224 alone", () => new PatchNetwork()),
    ];

    /// <summary>The table of docs/benchmarks.md.</summary>
    public static string Table(bool once)
    {
        set_num_threads(1);
        using var grad = no_grad();
        var text = new StringBuilder(
            """
            | network | check on images of its choice | with a normalization | check on an example of 224 x 224 | no check |
            |---|---|---|---|---|

            """
        );
        foreach ((string name, Func<Module<Tensor, Tensor>> make) in Networks)
        {
            GrayscaleOptions[] ways =
            [
                new(),
                new() { Normalization = ChannelNormalization.ImageNet },
                new() { Example = [rand(1, 1, 224, 224)] },
                new() { Probe = false, Layer = StemOf(make) },
            ];
            var ratios = ways.Select(_ => new List<double>()).ToArray();
            for (int run = 0; run <= (once ? 0 : Runs); run++)
            {
                for (int way = 0; way < ways.Length; way++)
                {
                    double ratio = Ratio(make, ways[way]);
                    if (run > 0 || once)
                    {
                        ratios[way].Add(ratio);
                    }
                }
            }

            string cells = string.Join(
                " | ",
                ratios
                    .Select(of => RuleTimes.Median(of))
                    .Select(median => median.ToString(median < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture))
            );
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {cells} |\n");
        }

        return text.ToString();
    }

    private static string StemOf(Func<Module<Tensor, Tensor>> make)
    {
        using Module<Tensor, Tensor> network = make();
        return ((IConvertedModule)network.ToGrayscale()).Conversion.Layers[0];
    }

    private static double Ratio(Func<Module<Tensor, Tensor>> make, GrayscaleOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        Module<Tensor, Tensor> network = make();
        network.eval();
        Tensor image = rand(1, 3, 224, 224);
        double forward = RuleTimes.Median(Enumerable.Range(0, 4).Select(_ => Time(() => network.forward(image).Dispose())).Skip(1));
        double ratio = Time(() => network.ToGrayscale(options)) / forward;
        network.Dispose();
        return ratio;
    }

    private static double Time(Action run)
    {
        // What the processor has worked, so that what else the machine does counts for nothing.
        using Process self = Process.GetCurrentProcess();
        TimeSpan start = self.TotalProcessorTime;
        run();
        self.Refresh();
        return (self.TotalProcessorTime - start).TotalMilliseconds;
    }

    /// <summary>Patches with learned positions, and layers of linear maps over them: its size is fixed by the positions.</summary>
    private sealed class PatchNetwork : Module<Tensor, Tensor>
    {
        private const int Width = 384;
        private readonly TorchSharp.Modules.Conv2d patches = Conv2d(3, Width, 16, stride: 16);
        private readonly TorchSharp.Modules.Parameter positions = new(randn(1, 196, Width));
        private readonly TorchSharp.Modules.Sequential layers = Sequential(
            Enumerable
                .Range(0, 12)
                .SelectMany(_ =>
                    new Module<Tensor, Tensor>[] { LayerNorm(Width), Linear(Width, 4 * Width), GELU(), Linear(4 * Width, Width) }
                )
        );
        private readonly TorchSharp.Modules.Linear head = Linear(Width, 1000);

        public PatchNetwork()
            : base(nameof(PatchNetwork)) => RegisterComponents();

        public override Tensor forward(Tensor image) =>
            head.call(layers.call(patches.call(image).flatten(2).transpose(1, 2) + positions).mean([1]));
    }
}
