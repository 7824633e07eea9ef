using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0007: an image of one channel for a network that takes three, or of three for one that takes one.</summary>
public class ImageChannelsTests
{
    /// <summary>Networks, and a method around statements.</summary>
    internal const string Networks = """
            class Net : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Gray : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(1, 8, 3);
                public Gray() : base("gray") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Deep : Module<Tensor, Tensor>
            {
                private readonly Sequential body;
                private readonly Linear head = Linear(8, 2);
                public Deep() : base("deep")
                {
                    body = Sequential(("stem", Conv2d(3, 8, 3)), ("relu", ReLU()));
                    RegisterComponents();
                }

                public override Tensor forward(Tensor image)
                {
                    var scaled = image / 255;
                    if (scaled.requires_grad) Console.WriteLine("training");
                    using var features = body.call(scaled);
                    return head.call(features.mean([2, 3]));
                }
            }

            class Nested : Module<Tensor, Tensor>
            {
                private readonly Net inner = new();
                public Nested() : base("nested") => RegisterComponents();
                public override Tensor forward(Tensor image) => inner.call(image).relu();
            }

            class Late : Module<Tensor, Tensor, Tensor>
            {
                public readonly Conv2d conv1 = Conv2d(3, 4, 3);
                public Late() : base("late") => RegisterComponents();
                public override Tensor forward(Tensor age, Tensor picture) => conv1.call(picture) * age;
            }

            class Initialized : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Initialized() : base("initialized")
                {
                    nn.init.kaiming_normal_(conv1.weight!);
                    RegisterComponents();
                }

                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Guarded : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Guarded() : base("guarded") => RegisterComponents();
                public override Tensor forward(Tensor image)
                {
                    if (image.shape[1] == 1) image = image.expand(-1, 3, -1, -1);
                    return conv1.call(image);
                }
            }

            class Stacking : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Stacking() : base("stacking") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(cat([image, image, image], 1));
            }

            class Centered : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                private readonly Tensor mean = tensor(new[] { 0.4f, 0.5f, 0.6f }).view(1, 3, 1, 1);
                public Centered() : base("centered") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image - mean);
            }

            class Mixed : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3), conv2 = Conv2d(1, 8, 3);
                public Mixed() : base("mixed") => RegisterComponents();
                public override Tensor forward(Tensor image) => image.shape[1] == 3 ? conv1.call(image) : conv2.call(image);
            }

            class Early : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3), conv2 = Conv2d(1, 8, 3);
                public Early() : base("early") => RegisterComponents();
                public override Tensor forward(Tensor image)
                {
                    if (image.shape[1] == 1) return conv2.call(image);
                    return conv1.call(image);
                }
            }

            class Helped : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Helped() : base("helped") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(ToColor(image));
                private static Tensor ToColor(Tensor t) { if (t.shape[1] == 1) t = t.repeat(1, 3, 1, 1); return t; }
            }

            class Summed : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Summed() : base("summed")
                {
                    conv1.weight = new Parameter(conv1.weight!.sum([1], keepdim: true));
                    RegisterComponents();
                }

                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Given : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1;
                public Given(long channels) : base("given") { conv1 = Conv2d(channels, 8, 3); RegisterComponents(); }
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Open : Module<Tensor, Tensor>
            {
                public Conv2d conv1 = Conv2d(3, 8, 3);
                public Open() : base("open") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Based : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Based() : base("based") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            class Derived : Based
            {
                public override Tensor forward(Tensor image) => base.forward(image.expand(-1, 3, -1, -1));
            }

            """;

