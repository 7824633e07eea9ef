using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Generator;

/// <summary>
/// Emits GrayscaleX and ToGrayscale(), or ColorX and ToColor(), for every class marked [GrayscaleInput]. Says nothing about
/// what it cannot do: the analyzer does.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class WrapperGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<WrapperModel> classes = context
            .SyntaxProvider.ForAttributeWithMetadataName(
                MarkedClassParser.AttributeName,
                static (node, _) => node is ClassDeclarationSyntax,
                static (marked, cancellation) => OfClass(marked, cancellation)
            )
            .WithTrackingName(TrackingNames.Classes)
            .Where(static model => model is not null)
            .Select(static (model, _) => model!)
            .WithTrackingName(TrackingNames.ClassModels);

        IncrementalValuesProvider<WrapperModel> assemblies = context
            .SyntaxProvider.ForAttributeWithMetadataName(
                MarkedClassParser.AttributeName,
                static (node, _) => node is CompilationUnitSyntax,
                static (marked, cancellation) => OfAssembly(marked, cancellation)
            )
            .WithTrackingName(TrackingNames.Assemblies)
            .SelectMany(static (models, _) => models)
            .WithTrackingName(TrackingNames.AssemblyModels);

        context.RegisterSourceOutput(classes, static (output, model) => output.AddSource(model.HintName, WrapperEmitter.Emit(model)));
        context.RegisterSourceOutput(assemblies, static (output, model) => output.AddSource(model.HintName, WrapperEmitter.Emit(model)));
    }

    private static WrapperModel? OfClass(GeneratorAttributeSyntaxContext marked, CancellationToken cancellation)
    {
        var type = (INamedTypeSymbol)marked.TargetSymbol;
        Compilation compilation = marked.SemanticModel.Compilation;
        AttributeData attribute = marked.Attributes[0];

        // A partial class that is marked in several places is generated for the first.
        AttributeData first = type.GetAttributes()
            .First(own => SymbolEqualityComparer.Default.Equals(own.AttributeClass, attribute.AttributeClass));
        return
            first.ApplicationSyntaxReference?.Span == attribute.ApplicationSyntaxReference?.Span
            && first.ApplicationSyntaxReference?.SyntaxTree == attribute.ApplicationSyntaxReference?.SyntaxTree
            && TorchSymbols.Of(compilation) is { } symbols
            ? MarkedClassParser.Parse(type, attribute, compilation, symbols, cancellation).Model
            : null;
    }

    private static EquatableArray<WrapperModel> OfAssembly(GeneratorAttributeSyntaxContext marked, CancellationToken cancellation)
    {
        Compilation compilation = marked.SemanticModel.Compilation;
        TorchSymbols? symbols = TorchSymbols.Of(compilation);
        return new EquatableArray<WrapperModel>(
            symbols is null
                ? []
                : marked
                    .Attributes.Select(attribute => MarkedClassParser.ParseAssembly(attribute, compilation, symbols, cancellation).Model)
                    .Where(static model => model is not null)
                    .Select(static model => model!)
        );
    }
}
