using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>CG0007: passes a gray image to a view of the network that takes color.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(ImageChannelsFix))]
public sealed class ImageChannelsFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.ImageChannels);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => SourceFixAll.Instance;

    /// <inheritdoc/>
    public override Task RegisterCodeFixesAsync(CodeFixContext context) =>
        SourceFixAll.Register(context, "Pass the grayscale image to a view of the network", nameof(ImageChannelsFix), Find);

    internal static SourceChange? Find(SyntaxNode root, SemanticModel model, Diagnostic diagnostic, CancellationToken cancellation)
    {
        if (
            !diagnostic.Properties.ContainsKey(RefusedImage.GrayKey)
            || TorchSymbols.Of(model.Compilation) is not { ChannelViews: not null } symbols
            || root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not ExpressionSyntax gray
            || gray.FirstAncestorOrSelf<ArgumentSyntax>() is not { } argument
            || argument.Expression != gray
        )
        {
            return null;
        }

        var context = new ValueContext(model, symbols, cancellation);
        var change = new SourceChange();
        GrayImage image = GrayImage.From(gray, unsqueeze: null, copies: 3, context);
        return ViewCall.Of(argument, image, context) is { } call && call.AddTo(change, context) ? change : null;
    }
}