    [Theory]
    [InlineData("a class whose forward convolves", "var net = new Net(); net.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("a gray image in a local", "var net = new Net(); net.eval(); var g = zeros(2, 1, 8, 8); net.call({|CG0007:g|});")]
    [InlineData("a gray image by a view", "var net = new Net().to(CPU); net.forward({|CG0007:x.view(-1, 1, 28, 28)|});")]
    [InlineData(
        "a gray image file",
        "var net = new Net(); var g = torchvision.io.read_image(\"a.png\", "
            + "torchvision.io.ImageReadMode.GRAY).unsqueeze(0) / 255.0; net.forward({|CG0007:g|});"
    )]
    [InlineData(
        "made gray by torchvision",
        "var net = new Net(); net.forward({|CG0007:torchvision.transforms.functional.rgb_to_grayscale(x)|});"
    )]
    [InlineData("a sequence in a class, after a scale", "new Deep().forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("a network inside of a network", "var net = new Nested(); net.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("the second parameter", "var net = new Late(); net.forward(rand(2, 1, 1, 1), {|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("weights that are only initialized", "var net = new Initialized(); net.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("a sequence that is made here", "var net = Sequential(Conv2d(3, 8, 3), ReLU()); net.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData(
        "a sequence with layers that keep channels in front",
        "var net = Sequential((\"pad\", ZeroPad2d(1)), (\"conv\", Conv2d(3, 8, 3))); net.forward({|CG0007:rand(2, 1, 8, 8)|});"
    )]
    [InlineData(
        "a network of torchvision",
        "var net = torchvision.models.resnet18(); net.eval(); net.forward({|CG0007:rand(2, 1, 64, 64)|});"
    )]
    [InlineData("a network of torchvision, made in the call", "torchvision.models.vgg16().call({|CG0007:rand(2, 1, 64, 64)|});")]
    [InlineData(
        "after a padding of rows and columns",
        "var net = new Net(); net.forward({|CG0007:nn.functional.pad(rand(2, 1, 8, 8), new long[] { 1, 1, 2, 2 })|});"
    )]
    [InlineData("a bare convolution", "var conv = Conv2d(3, 8, 3); conv.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData(
        "trained here as well",
        "var net = new Net(); var all = optim.Adam(net.parameters()); net.forward({|CG0007:rand(2, 1, 8, 8)|}).sum().backward(); "
            + "all.step();"
    )]
    [InlineData("a parameter of a class that nothing derives from", "given.forward({|CG0007:rand(2, 1, 8, 8)|});")]
    [InlineData("an image in color for a natively gray network", "var net = new Gray(); net.forward({|CG0007:rand(2, 3, 8, 8)|});")]
    [InlineData(
        "a color image file for a natively gray network",
        "var net = new Gray(); net.forward({|CG0007:torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB).unsqueeze(0)|});"
    )]
    [InlineData(
        "an image in color for a sequence for gray",
        "var net = Sequential(Conv2d(1, 8, 3)); net.forward({|CG0007:rand(2, 3, 8, 8)|});"
    )]
    public Task Fails(string reason, string statements) => Run(reason, statements);

    [Theory]
    [InlineData(
        "as many channels as the network takes",
        "var net = new Net(); net.forward(rand(2, 3, 8, 8)); new Gray().forward(rand(2, 1, 8, 8));"
    )]
    [InlineData("nothing is known of the image", "var net = new Net(); net.forward(x);")]
    [InlineData("the batch and nothing more is known", "var net = new Net(); net.forward(x.unsqueeze(0));")]
    [InlineData("the number of channels is not known", "var net = new Net(); net.forward(rand(2, n, 8, 8));")]
    [InlineData(
        "one of two images has three channels",
        "var net = new Net(); var g = rand(2, 1, 8, 8); if (n > 1) g = rand(2, 3, 8, 8); net.forward(g);"
    )]
    [InlineData("other code may have changed the image", "var net = new Net(); var g = rand(2, 1, 8, 8); Change(g); net.forward(g);")]
    [InlineData("nothing is known of the network", "any.forward(rand(2, 1, 8, 8));")]
    [InlineData("one of two networks", "var net = n > 1 ? (Module<Tensor, Tensor>)new Net() : new Gray(); net.forward(rand(2, 1, 8, 8));")]
    [InlineData(
        "a network that is assigned again",
        "Module<Tensor, Tensor> net = new Net(); if (n > 1) net = new Gray(); net.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData("a view of the network", "var net = new Net(); net.AsGrayscale().forward(rand(2, 1, 8, 8));")]
    [InlineData(
        "a converted network",
        "var net = new Net(); var g = net.ToGrayscale(); net.forward(rand(2, 1, 8, 8)); g.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData("a network that others may convert", "var net = new Net(); Convert(net); net.forward(rand(2, 1, 8, 8));")]
    [InlineData(
        "a network with a hook in front",
        "var net = new Net(); net.register_forward_pre_hook((m, t) => t.expand(-1, 3, -1, -1)); net.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData(
        "a network whose layer is replaced",
        "var net = torchvision.models.resnet18(); net.register_module(\"conv1\", Conv2d(1, 64, 7)); net.forward(rand(2, 1, 64, 64));"
    )]
    [InlineData("forward copies one channel itself", "new Guarded().forward(rand(2, 1, 8, 8));")]
    [InlineData("forward stacks itself", "new Stacking().forward(rand(2, 1, 8, 8));")]
    [InlineData("forward subtracts a mean of three channels", "new Centered().forward(rand(2, 1, 8, 8));")]
    [InlineData("forward has a layer for either", "new Mixed().forward(rand(2, 1, 8, 8)); new Mixed().forward(rand(2, 3, 8, 8));")]
    [InlineData("forward returns early for gray", "new Early().forward(rand(2, 1, 8, 8));")]
    [InlineData("forward calls a helper that copies", "new Helped().forward(rand(2, 1, 8, 8));")]
    [InlineData("the weights were summed", "new Summed().forward(rand(2, 1, 8, 8));")]
    [InlineData("the number of channels is given", "new Given(1).forward(rand(2, 1, 8, 8));")]
    [InlineData(
        "the layer can be replaced from outside",
        "var net = new Open(); net.conv1 = Conv2d(1, 8, 3); net.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData("a class that derives copies the channel", "based.forward(rand(2, 1, 8, 8)); new Derived().forward(rand(2, 1, 8, 8));")]
    [InlineData(
        "a sequence that begins with 1 x 1 from gray to color",
        "var net = Sequential(Conv2d(1, 3, 1), Conv2d(3, 8, 3)); net.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData(
        "a sequence that begins with something unknown",
        "var net = Sequential(any, Conv2d(3, 8, 3)); net.forward(rand(2, 1, 8, 8));"
    )]
    [InlineData("a convolution over time", "var net = Conv1d(3, 8, 3); net.forward(rand(2, 1, 8));")]
    [InlineData("where the failure is caught", "var net = new Net(); try { net.forward(rand(2, 1, 8, 8)); } catch (Exception) { }")]
    [InlineData("where the code asks", "var net = new Net(); if (x.dim() == 4 && x.shape[1] == 1) { net.forward(x); }")]
    [InlineData("a mask", "var net = new Net(); net.forward(rand(2, 1, 8, 8) > 0.5);")]
    [InlineData(
        "a padding that adds channels",
        "var net = new Net(); net.forward(nn.functional.pad(rand(2, 1, 8, 8), new long[] { 0, 0, 0, 0, 1, 1 }));"
    )]
    [InlineData(
        "a padding by numbers from elsewhere",
        "var net = new Net(); net.forward(nn.functional.pad(rand(2, 1, 8, 8), x.shape));"
    )]
    [InlineData(
        "where a test asserts that it fails",
        "var net = new Net(); Assert.Throws<Exception>(() => net.forward(rand(2, 1, 8, 8)));"
    )]
    public Task Silent(string reason, string statements) => Run(reason, statements);

    [Theory]
    [InlineData("a wrapper is given an image in color", "gray.forward({|CG0007:rand(2, 3, 8, 8)|});")]
    [InlineData("a wrapper of this program's network", "var g = new Net().ToGrayscale(); g.forward({|CG0007:rand(2, 3, 8, 8)|});")]
    [InlineData("a wrapper is given a gray image", "gray.forward(rand(2, 1, 8, 8));")]
    [InlineData("a view takes both", "new Net().AsGrayscale().forward(rand(2, 3, 8, 8));")]
    [InlineData("a wrapper that was made color again", "var g = new Net().ToGrayscale(); g.RestoreColor(); g.forward(rand(2, 3, 8, 8));")]
    [InlineData("which of two inputs is the image is not known", "two.forward(rand(2, 3, 8, 8), rand(2, 1, 8, 8));")]
    public Task Wrappers(string reason, string statements) => Run(reason, statements);

    [Fact]
    public Task Fields_and_the_calls_of_a_networks_own_layers() =>
        Verify.Program<ImageChannelsAnalyzer>(
            Networks
                + """
                class Trainer
                {
                    private readonly Net net = new();
                    private readonly Module<Tensor, Tensor> converted = torchvision.models.resnet18();
                    private readonly Module<Tensor, Tensor> handed = torchvision.models.resnet18();
                    private Net changing = new();

                    public Trainer(Action<Module> use)
                    {
                        converted.ToGrayscale();
                        use(handed);
                    }

                    void Run(Tensor x)
                    {
                        var g = rand(2, 1, 8, 8);
                        net.forward({|CG0007:g|});
                        this.net.train();
                        this.net.call({|CG0007:g|});
                        converted.forward(g);
                        handed.forward(g);
                        changing.forward(g);
                        changing = new Net();
                    }
                }

                class Broken : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 1, 3), conv2 = Conv2d(3, 8, 3);
                    public Broken() : base("broken") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv2.call(conv1.call(image));
                }
                """
        );

    private static Task Run(string reason, string statements)
    {
        Assert.NotEmpty(reason);
        return Verify.Program<ImageChannelsAnalyzer>(
            Networks
                + $$"""
                class Program
                {
                    void Run(
                        Tensor x,
                        Module<Tensor, Tensor> any,
                        Net given,
                        Based based,
                        GrayscaleModule<Tensor, Tensor> gray,
                        GrayscaleModule<Tensor, Tensor, Tensor> two,
                        long n
                    )
                    {
                        {{statements}}
                    }

                    static class Assert
                    {
                        public static T Throws<T>(Func<object> fails) where T : Exception => null!;
                    }

                    static void Change(Tensor t) => t.unsqueeze_(0);
                    static void Convert(Module<Tensor, Tensor> net) { }
                }
                """
        );
    }
}
