using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using ChannelGen.Analyzers.Rules;
using ChannelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Pages.Tests;

/// <summary>Compiles examples as a project with the package does: usings, generator and analyzers included; and runs them.</summary>
internal static class Compiler
{
    public static readonly CSharpParseOptions Options = new(LanguageVersion.CSharp12);

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    public static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path =>
                path.Contains("Microsoft.NETCore.App", StringComparison.Ordinal)
                || Path.GetFileName(path)
                    is "TorchSharp.dll"
                        or "TorchVision.dll"
                        or "TorchSharp.PyBridge.dll"
                        or "ChannelGen.Runtime.dll"
                        or "ChannelGen.PyBridge.dll"
            )
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly ImmutableArray<DiagnosticAnalyzer> Analyzers =
    [
        .. typeof(TorchAnalyzer)
            .Assembly.GetTypes()
            .Where(type => !type.IsAbstract && typeof(DiagnosticAnalyzer).IsAssignableFrom(type))
            .Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!),
    ];

    /// <summary>The example with what the generator adds, without an error of the compiler.</summary>
    public static Compilation Compile(Example example) => Compile(example.Source(), example.ToString());

    public static Compilation Compile(string source, string name)
    {
        var compilation = CSharpCompilation.Create(
            "Example" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(source, Options, "/Program.cs"), CSharpSyntaxTree.ParseText(ImplicitUsings, Options, "/Usings.cs")],
            References,
            new CSharpCompilationOptions(
                source.Contains("static void Main", StringComparison.Ordinal) || HasStatements(source)
                    ? OutputKind.ConsoleApplication
                    : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        CSharpGeneratorDriver
            .Create([new WrapperGenerator().AsSourceGenerator()], parseOptions: Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
        Diagnostic[] errors = [.. output.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];
        IEnumerable<string> messages = errors.Select(error =>
            $"line {error.Location.GetMappedLineSpan().StartLinePosition.Line + 1}: {error.GetMessage(CultureInfo.InvariantCulture)}"
        );
        Assert.True(errors.Length == 0, $"{name} does not compile:\n{string.Join('\n', messages)}");
        return output;
    }

    /// <summary>What our rules report: the id and the line of the page.</summary>
    public static async Task<string[]> Warnings(Compilation compilation, string editorConfig = "")
    {
        AnalyzerConfigSet set = AnalyzerConfigSet.Create<AnalyzerConfig[]>(
            [AnalyzerConfig.Parse("root = true\n" + editorConfig, "/.editorconfig")]
        );
        var options = new AnalyzerOptions([], new ConfigProvider(set));
        ImmutableArray<Diagnostic> found = await compilation
            .WithAnalyzers(
                Analyzers,
                new CompilationWithAnalyzersOptions(options, null, concurrentAnalysis: false, logAnalyzerExecutionTime: false)
            )
            .GetAnalyzerDiagnosticsAsync();
        return
        [
            .. found
                .Select(diagnostic => $"{diagnostic.Id} in line {diagnostic.Location.GetMappedLineSpan().StartLinePosition.Line + 1}")
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>What the program prints.</summary>
    public static string Run(Compilation compilation)
    {
        using var image = new MemoryStream();
        Assert.True(compilation.Emit(image).Success);
        image.Position = 0;
        MethodInfo? entry = AssemblyLoadContext.Default.LoadFromStream(image).EntryPoint;
        if (entry is null)
        {
            return "";
        }

        TextWriter console = Console.Out;
        CultureInfo culture = CultureInfo.CurrentCulture;
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        try
        {
            Console.SetOut(output);
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            object[] arguments = entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];
            entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        }
        finally
        {
            Console.SetOut(console);
            CultureInfo.CurrentCulture = culture;
        }

        return output.ToString();
    }

    private static bool HasStatements(string source) =>
        SyntaxFactory
            .ParseCompilationUnit(source, options: Options)
            .Members.Any(member => member is Microsoft.CodeAnalysis.CSharp.Syntax.GlobalStatementSyntax);

    private sealed class ConfigProvider(AnalyzerConfigSet set) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions => new Config(ImmutableDictionary<string, string>.Empty);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) =>
            new Config(set.GetOptionsForSourcePath(tree.FilePath).AnalyzerOptions);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Config(ImmutableDictionary<string, string> options) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) =>
            options.TryGetValue(key, out value);
    }
}
