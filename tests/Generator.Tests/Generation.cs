using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using ChannelGen.Analyzers.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Generator.Tests;

/// <summary>Runs the generator over programs, through the compiler.</summary>
internal static class Generation
{
    public const string Usings = """
        using System;
        using System.Collections.Generic;
        using ChannelGen;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    public static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path =>
                path.Contains("Microsoft.NETCore.App", StringComparison.Ordinal)
                || Path.GetFileName(path) is "TorchSharp.dll" or "TorchVision.dll" or "ChannelGen.Runtime.dll"
            )
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static CSharpCompilation Compile(params string[] sources) =>
        Compile(LanguageVersion.CSharp12, NullableContextOptions.Enable, sources);

    public static CSharpCompilation Compile(LanguageVersion version, NullableContextOptions nullable, params string[] sources) =>
        CSharpCompilation.Create(
            "Program" + Guid.NewGuid().ToString("N"),
            sources.Select((source, index) => CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(version), $"Source{index}.cs")),
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: nullable, warningLevel: 9999)
        );

    public static GeneratorDriver Driver(LanguageVersion version = LanguageVersion.CSharp12) =>
        CSharpGeneratorDriver.Create(
            [new WrapperGenerator().AsSourceGenerator()],
            parseOptions: new CSharpParseOptions(version),
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true)
        );

    /// <summary>The program with what is generated for it, without an error or a warning.</summary>
    public static Compilation Run(CSharpCompilation compilation, out GeneratorRunResult result)
    {
        GeneratorDriver driver = Driver(
                compilation.SyntaxTrees.Length == 0
                    ? LanguageVersion.CSharp12
                    : ((CSharpParseOptions)compilation.SyntaxTrees[0].Options).LanguageVersion
            )
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out ImmutableArray<Diagnostic> diagnostics);
        Assert.Empty(diagnostics);
        result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        return output;
    }

    public static void AssertClean(Compilation compilation) =>
        Assert.Empty(
            compilation
                .GetDiagnostics()
                .Where(diagnostic =>
                    diagnostic.Severity is DiagnosticSeverity.Warning or DiagnosticSeverity.Error && diagnostic.Id != "CS8019"
                )
        );

    /// <summary>The program, loaded.</summary>
    public static Assembly Load(Compilation compilation)
    {
        using var stream = new MemoryStream();
        var emitted = compilation.Emit(stream);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics));
        stream.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(stream);
    }

    public static async Task<ImmutableArray<Diagnostic>> Analyze(Compilation compilation) =>
        await compilation.WithAnalyzers([new Analyzers.Rules.MarkedClassAnalyzer()]).GetAnalyzerDiagnosticsAsync();
}
