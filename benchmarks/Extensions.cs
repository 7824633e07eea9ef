using System.Collections.Immutable;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Benchmarks;

/// <summary>The analyzers and generators that are measured.</summary>
internal static class Extensions
{
    public static ImmutableArray<DiagnosticAnalyzer> Ours { get; } =
    [
        new ChannelGen.Analyzers.Rules.StackingAnalyzer(),
        new ChannelGen.Analyzers.Rules.WrongKernelAnalyzer(),
        new ChannelGen.Analyzers.Rules.UsedAfterConversionAnalyzer(),
        new ChannelGen.Analyzers.Rules.ImageChannelsAnalyzer(),
        new ChannelGen.Analyzers.Rules.MarkedClassAnalyzer(),
    ];

    public static ImmutableArray<DiagnosticAnalyzer> Meziantou { get; } =
    [.. Load<DiagnosticAnalyzer>(Newest(Sources.Metadata("Meziantou"), "Meziantou.Analyzer.dll"))];

    public static ISourceGenerator[] Mvvm() =>
        [
            .. Load<IIncrementalGenerator>(Newest(Sources.Metadata("Mvvm"), "CommunityToolkit.Mvvm.SourceGenerators.dll"))
                .Where(generator => generator.GetType().Name == "ObservablePropertyGenerator")
                .Select(generator => generator.AsSourceGenerator()),
        ];

    public static ISourceGenerator[] OurGenerator() => [new ChannelGen.Generator.WrapperGenerator().AsSourceGenerator()];

    private static IEnumerable<T> Load<T>(string path) =>
        AssemblyLoadContext
            .Default.LoadFromAssemblyPath(path)
            .GetTypes()
            .Where(type => !type.IsAbstract && typeof(T).IsAssignableFrom(type) && type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(type => (T)Activator.CreateInstance(type)!);

    /// <summary>Packages carry a build for each of several compilers; the last is that for the newest.</summary>
    private static string Newest(string package, string file) =>
        Directory.GetFiles(package, file, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
}
