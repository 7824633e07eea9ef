using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Stacks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Fixes all calls of a document, a project or a solution at once: each document's changes are found in its original tree and
/// made together, so that no two of them collide over a using or a local. There is always an action, also where there is
/// nothing that it could change: dotnet format takes none to be an error.
/// </summary>
internal sealed class SourceFixAll : FixAllProvider
{
    public static readonly SourceFixAll Instance = new();

    private SourceFixAll() { }

    public override IEnumerable<FixAllScope> GetSupportedFixAllScopes() =>
        [FixAllScope.Document, FixAllScope.Project, FixAllScope.Solution];

    public override Task<CodeAction?> GetFixAsync(FixAllContext context) =>
        Task.FromResult<CodeAction?>(
            CodeAction.Create("Pass the grayscale images", cancellation => FixAll(context, cancellation), context.CodeActionEquivalenceKey)
        );

    /// <summary>Offers a fix for each diagnostic for which it finds a change.</summary>
    public static async Task Register(
        CodeFixContext context,
        string title,
        string key,
        Func<SyntaxNode, SemanticModel, Diagnostic, CancellationToken, SourceChange?> find
    )
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
            if (find(root, model, diagnostic, context.CancellationToken) is not null)
            {
                Offer(context, diagnostic, title, key);
            }
        }
    }

    /// <summary>Offers one fix.</summary>
    public static void Offer(CodeFixContext context, Diagnostic diagnostic, string title, string key) =>
        context.RegisterCodeFix(
            CodeAction.Create(
                title,
                cancellation =>
                    Apply(context.Document.Project.Solution, context.Document.Id, ImmutableArray.Create(diagnostic), key, cancellation),
                key
            ),
            diagnostic
        );

    /// <summary>Makes the changes of some diagnostics of a document, as the fix of that key does.</summary>
    private static async Task<Solution> Apply(
        Solution solution,
        DocumentId id,
        ImmutableArray<Diagnostic> diagnostics,
        string? key,
        CancellationToken cancellation
    )
    {
        Document document = solution.GetDocument(id)!;
        return await Mark(
                await Change(solution, document, diagnostics, key, cancellation).ConfigureAwait(false),
                document,
                diagnostics,
                key,
                cancellation
            )
            .ConfigureAwait(false);
    }

    private static async Task<Solution> FixAll(FixAllContext context, CancellationToken cancellation)
    {
        IEnumerable<Document> documents = context.Scope switch
        {
            FixAllScope.Document => context.Document is null ? [] : [context.Document],
            FixAllScope.Project => context.Project.Documents,
            _ => context.Solution.Projects.SelectMany(static project => project.Documents),
        };

        // Found in the solution as it was. Classes are marked after all calls are changed: the document of one may be among
        // those that are changed.
        Solution solution = context.Solution;
        var found = new List<(Document Document, ImmutableArray<Diagnostic> Diagnostics)>();
        foreach (Document document in documents)
        {
            ImmutableArray<Diagnostic> diagnostics = await context.GetDocumentDiagnosticsAsync(document).ConfigureAwait(false);
            if (!diagnostics.IsEmpty)
            {
                found.Add((document, diagnostics));
                solution = await Change(solution, document, diagnostics, context.CodeActionEquivalenceKey, cancellation)
                    .ConfigureAwait(false);
            }
        }

        foreach ((Document document, ImmutableArray<Diagnostic> diagnostics) in found)
        {
            solution = await Mark(solution, document, diagnostics, context.CodeActionEquivalenceKey, cancellation).ConfigureAwait(false);
        }

        return solution;
    }

    private static async Task<Solution> Change(
        Solution solution,
        Document document,
        ImmutableArray<Diagnostic> diagnostics,
        string? key,
        CancellationToken cancellation
    )
    {
        SourceChange[] changes = await Find(document, diagnostics, key, cancellation).ConfigureAwait(false);
        if (changes.Length == 0 || await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is not CompilationUnitSyntax root)
        {
            return solution;
        }

        var all = new SourceChange();
        foreach (SourceChange change in changes)
        {
            all.Add(change);
        }

        return solution.WithDocumentSyntaxRoot(document.Id, SolutionChange.Apply(root, all));
    }

    private static async Task<Solution> Mark(
        Solution solution,
        Document document,
        ImmutableArray<Diagnostic> diagnostics,
        string? key,
        CancellationToken cancellation
    )
    {
        if (key is StackingFix.ViewAndMarkKey or StackingFix.ConvertAndMarkKey)
        {
            foreach (SourceChange change in await Find(document, diagnostics, key, cancellation).ConfigureAwait(false))
            {
                if (change.Network is { } network)
                {
                    solution = await SolutionChange.Mark(solution, network, cancellation).ConfigureAwait(false);
                }
            }
        }

        return solution;
    }

    private static async Task<SourceChange[]> Find(
        Document document,
        ImmutableArray<Diagnostic> diagnostics,
        string? key,
        CancellationToken cancellation
    )
    {
        if (
            await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is not { } root
            || await document.GetSemanticModelAsync(cancellation).ConfigureAwait(false) is not { } model
        )
        {
            return [];
        }

        return
        [
            .. diagnostics
                .OrderBy(static diagnostic => diagnostic.Location.SourceSpan.Start)
                .Select(diagnostic => Find(root, model, diagnostic, key, cancellation))
                .Where(static change => change is not null)
                .Select(static change => change!),
        ];
    }

    /// <summary>
    /// The change that a key stands for. Without one, which is what dotnet format has where the first diagnostic that it meets
    /// has no fix, it is the one that is always right.
    /// </summary>
    private static SourceChange? Find(
        SyntaxNode root,
        SemanticModel model,
        Diagnostic diagnostic,
        string? key,
        CancellationToken cancellation
    ) =>
        diagnostic.Id == DiagnosticIds.NormalizedStack ? NormalizedStackFix.Find(root, model, diagnostic, cancellation)
        : diagnostic.Id == DiagnosticIds.ImageChannels ? ImageChannelsFix.Find(root, model, diagnostic, cancellation)
        : key is StackingFix.ConvertKey or StackingFix.ConvertAndMarkKey ? CallConversion.Find(root, model, diagnostic, cancellation)
        : ViewFinder.Find(root, model, diagnostic, cancellation);
}
