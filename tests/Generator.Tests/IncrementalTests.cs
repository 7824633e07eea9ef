using System.Collections.Immutable;
using System.Reflection;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Generator.Tests;

/// <summary>What an edit makes the generator do again.</summary>
public class IncrementalTests
{
    private const string First =
        Generation.Usings
        + """
            namespace Nets
            {
                [GrayscaleInput]
                public partial class First : Module<Tensor, Tensor>
                {
                    private readonly Conv2d conv1 = Conv2d(3, 4, 3);
                    public First() : base("first") => RegisterComponents();
                    public override Tensor forward(Tensor image) => conv1.call(image);
                }
            }
            """;

    private const string Other = "class Other { void Run() { } }";
    private const string AssemblyMarks = "[assembly: ChannelGen.GrayscaleInput(typeof(TorchSharp.Modules.ResNet), \"conv1\")]";

    [Fact]
    public void A_cloned_compilation_is_all_cached()
    {
        CSharpCompilation compilation = Generation.Compile(First, Other, AssemblyMarks);
        GeneratorDriver driver = Generation.Driver().RunGenerators(compilation);
        driver = driver.RunGenerators(compilation.Clone());
        AssertReasons(driver, Names(), IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged);
        AssertOutputs(driver, IncrementalStepRunReason.Cached);
    }

    [Fact]
    public void An_unrelated_edit_leaves_everything_cached() =>
        AssertAfter(
            compilation => Replace(compilation, 1, Other.Replace("{ }", "{ int x = 1; }")),
            [TrackingNames.ClassModels, TrackingNames.AssemblyModels],
            IncrementalStepRunReason.Unchanged,
            IncrementalStepRunReason.Cached
        );

    [Fact]
    public void An_edit_in_the_classs_body_leaves_the_model_unchanged() =>
        AssertAfter(
            compilation => Replace(compilation, 0, First.Replace("conv1.call(image)", "conv1.call(image).relu()")),
            [TrackingNames.Classes, TrackingNames.ClassModels, TrackingNames.AssemblyModels],
            IncrementalStepRunReason.Unchanged,
            IncrementalStepRunReason.Cached
        );

    [Fact]
    public void Another_layer_modifies_the_model()
    {
        GeneratorDriver driver = After(compilation => Replace(compilation, 0, First.Replace("conv1", "stem")));
        AssertReasons(driver, [TrackingNames.ClassModels], IncrementalStepRunReason.Modified);
        AssertReasons(driver, [TrackingNames.AssemblyModels], IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached);
    }

    [Fact]
    public void An_added_class_is_new_and_the_others_stay()
    {
        GeneratorDriver driver = After(compilation => compilation.AddSyntaxTrees(Parse(First.Replace("First", "Second"), "Second.cs")));
        IncrementalStepRunReason[] reasons = Reasons(driver, TrackingNames.ClassModels);
        Assert.Equal(2, reasons.Length);
        Assert.Contains(IncrementalStepRunReason.New, reasons);
        Assert.Contains(reasons, reason => reason is IncrementalStepRunReason.Unchanged or IncrementalStepRunReason.Cached);
    }

    [Fact]
    public void A_removed_attribute_removes_the_output()
    {
        GeneratorDriver driver = After(compilation => Replace(compilation, 0, First.Replace("[GrayscaleInput]", "")));
        Assert.DoesNotContain(
            driver.GetRunResult().Results.Single().GeneratedSources,
            source => source.HintName.StartsWith("First.", StringComparison.Ordinal)
        );
        Assert.All(Reasons(driver, TrackingNames.ClassModels), reason => Assert.Equal(IncrementalStepRunReason.Removed, reason));
    }

    [Fact]
    public void No_model_holds_a_symbol_a_node_a_tree_or_a_location()
    {
        var seen = new HashSet<Type>();
        Assert.True(IsPlain(typeof(WrapperModel), seen), string.Join(", ", seen));
        Assert.Contains(typeof(EquatableArray<string>), seen);
    }

    [Fact]
    public void Models_with_the_same_content_are_equal()
    {
        WrapperModel[] models = [.. Enumerable.Range(0, 2).Select(_ => Model())];
        Assert.Equal(models[0], models[1]);
        Assert.Equal(models[0].GetHashCode(), models[1].GetHashCode());

        static WrapperModel Model()
        {
            CSharpCompilation compilation = Generation.Compile(First);
            INamedTypeSymbol type = compilation.GetTypeByMetadataName("Nets.First")!;
            return MarkedClassParser
                .Parse(type, type.GetAttributes().Single(), compilation, ChannelGen.Analyzers.Torch.TorchSymbols.Of(compilation)!, default)
                .Model!;
        }
    }

    private static bool IsPlain(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type) || type == typeof(string) || type.IsPrimitive || type.IsEnum)
        {
            return true;
        }

        if (type.Namespace?.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) == true)
        {
            return false;
        }

        if (type.IsArray)
        {
            return IsPlain(type.GetElementType()!, seen);
        }

        return type.Namespace?.StartsWith("ChannelGen", StringComparison.Ordinal) == true
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .All(field => IsPlain(field.FieldType, seen));
    }

    private static void AssertAfter(
        Func<CSharpCompilation, CSharpCompilation> edit,
        string[] steps,
        params IncrementalStepRunReason[] allowed
    )
    {
        GeneratorDriver driver = After(edit);
        AssertReasons(driver, steps, allowed);
        AssertOutputs(driver, IncrementalStepRunReason.Cached);
    }

    private static GeneratorDriver After(Func<CSharpCompilation, CSharpCompilation> edit)
    {
        CSharpCompilation compilation = Generation.Compile(First, Other, AssemblyMarks);
        return Generation.Driver().RunGenerators(compilation).RunGenerators(edit(compilation));
    }

    private static void AssertReasons(GeneratorDriver driver, IEnumerable<string> steps, params IncrementalStepRunReason[] allowed)
    {
        foreach (string step in steps)
        {
            IncrementalStepRunReason[] reasons = Reasons(driver, step);
            Assert.NotEmpty(reasons);
            Assert.All(reasons, reason => Assert.Contains(reason, allowed));
        }
    }

    private static void AssertOutputs(GeneratorDriver driver, params IncrementalStepRunReason[] allowed)
    {
        IncrementalStepRunReason[] reasons =
        [
            .. driver
                .GetRunResult()
                .Results.Single()
                .TrackedOutputSteps.SelectMany(step => step.Value)
                .SelectMany(step => step.Outputs)
                .Select(output => output.Reason),
        ];
        Assert.NotEmpty(reasons);
        Assert.All(reasons, reason => Assert.Contains(reason, allowed));
    }

    private static IncrementalStepRunReason[] Reasons(GeneratorDriver driver, string step)
    {
        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> steps = driver
            .GetRunResult()
            .Results.Single()
            .TrackedSteps;
        return steps.TryGetValue(step, out ImmutableArray<IncrementalGeneratorRunStep> runs)
            ? [.. runs.SelectMany(run => run.Outputs).Select(output => output.Reason)]
            : [];
    }

    private static string[] Names() =>
        [TrackingNames.Classes, TrackingNames.ClassModels, TrackingNames.Assemblies, TrackingNames.AssemblyModels];

    private static CSharpCompilation Replace(CSharpCompilation compilation, int index, string source) =>
        compilation.ReplaceSyntaxTree(compilation.SyntaxTrees[index], Parse(source, compilation.SyntaxTrees[index].FilePath));

    private static SyntaxTree Parse(string source, string path) =>
        CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.CSharp12), path);
}
