using System.Collections.Immutable;
using ChannelGen.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>CG0001: converts the network at the call; and, if its class is written here, marks it as well.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(StackingFix))]
public sealed class StackingFix : CodeFixProvider
{
    internal const string ConvertKey = "ChannelGen.Convert";
    internal const string ConvertAndMarkKey = "ChannelGen.ConvertAndMark";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.Stacked);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => ConversionFixAll.Instance;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root
            || await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false) is not { } model)
        {
            return;
        }

        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (CallConversion.Find(root, model, diagnostic, context.CancellationToken) is not { } conversion)
            {
                continue;
            }

            context.RegisterCodeFix(
                CodeAction.Create(
                    "Pass the grayscale image and convert the network",
                    cancellation => SolutionChange.ConvertCalls(context.Document, [diagnostic], cancellation),
                    ConvertKey),
                diagnostic);
            if (conversion.Network is { } network)
            {
                context.RegisterCodeFix(
                    CodeAction.Create(
                        $"Pass the grayscale image, convert the network and mark '{network.Name}' [GrayscaleInput]",
                        cancellation => ConversionFixAll.ConvertAndMark(context.Document.Project.Solution, context.Document.Id, [diagnostic], cancellation),
                        ConvertAndMarkKey),
                    diagnostic);
            }
        }
    }
}
