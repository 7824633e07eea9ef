using System.Reflection;
using System.Runtime.Loader;
using ChannelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace ChannelGen.Analyzers.Tests;

/// <summary>
/// Applies a fix through the compiler, one by one and all at once, and compares the text; and runs the program before and
/// after, and compares the numbers.
/// </summary>
internal static class VerifyFix
{
    private static readonly Lock Running = new();

    public static Task Of<TAnalyzer, TFix>(
        string before,
        string after,
        string? equivalenceKey = null,
        int? iterations = null,
        string editorConfig = ""
    )
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new() =>
        new Test<TAnalyzer, TFix>(editorConfig)
        {
            TestCode = before,
            FixedCode = after,
            CodeActionIndex = equivalenceKey is null ? 0 : null,
            CodeActionEquivalenceKey = equivalenceKey,
            NumberOfIncrementalIterations = iterations,
            NumberOfFixAllIterations = null,
        }.RunAsync();

    /// <summary>The same over several documents.</summary>
    public static Task OfAll<TAnalyzer, TFix>(string[] before, string[] after, string equivalenceKey)
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new()
    {
        var test = new Test<TAnalyzer, TFix>
        {
            CodeActionEquivalenceKey = equivalenceKey,
            FixedState = { MarkupHandling = MarkupMode.Allow },
            CodeFixTestBehaviors = CodeFixTestBehaviors.SkipFixAllInDocumentCheck,
        };
        test.TestState.Sources.AddRange(before.Select((source, document) => ($"/0/Test{document}.cs", SourceText.From(source))));
        test.FixedState.Sources.AddRange(after.Select((source, document) => ($"/0/Test{document}.cs", SourceText.From(source))));
        return test.RunAsync();
    }

    /// <summary>The same where a second project, which the documents' project refers to, has the networks; both are one solution.</summary>
    public static Task OfProjects<TAnalyzer, TFix>(string networks, string[] before, string[] after, string? equivalenceKey)
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new()
    {
        var test = new Test<TAnalyzer, TFix>
        {
            CodeActionEquivalenceKey = equivalenceKey,
            CodeFixTestBehaviors = CodeFixTestBehaviors.SkipFixAllInDocumentCheck,
        };
        ProjectState project = test.TestState.AdditionalProjects["Networks"];
        project.Sources.Add(("/1/Networks.cs", SourceText.From(networks)));
        project.AdditionalReferences.AddRange(References.All);
        test.TestState.AdditionalProjectReferences.Add("Networks");
        test.TestState.Sources.AddRange(before.Select((source, document) => ($"/0/Test{document}.cs", SourceText.From(source))));
        test.FixedState.Sources.AddRange(after.Select((source, document) => ($"/0/Test{document}.cs", SourceText.From(source))));
        return test.RunAsync();
    }

    /// <summary>Diagnostics stay, and nothing is offered for them; or nothing of the key that is named.</summary>
    public static Task None<TAnalyzer, TFix>(string source, string? equivalenceKey = null)
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new() =>
        new Test<TAnalyzer, TFix>
        {
            TestCode = source,
            FixedCode = source,
            CodeActionEquivalenceKey = equivalenceKey,
        }.RunAsync();

    /// <summary>What Program.Numbers() gives, with what our generator adds to the program.</summary>
    public static double[] Run(string source)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp12);
        string unmarked = System.Text.RegularExpressions.Regex.Replace(source, @"\{\|[A-Z0-9]+:|\|\}", "");
        var compilation = CSharpCompilation.Create(
            "Program" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(unmarked, options)],
            References.All,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        CSharpGeneratorDriver
            .Create([new WrapperGenerator().AsSourceGenerator()], parseOptions: options)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
        using var stream = new MemoryStream();
        var emitted = output.Emit(stream);
        Assert.True(
            emitted.Success,
            string.Join("\n", emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)) + "\n" + unmarked
        );
        stream.Position = 0;
        Assembly assembly = AssemblyLoadContext.Default.LoadFromStream(stream);
        MethodInfo numbers = assembly.GetType("Program")!.GetMethod("Numbers", BindingFlags.Static | BindingFlags.Public)!;

        // Programs seed the one generator that the whole process has.
        lock (Running)
        {
            return (double[])numbers.Invoke(null, null)!;
        }
    }

    public static void AssertSameNumbers(string before, string after)
    {
        double[] expected = Run(before);
        double[] found = Run(after);
        Assert.Equal(expected.Length, found.Length);
        Assert.NotEmpty(expected);
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.Equal(expected[index], found[index], 1e-4 * Math.Max(1, Math.Abs(expected[index])));
        }
    }

    private sealed class Test<TAnalyzer, TFix> : CSharpCodeFixTest<TAnalyzer, TFix, DefaultVerifier>
        where TAnalyzer : DiagnosticAnalyzer, new()
        where TFix : CodeFixProvider, new()
    {
        public Test(string editorConfig = "")
        {
            if (editorConfig.Length > 0)
            {
                TestState.AnalyzerConfigFiles.Add(("/.editorconfig", $"root = true\n[*.cs]\n{editorConfig}\n"));
            }

            ReferenceAssemblies = References.None;
            TestState.AdditionalReferences.AddRange(References.All);

            // ToGrayscale() of a class that a fix has marked comes from the generator, which does not run here.
            CompilerDiagnostics = CompilerDiagnostics.Errors;
        }

        protected override ParseOptions CreateParseOptions() => new CSharpParseOptions(LanguageVersion.CSharp12);
    }
}
