using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace ChannelGen.Analyzers.Tests;

/// <summary>Runs an analyzer through the compiler over a program in which {|CG0001:...|} marks what it must report.</summary>
internal static class Verify
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.IO;
        using System.Linq;
        using System.Threading.Tasks;
        using ChannelGen;
        using TorchSharp;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        """;

    /// <summary>A row of a theory: the reason is the row's name.</summary>
    public static Task Row<TAnalyzer>(string reason, string statements)
        where TAnalyzer : DiagnosticAnalyzer, new()
    {
        Assert.NotEmpty(reason);
        return Statements<TAnalyzer>(statements);
    }

    /// <summary>The statements of a method that is given tensors, networks and sizes.</summary>
    public static Task Statements<TAnalyzer>(string statements)
        where TAnalyzer : DiagnosticAnalyzer, new() =>
        Program<TAnalyzer>(
            $$"""
            class Program
            {
                void Run(
                    Tensor x,
                    Tensor y,
                    Tensor image,
                    Tensor mask,
                    Tensor tokens,
                    Module<Tensor, Tensor> net,
                    Conv2d conv,
                    long n,
                    long h,
                    long w
                )
                {
                    {{statements}}
                }
            }
            """
        );

    public static Task Program<TAnalyzer>(
        string source,
        string? editorConfig = null,
        IEnumerable<DiagnosticResult>? expected = null,
        IEnumerable<(string Path, string Text)>? others = null,
        bool isProgram = false,
        LanguageVersion version = LanguageVersion.CSharp12
    )
        where TAnalyzer : DiagnosticAnalyzer, new()
    {
        var test = new Test<TAnalyzer>(version) { TestCode = Usings + source };
        if (isProgram)
        {
            test.TestState.OutputKind = OutputKind.ConsoleApplication;
        }

        if (editorConfig is not null)
        {
            test.TestState.AnalyzerConfigFiles.Add(("/.editorconfig", "root = true\n[*.cs]\n" + editorConfig));
        }

        foreach ((string path, string text) in others ?? [])
        {
            test.TestState.Sources.Add((path, text));
        }

        test.ExpectedDiagnostics.AddRange(expected ?? []);
        return test.RunAsync();
    }

    private sealed class Test<TAnalyzer> : CSharpAnalyzerTest<TAnalyzer, DefaultVerifier>
        where TAnalyzer : DiagnosticAnalyzer, new()
    {
        private readonly LanguageVersion version;

        public Test(LanguageVersion version)
        {
            this.version = version;
            ReferenceAssemblies = References.None;
            TestState.AdditionalReferences.AddRange(References.All);
        }

        protected override ParseOptions CreateParseOptions() => new CSharpParseOptions(version);
    }
}

/// <summary>What programs under test are compiled against: the framework that runs the tests, TorchSharp and our runtime.</summary>
internal static class References
{
    /// <summary>Nothing that would have to be downloaded.</summary>
    public static readonly ReferenceAssemblies None = new("net10.0");

    public static readonly ImmutableArray<MetadataReference> Framework =
    [
        .. Trusted(path => path.Contains("Microsoft.NETCore.App", StringComparison.Ordinal)),
    ];

    public static readonly ImmutableArray<MetadataReference> All =
    [
        .. Framework,
        .. Trusted(path => Path.GetFileName(path) is "TorchSharp.dll" or "TorchVision.dll" or "ChannelGen.Runtime.dll"),
    ];

    private static IEnumerable<MetadataReference> Trusted(Func<string, bool> include) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(include)
            .Select(path => MetadataReference.CreateFromFile(path));
}
