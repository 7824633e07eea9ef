using System.Collections.Immutable;
using ChannelGen.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;

namespace ChannelGen.CodeFixes;

/// <summary>
/// CG0001: passes the gray image to a view of the network, which changes nothing about it; and, where the program shows that
/// nothing else relies on the network's color form, converts the network. Each also marks the network's class, if asked to.
/// </summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(StackingFix))]
public sealed class StackingFix : CodeFixProvider
{
    // dotnet format applies the fix whose key sorts first.
    internal const string ViewKey = "ChannelGen.AsGrayscale";
    internal const string ViewAndMarkKey = "ChannelGen.AsGrayscaleAndMark";
    internal const string ConvertKey = "ChannelGen.Convert";
    internal const string ConvertAndMarkKey = "ChannelGen.ConvertAndMark";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.Stacked);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => SourceFixAll.Instance;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (
            await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root
            || await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false) is not { } model
        )
        {
            return;
        }

        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SourceChange? view = ViewFinder.Find(root, model, diagnostic, context.CancellationToken);
            SourceChange? conversion = CallConversion.Find(root, model, diagnostic, context.CancellationToken);
            Register(
                view,
                "Pass the grayscale image to a view of the network",
                "Pass the grayscale image to a view of the network",
                ViewKey,
                ViewAndMarkKey
            );
            Register(
                conversion,
                "Pass the grayscale image and convert the network",
                "Pass the grayscale image, convert the network",
                ConvertKey,
                ConvertAndMarkKey
            );

            void Register(SourceChange? change, string title, string start, string key, string keyToMark)
            {
                if (change is null)
                {
                    return;
                }

                SourceFixAll.Offer(context, diagnostic, title, key);
                if (change.Network is { } network)
                {
                    SourceFixAll.Offer(context, diagnostic, $"{start} and mark '{network.Name}' [GrayscaleInput]", keyToMark);
                }
            }
        }
    }
}
