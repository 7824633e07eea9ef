using System.Collections.Immutable;
using System.Reflection;
using System.Text.RegularExpressions;
using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace ChannelGen.Analyzers.Tests;

/// <summary>
/// A network, its base class, its layers or a helper that lie in another project of the solution: in an editor their symbols
/// have syntax, of which this project's compilation can give no model. They count as if they came compiled.
/// </summary>
public class OtherProjectTests
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading.Tasks;
        using ChannelGen;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    private const string Members =
        "private readonly Conv2d conv1 = Conv2d(3, 8, 3); public Net() : base(\"net\") { } "
        + "public override Tensor forward(Tensor x) => conv1.call(x);";

    private const string Mlp = "private readonly Linear fc = Linear(784, 10); public Net() : base(\"net\") => RegisterComponents(); ";

    private const string LastUsing = "using static TorchSharp.torch.nn;";

    private static DiagnosticAnalyzer[] Analyzers =>
        [
            new StackingAnalyzer(),
            new WrongKernelAnalyzer(),
            new UsedAfterConversionAnalyzer(),
            new ImageChannelsAnalyzer(),
            new MarkedClassAnalyzer(),
        ];

    /// <summary>The classes whose rows say what is a stack, or a wrong kernel.</summary>
    private static Type[] StackingRows =>
        [
            typeof(StackFormTests),
            typeof(ListOfCopiesTests),
            typeof(SameTensorTests),
            typeof(ShapeEvidenceTests),
            typeof(OriginEvidenceTests),
            typeof(ConditionEvidenceTests),
            typeof(StackUseTests),
            typeof(CodePlaceTests),
            typeof(JoinTests),
            typeof(KnownCopiesTests),
            typeof(NormalizedStackTests),
            typeof(WrongKernelTests),
        ];

    /// <summary>Programs of the tests of marked classes, and those that hold every form, that can be taken apart.</summary>
    public static TheoryData<string> Programs => [.. Sources.Keys];

    private static Dictionary<string, string> Sources { get; } =
        Rows(typeof(MarkedClassTests))
            .Select(row => row.Replace("MEMBERS", Members, StringComparison.Ordinal).Replace("MLP", Mlp, StringComparison.Ordinal))
            .Concat(
                Corpus.Files.Values.Select(source => source[(source.IndexOf(LastUsing, StringComparison.Ordinal) + LastUsing.Length)..])
            )
            .Select(Unmarked)
            .Distinct()
            .Where(source => TwoProjects.Split(source, Usings, References.All) is not null)
            .ToDictionary(source => Regex.Replace(source, @"\s+", " "));

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_library_of_source_and_a_compiled_one_give_the_same_answers(string program)
    {
        TwoProjects projects = TwoProjects.Split(Sources[program], Usings, References.All)!;
        Answers source = await TwoProjects.Run(projects.FromSource, Analyzers);
        Answers metadata = await TwoProjects.Run(projects.FromMetadata, Analyzers);
        Assert.Equal(metadata.Reports, source.Reports);
        Assert.Equal(metadata.Generated, source.Generated);
    }

    [Theory]
    [InlineData(
        "the base class holds the layer: it may be there, so nothing is wrong with its name",
        "public class Base : Module<Tensor, Tensor> { protected readonly Conv2d stem = Conv2d(3, 8, 3); "
            + "public Base() : base(\"b\") => RegisterComponents(); public override Tensor forward(Tensor x) => stem.call(x); }",
        "[GrayscaleInput(\"stem\")] public partial class Net : Base { }"
    )]
    [InlineData(
        "the base class gives two layers the image: not in sight, so the runtime decides",
        "public class Base : Module<Tensor, Tensor> { protected readonly Conv2d a = Conv2d(3, 8, 3), b = Conv2d(3, 8, 3); "
            + "public Base() : base(\"b\") => RegisterComponents(); public override Tensor forward(Tensor x) => a.call(x) + b.call(x); }",
        "[GrayscaleInput] public partial class Net : Base { }"
    )]
    [InlineData(
        "an inner layer's class is elsewhere: its paths may exist",
        "public class Block : Module<Tensor, Tensor> { private readonly Conv2d conv; "
            + "public Block(int i) : base(\"b\") { conv = Conv2d(i, 8, 3); RegisterComponents(); "
            + "} public override Tensor forward(Tensor x) => conv.call(x); }",
        "[GrayscaleInput(\"block.conv\")] public partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Block block = new Block(3); public Net() : base(\"n\") => RegisterComponents(); "
            + "public override Tensor forward(Tensor x) => block.call(x); }"
    )]
    [InlineData(
        "a helper makes the layer: what it makes is not in sight",
        "public static class Make { public static Module<Tensor, Tensor> Block(int i) => Sequential((\"conv\", Conv2d(i, 8, 3))); }",
        "[GrayscaleInput(\"block.conv\")] public partial class Net : Module<Tensor, Tensor> { private readonly Module<Tensor, "
            + "Tensor> block = Make.Block(3); public Net() : base(\"n\") => RegisterComponents(); "
            + "public override Tensor forward(Tensor x) => block.call(x); }"
    )]
    [InlineData(
        "a layer of the class itself is judged as ever, whatever its base",
        "public abstract class Base : Module<Tensor, Tensor> { protected Base() : base(\"b\") { } }",
        "[{|CG1005:GrayscaleInput(\"wide\")|}] public partial class Net : Base { private readonly Conv2d wide = Conv2d(64, 8, 3); "
            + "public Net() => RegisterComponents(); public override Tensor forward(Tensor x) => wide.call(x); }"
    )]
    [InlineData(
        "the assembly form names a network that is elsewhere",
        "namespace Nets { public class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Conv2d(3, 8, 3); "
            + "public Net() : base(\"n\") => RegisterComponents(); public override Tensor forward(Tensor picture) => "
            + "conv1.call(picture); } }",
        "[assembly: GrayscaleInput(typeof(Nets.Net), \"conv1\")]"
    )]
    [InlineData(
        "the assembly form marks what is marked in its own project",
        "namespace Nets { [GrayscaleInput] public partial class Net : Module<Tensor, "
            + "Tensor> { private readonly Conv2d conv1 = Conv2d(3, 8, 3); public Net() : base(\"n\") => RegisterComponents(); "
            + "public override Tensor forward(Tensor picture) => conv1.call(picture); } }",
        "[assembly: GrayscaleInput(typeof(Nets.Net), \"conv1\")]"
    )]
    [InlineData(
        "a stack goes to a network that is elsewhere",
        "public class Net : Module<Tensor, Tensor> { private readonly Conv2d conv1 = Conv2d(3, 8, 3); "
            + "public Net() : base(\"n\") => RegisterComponents(); public override Tensor forward(Tensor picture) => "
            + "conv1.call(picture); }",
        "public class Program { private readonly Net net = new(); Tensor Run(Tensor x) => net.forward({|CG0001:cat([x, x, x], 1)|}); }"
    )]
    [InlineData(
        "a field that the base class made of three channels is not followed, and not flagged twice",
        "public class Base { protected static readonly Conv2d Wide = Conv2d(1, 64, 3); }",
        "public class Program : Base { Tensor Run(Tensor x) => {|CG0001:x.repeat(1, 3, 1, 1)|}; }"
    )]
    public async Task What_is_elsewhere_is_known_as_far_as_metadata_would_tell(string reason, string library, string program)
    {
        string plain = Unmarked(program);
        string[] expected = [.. Regex.Matches(program, @"\{\|(CG\d+):(.*?)\|\}").Select(match => $"{match.Groups[1]} {match.Groups[2]}")];
        var projects = new TwoProjects(library, plain, Usings, References.All);
        Answers run = await TwoProjects.Run(projects.FromSource, Analyzers);
        Assert.True(expected.SequenceEqual(run.Reports), $"{reason}\n{string.Join("\n", run.Reports)}");
        Assert.Empty(run.Output.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.Equal(program.Contains("GrayscaleInput", StringComparison.Ordinal) ? 1 : 0, run.Generated.Count);
    }

    [Fact]
    public async Task Every_row_of_the_stacking_tests_says_the_same_with_networks_of_another_project()
    {
        string[] rows = [.. StackingRows.SelectMany(Rows)];
        const string Library = """
            public class Net : Module<Tensor, Tensor>
            {
                protected readonly Conv2d conv1 = Conv2d(3, 8, 3);
                public Net() : base("net") => RegisterComponents();
                public override Tensor forward(Tensor image) => conv1.call(image);
            }

            public class Inputs
            {
                protected readonly Net net = new();
                protected readonly Conv2d conv = Conv2d(3, 8, 3);
            }
            """;
        Assert.True(rows.Length > 400);
        const string Parameters = "Tensor x, Tensor y, Tensor image, Tensor mask, Tensor tokens, long n, long h, long w";
        string text =
            "#nullable disable\n"
            + string.Concat(rows.Select((row, index) => $"class P{index} : Inputs {{ void Run({Parameters}) {{ {row}\n }} }}\n"));
        TestFileMarkupParser.GetSpans(text, out string plain, out ImmutableDictionary<string, ImmutableArray<TextSpan>> marks);
        IEnumerable<string> expected = marks.SelectMany(mark =>
            mark.Value.Select(span => $"{mark.Key} {plain.Substring(span.Start, span.Length)}")
        );

        var projects = new TwoProjects(Library, plain, "using System.IO;\n" + Usings, References.All);
        Answers answers = await TwoProjects.Run(projects.FromSource, new StackingAnalyzer(), new WrongKernelAnalyzer());
        Assert.Empty(answers.Output.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        Assert.Equal(expected.Order(StringComparer.Ordinal), answers.Reports.Order(StringComparer.Ordinal));
    }

    [Fact]
    public Task A_call_of_a_network_of_another_project_is_fixed()
    {
        const string Program = """
            using ChannelGen;
            using static TorchSharp.torch;

            public static class Program
            {
                public static Tensor Run(Net net, Tensor x) => net.forward(IMAGE);
            }
            """;
        var test = new Test { TestCode = Program.Replace("IMAGE", "{|CG0001:cat([x, x, x], 1)|}", StringComparison.Ordinal) };
        test.FixedCode = Program.Replace("net.forward(IMAGE)", "net.AsGrayscale().forward(x)", StringComparison.Ordinal);
        foreach (SolutionState state in (SolutionState[])[test.TestState, test.FixedState])
        {
            ProjectState library = state.AdditionalProjects["Library"];
            library.AdditionalReferences.AddRange(References.All);
            library.Sources.Add(
                (
                    "Net.cs",
                    """
                    using static TorchSharp.torch;
                    using static TorchSharp.torch.nn;
                    public class Net : Module<Tensor, Tensor>
                    {
                        private readonly TorchSharp.Modules.Conv2d conv1 = Conv2d(3, 8, 3);
                        public Net() : base("net") => RegisterComponents();
                        public override Tensor forward(Tensor image) => conv1.call(image);
                    }
                    """
                )
            );
            state.AdditionalProjectReferences.Add("Library");
        }

        return test.RunAsync();
    }

    private static string Unmarked(string program) => Regex.Replace(program, @"\{\|CG\d+:(.*?)\|\}", "$1");

    /// <summary>The programs and statements that the theories of a class are given.</summary>
    private static IEnumerable<string> Rows(Type tests) =>
        tests
            .GetMethods()
            .Where(method => method.GetParameters() is [{ Name: "reason" }, { Name: "source" or "statements" }])
            .SelectMany(method => method.GetCustomAttributes<InlineDataAttribute>().SelectMany(row => row.GetData(method)))
            .Select(row => (string)row[^1])
            .Distinct();

    private sealed class Test : CSharpCodeFixTest<StackingAnalyzer, StackingFix, DefaultVerifier>
    {
        public Test()
        {
            ReferenceAssemblies = References.None;
            TestState.AdditionalReferences.AddRange(References.All);
        }

        protected override ParseOptions CreateParseOptions() => new CSharpParseOptions(LanguageVersion.CSharp12);
    }
}
