namespace ChannelGen.Generator.Tests;

/// <summary>Every shape that a marked class can have. Each has a method Make that gives the network.</summary>
internal static class Shapes
{
    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        ["TopLevel"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class LesionNet : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);
                    public LesionNet() : base("lesions") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }
            """,
        ["Named"] = """
            namespace Lesions
            {
                [GrayscaleInput("features.0.conv")]
                internal sealed partial class NamedNet : Module<Tensor, Tensor>
                {
                    private readonly Sequential features = Sequential(
                        ("0", Sequential(("conv", Conv2d(3, 4, 3)), ("relu", ReLU()))),
                        ("1", ReLU())
                    );
                    private readonly Conv2d other = Conv2d(3, 4, 1);
                    public NamedNet() : base("named") => RegisterComponents();
                    public override Tensor forward(Tensor x) => features.call(x);
                }
            }
            """,
        ["FromForward"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class Net : Module<Tensor, Tensor>
                {
                    private readonly Conv2d later;
                    private readonly Conv2d stem;
                    private readonly Conv2d never;
                    public Net() : base("net")
                    {
                        later = Conv2d(3, 2, 1);
                        this.stem = Conv2d(3, 3, 3, padding: 1);
                        never = Conv2d(3, 5, 1);
                        RegisterComponents();
                    }
                    public override Tensor forward(Tensor x)
                    {
                        x = x / 255;
                        x = stem.call(x);
                        return later.call(x);
                    }
                }
            }
            """,
        ["Factory"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class FactoryNet : Module<Tensor, Tensor>
                {
                    private const int Channels = 3;
                    private readonly Module<Tensor, Tensor> layer1;
                    private readonly Module<Tensor, Tensor> layer2;
                    public FactoryNet() : base("net")
                    {
                        layer2 = Block(8, 3);
                        layer1 = Block(Channels, 8);
                        RegisterComponents();
                    }
                    private static Module<Tensor, Tensor> Block(int inChannels, int outChannels) =>
                        Sequential(("conv", Conv2d(inChannels, outChannels, 3)), ("relu", ReLU()));
                    public override Tensor forward(Tensor input)
                    {
                        var first = layer1.call(input);
                        return layer2.call(first);
                    }
                }
            }
            """,
        ["Nested"] = """
            namespace Lesions.Deep
            {
                public partial class Outer<T> where T : class
                {
                    internal partial struct Middle
                    {
                        public partial interface Inner
                        {
                            public partial record Innermost
                            {
                                [GrayscaleInput("conv1")]
                                internal partial class Net : Module<Tensor, Tensor>
                                {
                                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                                    public Net() : base("nested") => RegisterComponents();
                                    public override Tensor forward(Tensor input) => conv1.call(input);
                                }
                            }
                        }
                    }
                    public static object Make() => new Middle.Inner.Innermost.Net();
                }
            }
            """,
        ["Generic"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class GenericNet<TActivation, TOther> : Module<Tensor, Tensor>
                    where TActivation : Module<Tensor, Tensor>, new()
                    where TOther : struct, IComparable<TOther>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public GenericNet() : base("generic") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }
            """,
        ["Global"] = """
            [GrayscaleInput]
            partial class GlobalNet : Module<Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                public GlobalNet() : base("global") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }
            """,
        ["Keyword"] = """
            namespace @namespace.@class
            {
                [GrayscaleInput]
                public partial class @event : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public @event() : base("event") => RegisterComponents();
                    public override Tensor forward(Tensor @in) => conv1.call(@in);
                }
            }
            """,
        ["SeveralInputs"] = """
            namespace Lesions
            {
                [GrayscaleInput(Image = "image")]
                public partial class MaskedNet : Module<Tensor, int, Tensor, (Tensor Logits, Tensor? Mask)>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);
                    public MaskedNet() : base("masked") => RegisterComponents();
                    public override (Tensor Logits, Tensor? Mask) forward(Tensor prior, int scale, Tensor image) =>
                        (conv1.call(image) * scale, prior);
                }
            }
            """,
        ["SixInputs"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class SixNet : Module<int, Tensor, Tensor, string, double, bool, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public SixNet() : base("six") => RegisterComponents();
                    public override Tensor forward(int a, Tensor image, Tensor c, string d, double e, bool f) => conv1.call(image);
                }
            }
            """,
        ["NativelyGray"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class GrayNet : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(1, 4, 3, padding: 1);
                    private readonly Conv2d conv2 = Conv2d(4, 2, 1);
                    public GrayNet() : base("gray") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv2.call(conv1.call(image));
                }
            }
            """,
        ["Inherited"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class BaseNet : Module<Tensor, Tensor>
                {
                    protected readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public BaseNet(string name) : base(name) => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }

                [GrayscaleInput]
                public partial class DerivedNet : BaseNet
                {
                    public DerivedNet() : base("derived") { }
                }
            }
            """,
        ["Partial"] = """
            namespace Lesions
            {
                [GrayscaleInput]
                public partial class SplitNet : Module<Tensor, Tensor>
                {
                    public SplitNet() : base("split") => RegisterComponents();
                }

                public partial class SplitNet
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }
            """,
        ["SameName"] = """
            namespace First
            {
                [GrayscaleInput]
                public partial class Net : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public Net() : base("first") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }

            namespace Second
            {
                [GrayscaleInput]
                public partial class Net : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public Net() : base("second") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }
            """,
        ["Assembly"] = """
            [assembly: GrayscaleInput(typeof(ResNet), "conv1")]
            [assembly: GrayscaleInput(typeof(VGG))]
            """,
    };
}
