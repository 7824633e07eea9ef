using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Marked;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>CG1001 and CG1002: partial; CG1004, CG1005 and CG1006: the name of a layer that can receive the image.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MarkedClassFix))]
public sealed class MarkedClassFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
        ImmutableArray.Create(
            DiagnosticIds.NotPartial,
            DiagnosticIds.ContainerNotPartial,
            DiagnosticIds.NoSuchLayer,
            DiagnosticIds.NotImageConvolution,
            DiagnosticIds.SeveralStems
        );

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root)
        {
            return;
        }

        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SyntaxNode node = root.FindNode(diagnostic.Location.SourceSpan);
            if (diagnostic.Id is DiagnosticIds.NotPartial or DiagnosticIds.ContainerNotPartial)
            {
                if (
                    node.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().Where(static type => !Partial.Is(type)).ToArray() is
                    { Length: > 0 } types
                )
                {
                    context.RegisterCodeFix(
                        CodeAction.Create(
                            $"Make {string.Join(" and ", types.Select(static type => $"'{type.Identifier.ValueText}'"))} partial",
                            _ =>
                                Task.FromResult(
                                    context.Document.WithSyntaxRoot(
                                        root.ReplaceNodes(types, static (_, rewritten) => Partial.Make(rewritten))
                                    )
                                ),
                            "ChannelGen.MakePartial"
                        ),
                        diagnostic
                    );
                }

                continue;
            }

            if (
                Attribute(node) is { } attribute
                && diagnostic.Properties.TryGetValue(Complaint.LayersKey, out string? layers)
                && layers is { Length: > 0 }
            )
            {
                foreach (string layer in layers.Split('\n'))
                {
                    context.RegisterCodeFix(
                        CodeAction.Create(
                            $"Name the layer '{layer}'",
                            _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceNode(attribute, Naming(attribute, layer)))),
                            "ChannelGen.NameLayer." + layer
                        ),
                        diagnostic
                    );
                }
            }
        }
    }

    private static AttributeSyntax? Attribute(SyntaxNode node) =>
        node.FirstAncestorOrSelf<AttributeSyntax>()
        ?? node.FirstAncestorOrSelf<TypeDeclarationSyntax>()
            ?.AttributeLists.SelectMany(static list => list.Attributes)
            .FirstOrDefault(static attribute =>
                attribute.Name.ToString().Split('.').Last() is "GrayscaleInput" or "GrayscaleInputAttribute"
            );

    private static AttributeSyntax Naming(AttributeSyntax attribute, string layer)
    {
        AttributeArgumentSyntax name = SyntaxFactory.AttributeArgument(
            SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(layer))
        );
        SeparatedSyntaxList<AttributeArgumentSyntax> arguments = attribute.ArgumentList?.Arguments ?? default;
        int old = arguments.IndexOf(static argument => argument.NameEquals is null && argument.Expression is not TypeOfExpressionSyntax);
        int type = arguments.IndexOf(static argument => argument.Expression is TypeOfExpressionSyntax);
        arguments = old >= 0 ? arguments.Replace(arguments[old], name.WithTriviaFrom(arguments[old])) : arguments.Insert(type + 1, name);
        return attribute.WithArgumentList(SyntaxFactory.AttributeArgumentList(arguments));
    }
}
