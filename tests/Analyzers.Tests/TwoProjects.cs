using System.Collections.Immutable;
using ChannelGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Tests;

/// <summary>What the analyzers and the generator make of a program.</summary>
/// <param name="Reports">Each id with the text that it is reported at, in source order.</param>
/// <param name="Generated">The files that are added.</param>
/// <param name="Output">The program with them.</param>
internal sealed record Answers(IReadOnlyList<string> Reports, IReadOnlyList<string> Generated, Compilation Output);

/// <summary>
/// A program whose library is another project of the same solution, as an editor sees it (its source is at hand, in trees of
/// another compilation), or the same library compiled, as the command line sees it.
/// </summary>
internal sealed class TwoProjects(string library, string program, string usings, IEnumerable<MetadataReference> references)
{
    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.CSharp12);

    private static readonly CSharpCompilationOptions Options = new(
        OutputKind.DynamicallyLinkedLibrary,
        nullableContextOptions: NullableContextOptions.Enable
    );

    private readonly ImmutableArray<MetadataReference> references = [.. references];

    /// <summary>The program beside the library's source.</summary>
    public CSharpCompilation FromSource => Program(Library.ToMetadataReference());

    /// <summary>The program beside the compiled library.</summary>
    public CSharpCompilation FromMetadata
    {
        get
        {
            using var stream = new MemoryStream();
            var emitted = Library.Emit(stream);
            Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics) + "\n" + LibraryText);
            return Program(MetadataReference.CreateFromImage(stream.ToArray()));
        }
    }

    /// <summary>The library's classes may be internal.</summary>
    private string LibraryText => usings + "[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Program\")]\n" + library;

    private CSharpCompilation Library =>
        CSharpCompilation.Create("Library", [CSharpSyntaxTree.ParseText(LibraryText, ParseOptions, "Library.cs")], references, Options);

    /// <summary>Runs the generator and the analyzers, none of which may throw.</summary>
    public static async Task<Answers> Run(CSharpCompilation compilation, params DiagnosticAnalyzer[] analyzers)
    {
        GeneratorDriver driver = CSharpGeneratorDriver
            .Create([new WrapperGenerator().AsSourceGenerator()], parseOptions: ParseOptions)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out ImmutableArray<Diagnostic> diagnostics);
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        Assert.Empty(diagnostics);

        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            (exception, _, _) => Assert.Fail(exception.ToString()),
            concurrentAnalysis: false,
            logAnalyzerExecutionTime: false
        );
        ImmutableArray<Diagnostic> reports = await compilation.WithAnalyzers([.. analyzers], options).GetAnalyzerDiagnosticsAsync();
        return new Answers(
            [.. reports.OrderBy(report => report.Location.SourceSpan.Start).Select(Describe)],
            [.. result.GeneratedSources.Select(source => source.SourceText.ToString()).Order(StringComparer.Ordinal)],
            output
        );

        static string Describe(Diagnostic report) =>
            $"{report.Id} {report.Location.SourceTree!.GetText().ToString(report.Location.SourceSpan)}";
    }

    /// <summary>
    /// Takes a program of one file apart. Classes that are neither marked nor hold a marked one go into the library; where
    /// there are none, what each marked class holds does, as its base class. Null if there is nothing to move.
    /// </summary>
    public static TwoProjects? Split(string source, string usings, IEnumerable<MetadataReference> references)
    {
        var root = (CompilationUnitSyntax)CSharpSyntaxTree.ParseText(source, ParseOptions).GetRoot();
        BaseTypeDeclarationSyntax[] others =
        [
            .. root.Members.OfType<BaseTypeDeclarationSyntax>().Where(type => !type.DescendantNodesAndSelf().Any(IsMarked)),
        ];
        ClassDeclarationSyntax[] moved =
            others.Length > 0
                ? []
                : [.. root.DescendantNodes().OfType<ClassDeclarationSyntax>().Where(type => IsMarked(type) && CanMove(type, root))];
        if (others.Length + moved.Length == 0)
        {
            return null;
        }

        CompilationUnitSyntax rest = root.ReplaceNodes(
            moved,
            (type, _) =>
                type.WithBaseList(
                        SyntaxFactory.BaseList(
                            SyntaxFactory.SingletonSeparatedList<BaseTypeSyntax>(
                                SyntaxFactory.SimpleBaseType(SyntaxFactory.ParseTypeName($" global::{BaseName(type)} "))
                            )
                        )
                    )
                    .WithMembers(default)
        );
        rest = rest.WithMembers(SyntaxFactory.List(rest.Members.Where((_, index) => !others.Contains(root.Members[index]))));
        return new TwoProjects(
            string.Concat(others.Select(type => type.ToFullString()).Concat(moved.Select(BaseClass))),
            rest.ToFullString(),
            usings,
            references
        );

        string BaseName(ClassDeclarationSyntax type) => "Base" + Array.IndexOf(moved, type);

        string BaseClass(ClassDeclarationSyntax type)
        {
            string modifier = type.Modifiers.Any(SyntaxKind.AbstractKeyword) ? "abstract " : "";
            string members = string.Concat(type.Members.Select(member => Inheritable(member, BaseName(type))));
            return $"public {modifier}class {BaseName(type)} : {type.BaseList!.Types[0]} {{ {members} }}\n";
        }
    }

    private static bool IsMarked(SyntaxNode node) =>
        node is BaseTypeDeclarationSyntax type
        && type.AttributeLists.Any(list => list.ToString().Contains("GrayscaleInput", StringComparison.Ordinal));

    /// <summary>Whether a class can be another's base as it is, and uses none that stay behind.</summary>
    private static bool CanMove(ClassDeclarationSyntax type, SyntaxNode root) =>
        type.BaseList is { Types: [{ Type: GenericNameSyntax { Identifier.ValueText: "Module" } }] }
        && type.Members.Count > 0
        && type.TypeParameterList is null
        && type.ParameterList is null
        && type.Members.OfType<ConstructorDeclarationSyntax>().All(constructor => constructor.ParameterList.Parameters.Count == 0)
        && type.Parent!.ChildNodes().OfType<BaseTypeDeclarationSyntax>().All(IsMarked)
        && root.DescendantNodes().OfType<ClassDeclarationSyntax>().Count(part => part.Identifier.Text == type.Identifier.Text) == 1;

    private static string Inheritable(MemberDeclarationSyntax member, string name)
    {
        MemberDeclarationSyntax renamed = member is ConstructorDeclarationSyntax constructor
            ? constructor.WithIdentifier(SyntaxFactory.Identifier(name))
            : member;
        return renamed.ToFullString().Replace("private ", "protected ", StringComparison.Ordinal);
    }

    private CSharpCompilation Program(MetadataReference reference) =>
        CSharpCompilation.Create(
            "Program",
            [CSharpSyntaxTree.ParseText(usings + program, ParseOptions, "Program.cs")],
            [.. references, reference],
            Options
        );
}
