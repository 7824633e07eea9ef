using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Rules;

/// <summary>CG1001 to CG1008: wrong uses of [GrayscaleInput].</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class MarkedClassAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(
            Descriptors.NotPartial,
            Descriptors.ContainerNotPartial,
            Descriptors.NotModule,
            Descriptors.NoSuchLayer,
            Descriptors.NotImageConvolution,
            Descriptors.SeveralStems,
            Descriptors.AssemblyForm,
            Descriptors.NothingGenerated
        );

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        if (symbols.GrayscaleInput is not { } attributeType)
        {
            return;
        }

        context.RegisterSymbolAction(
            symbol =>
            {
                var type = (INamedTypeSymbol)symbol.Symbol;
                foreach (AttributeData attribute in type.GetAttributes())
                {
                    if (
                        SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, attributeType)
                        && MarkedClassParser.Parse(type, attribute, symbol.Compilation, symbols, symbol.CancellationToken).Complaint
                            is { } complaint
                    )
                    {
                        Report(symbol.ReportDiagnostic, complaint, Place(complaint, type, attribute, symbol.CancellationToken));
                    }
                }
            },
            SymbolKind.NamedType
        );
        context.RegisterSyntaxNodeAction(
            node =>
            {
                var list = (AttributeListSyntax)node.Node;
                if (list.Target?.Identifier.ValueText != "assembly")
                {
                    return;
                }

                foreach (AttributeData attribute in node.Compilation.Assembly.GetAttributes())
                {
                    if (
                        SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, attributeType)
                        && attribute.ApplicationSyntaxReference is { } reference
                        && reference.SyntaxTree == list.SyntaxTree
                        && list.Span.Contains(reference.Span)
                        && MarkedClassParser.ParseAssembly(attribute, node.Compilation, symbols, node.CancellationToken).Complaint
                            is { } complaint
                    )
                    {
                        Report(node.ReportDiagnostic, complaint, Location.Create(list.SyntaxTree, reference.Span));
                    }
                }
            },
            SyntaxKind.AttributeList
        );
    }

    private static void Report(Action<Diagnostic> report, Complaint complaint, Location location) =>
        report(
            Diagnostic.Create(
                complaint.Descriptor,
                location,
                ImmutableDictionary<string, string?>.Empty.Add(Complaint.LayersKey, string.Join("\n", complaint.Layers)),
                complaint.Arguments.Cast<object>().ToArray()
            )
        );

    /// <summary>What is wrong with the class shows at its name; what is wrong with the attribute shows there.</summary>
    private static Location Place(Complaint complaint, INamedTypeSymbol type, AttributeData attribute, CancellationToken cancellation)
    {
        bool ofAttribute =
            complaint.Descriptor.Id is DiagnosticIds.NoSuchLayer or DiagnosticIds.NotImageConvolution or DiagnosticIds.AssemblyForm;
        if (attribute.ApplicationSyntaxReference is not { } reference)
        {
            return type.Locations[0];
        }

        SyntaxNode syntax = reference.GetSyntax(cancellation);
        return ofAttribute ? syntax.GetLocation()
            : syntax.FirstAncestorOrSelf<TypeDeclarationSyntax>() is { } declaration ? declaration.Identifier.GetLocation()
            : type.Locations[0];
    }
}
