using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Fixes all calls of a document, a project or a solution at once: each document's changes are found in its original tree and
/// made together, so that no two of them collide over a using or a local.
/// </summary>
internal sealed class ConversionFixAll : FixAllProvider
{
    public static readonly ConversionFixAll Instance = new();

    private ConversionFixAll()
    {
    }

    public override IEnumerable<FixAllScope> GetSupportedFixAllScopes() => [FixAllScope.Document, FixAllScope.Project, FixAllScope.Solution];

    public override Task<CodeAction?> GetFixAsync(FixAllContext context) =>
        Task.FromResult<CodeAction?>(CodeAction.Create("Pass the grayscale images and convert the networks", cancellation => FixAll(context, cancellation), context.CodeActionEquivalenceKey));

    public static async Task<Solution> ConvertAndMark(Solution solution, DocumentId id, IReadOnlyList<Diagnostic> diagnostics, CancellationToken cancellation)
    {
        Document document = solution.GetDocument(id)!;
        if (await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is not { } root
            || await document.GetSemanticModelAsync(cancellation).ConfigureAwait(false) is not { } model)
        {
            return solution;
        }

        INamedTypeSymbol[] networks = [.. diagnostics
            .Select(diagnostic => CallConversion.Find(root, model, diagnostic, cancellation)?.Network)
            .Where(static network => network is not null)
            .Select(static network => network!)];
        Document converted = await SolutionChange.ConvertCalls(document, diagnostics, cancellation).ConfigureAwait(false);
        solution = converted.Project.Solution;
        foreach (INamedTypeSymbol network in networks)
        {
            solution = await SolutionChange.Mark(solution, network, cancellation).ConfigureAwait(false);
        }

        return solution;
    }

    private static async Task<Solution> FixAll(FixAllContext context, CancellationToken cancellation)
    {
        IEnumerable<Document> documents = context.Scope switch
        {
            FixAllScope.Document => context.Document is null ? [] : [context.Document],
            FixAllScope.Project => context.Project.Documents,
            _ => context.Solution.Projects.SelectMany(static project => project.Documents),
        };

        // Found in the solution as it was. Classes are marked after all calls are converted: the document of one may be among
        // those that are converted.
        Solution solution = context.Solution;
        var found = new List<(Document Document, ImmutableArray<Diagnostic> Diagnostics)>();
        foreach (Document document in documents)
        {
            ImmutableArray<Diagnostic> diagnostics = await context.GetDocumentDiagnosticsAsync(document).ConfigureAwait(false);
            if (!diagnostics.IsEmpty)
            {
                found.Add((document, diagnostics));
                Document converted = await SolutionChange.ConvertCalls(document, diagnostics, cancellation).ConfigureAwait(false);
                if (await converted.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is { } root)
                {
                    solution = solution.WithDocumentSyntaxRoot(document.Id, root);
                }
            }
        }

        if (context.CodeActionEquivalenceKey == StackingFix.ConvertAndMarkKey)
        {
            foreach ((Document document, ImmutableArray<Diagnostic> diagnostics) in found)
            {
                solution = await MarkAll(document, diagnostics, solution, cancellation).ConfigureAwait(false);
            }
        }

        return solution;
    }

    private static async Task<Solution> MarkAll(Document document, ImmutableArray<Diagnostic> diagnostics, Solution solution, CancellationToken cancellation)
    {
        SyntaxNode? root = await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false);
        SemanticModel? model = await document.GetSemanticModelAsync(cancellation).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in diagnostics)
        {
            if (CallConversion.Find(root!, model!, diagnostic, cancellation)?.Network is { } network)
            {
                solution = await SolutionChange.Mark(solution, network, cancellation).ConfigureAwait(false);
            }
        }

        return solution;
    }
}
