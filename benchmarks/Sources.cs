using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Benchmarks;

/// <summary>Programs of about 1,000 lines for the analyzers and the generator.</summary>
internal static class Sources
{
    public static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.CSharp12);

    private static readonly MetadataReference[] Framework =
    [
        .. Trusted(path => path.Contains("Microsoft.NETCore.App", StringComparison.Ordinal)),
    ];
    private static readonly MetadataReference[] Torch =
    [
        .. Trusted(path =>
            Path.GetFileName(path) is "TorchSharp.dll" or "TorchVision.dll" or "ChannelGen.Runtime.dll" or "CommunityToolkit.Mvvm.dll"
        ),
    ];

    public static string Metadata(string key) =>
        typeof(Sources).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    public static CSharpCompilation Compile(bool withTorch, params string[] sources) =>
        CSharpCompilation.Create(
            "Program",
            sources.Select((source, index) => CSharpSyntaxTree.ParseText(source, ParseOptions, $"Source{index}.cs")),
            withTorch ? [.. Framework, .. Torch] : Framework,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)
        );

    /// <summary>A training loop and a network, over and over; so many of the loops stack, twice each but for a single one.</summary>
    public static string WithTorch(int stacking)
    {
        var text = new StringBuilder(
            "using TorchSharp;\nusing TorchSharp.Modules;\nusing static TorchSharp.torch;\nusing static TorchSharp.torch.nn;\n"
                + "namespace Program;\n"
        );
        for (int copy = 0; copy < 40; copy++)
        {
            text.Append(
                $$"""
                public class Net{{copy}} : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 16, 3, padding: 1);
                    private readonly BatchNorm2d bn1 = BatchNorm2d(16);
                    private readonly Linear fc = Linear(16, 10);
                    public Net{{copy}}() : base("net") => RegisterComponents();
                    public override Tensor forward(Tensor image)
                    {
                        var x = functional.relu(bn1.call(conv1.call(image)));
                        return fc.call(x.mean([2, 3]));
                    }
                }
                public static class Training{{copy}}
                {
                    public static double Epoch(Net{{copy}} net, optim.Optimizer optimizer, Tensor[] images, Tensor[] labels)
                    {
                        double total = 0;
                        for (int batch = 0; batch < images.Length; batch++)
                        {
                            var x = images[batch].to(ScalarType.Float32) / 255;
                            {{(
                    copy < stacking
                        ? "var y = net.forward(cat(new[] { x, x, x }, 1));"
                        : "var y = net.forward(cat(new[] { x, x + 1, x }, 1));"
                )}}
                            {{(
                    copy < stacking && stacking > 1 ? "var z = net.call(x.repeat(1, 3, 1, 1));" : "var z = net.call(x.repeat(2, 1, 1, 1));"
                )}}
                            var loss = functional.cross_entropy(y, labels[batch]) + z.mul(2).sum();
                            loss.backward();
                            optimizer.step();
                            total += loss.item<float>();
                        }
                        return total;
                    }
                }

                """
            );
        }

        return text.ToString();
    }

    public static string WithoutTorch()
    {
        var text = new StringBuilder("using System;\nusing System.Collections.Generic;\nusing System.Linq;\nnamespace Program;\n");
        for (int copy = 0; copy < 50; copy++)
        {
            text.Append(
                $$"""
                public class Orders{{copy}}
                {
                    private readonly List<(string Name, decimal Price)> orders = new();
                    public void Add(string name, decimal price)
                    {
                        if (string.IsNullOrEmpty(name)) throw new ArgumentException("A name is needed.", nameof(name));
                        orders.Add((name, price));
                    }
                    public decimal Total(Func<string, bool> include)
                    {
                        decimal total = 0;
                        foreach (var (name, price) in orders)
                        {
                            if (include(name)) total += price * 2;
                        }
                        return total;
                    }
                    public IReadOnlyList<string> Names() => orders.Select(order => order.Name).OrderBy(name => name).ToList();
                    public override string ToString() => string.Join(", ", Names());
                }

                """
            );
        }

        return text.ToString();
    }

    /// <summary>Networks marked [GrayscaleInput], a file each.</summary>
    public static string[] Marked(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(index =>
                    $$"""
                        using ChannelGen;
                        using TorchSharp;
                        using TorchSharp.Modules;
                        using static TorchSharp.torch;
                        using static TorchSharp.torch.nn;
                        namespace Program;
                        [GrayscaleInput]
                        public partial class Net{{index}} : Module<Tensor, Tensor>
                        {
                            private readonly Conv2d conv1 = Conv2d(3, 16, 3);
                            public Net{{index}}() : base("net") => RegisterComponents();
                            public override Tensor forward(Tensor image) => conv1.call(image);
                        }
                        """
                ),
        ];

    /// <summary>As many classes with one attributed field, for the generator of the MVVM Toolkit, as small as they can be.</summary>
    public static string[] Observable(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(index =>
                    $$"""
                        using CommunityToolkit.Mvvm.ComponentModel;
                        namespace Program;
                        public partial class Model{{index}} : ObservableObject
                        {
                            [ObservableProperty]
                            private string name = "";
                        }
                        """
                ),
        ];

    /// <summary>Classes for both: networks marked [GrayscaleInput] with one attributed field.</summary>
    public static string[] MarkedAndObservable(int count) =>
        [
            .. Marked(count)
                .Select(static source =>
                    source
                        .Replace("using TorchSharp;", "using CommunityToolkit.Mvvm.ComponentModel;\nusing TorchSharp;")
                        .Replace("[GrayscaleInput]", "[GrayscaleInput]\n[INotifyPropertyChanged]")
                        .Replace("    public Net", "    [ObservableProperty]\n    private string label = \"\";\n    public Net")
                ),
        ];

    private static IEnumerable<MetadataReference> Trusted(Func<string, bool> include) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(include)
            .Select(path => MetadataReference.CreateFromFile(path));
}
