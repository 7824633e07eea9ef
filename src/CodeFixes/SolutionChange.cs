using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Applies what a fix does to a file, and marks classes, in a solution.</summary>
internal static class SolutionChange
{
    /// <summary>Makes changes that were all found in the same tree.</summary>
    public static CompilationUnitSyntax Apply(CompilationUnitSyntax root, SourceChange change)
    {
        SyntaxNode[] removals = [.. change.Removals.Where(node => !node.Ancestors().Any(change.IsRemoved))];
        root = root.TrackNodes(change.Kept.Concat(removals).Concat(change.Edits.Keys));
        Dictionary<SyntaxNode, Func<SyntaxNode, SyntaxNode>> edits = change.Edits.ToDictionary(
            edit => (SyntaxNode)root.GetCurrentNode(edit.Key)!,
            static edit => edit.Value
        );
        root = root.ReplaceNodes(edits.Keys, (original, changed) => edits[original](changed));
        foreach (SyntaxNode node in removals)
        {
            if (root.GetCurrentNode(node) is { } current)
            {
                SyntaxTriviaList leading = current.GetLeadingTrivia();
                bool hasComment = leading.Any(static trivia =>
                    !trivia.IsKind(SyntaxKind.WhitespaceTrivia) && !trivia.IsKind(SyntaxKind.EndOfLineTrivia)
                );
                if (hasComment && leading.Last().IsKind(SyntaxKind.WhitespaceTrivia))
                {
                    // The indentation of what goes is not that of what follows.
                    root = root.ReplaceNode(current, current.WithLeadingTrivia(leading.Take(leading.Count - 1)));
                    current = root.GetCurrentNode(node)!;
                }

                if (
                    current is MemberDeclarationSyntax
                    && current.Parent is TypeDeclarationSyntax { Members: [var first, var next, ..] }
                    && first == current
                )
                {
                    // The empty line in front of the next member is not for the first one.
                    root = root.ReplaceNode(
                        next,
                        next.WithLeadingTrivia(
                            next.GetLeadingTrivia().SkipWhile(static trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))
                        )
                    );
                    current = root.GetCurrentNode(node)!;
                }

                SyntaxNode statement = current.Parent is GlobalStatementSyntax global ? global : current;
                root = root.RemoveNode(statement, hasComment ? SyntaxRemoveOptions.KeepLeadingTrivia : SyntaxRemoveOptions.KeepNoTrivia)!;
            }
        }

        return change.NeedsUsing ? Usings.AddChannelGen(root) : root;
    }

    /// <summary>Marks a class with [GrayscaleInput] and makes it, and what it lies in, partial.</summary>
    public static async Task<Solution> Mark(Solution solution, INamedTypeSymbol type, CancellationToken cancellation)
    {
        if (
            type.DeclaringSyntaxReferences.FirstOrDefault() is not { } reference
            || reference.GetSyntax(cancellation) is not ClassDeclarationSyntax declared
        )
        {
            return solution;
        }

        // Where the tree has changed in the meantime, the document is found by its path.
        DocumentId? changed = solution.GetDocumentIdsWithFilePath(reference.SyntaxTree.FilePath).FirstOrDefault();
        Document? document = solution.GetDocument(reference.SyntaxTree) ?? (changed is null ? null : solution.GetDocument(changed));
        return document is null ? solution : await MarkIn(solution, document, PathOf(declared), cancellation).ConfigureAwait(false);
    }

    /// <summary>The namespaces and types around a class, with its own name: what stays the same while the file changes.</summary>
    private static string PathOf(TypeDeclarationSyntax declaration) =>
        string.Join(
            "/",
            declaration
                .AncestorsAndSelf()
                .Select(static ancestor =>
                    ancestor switch
                    {
                        TypeDeclarationSyntax type => $"{type.Identifier.ValueText}`{type.TypeParameterList?.Parameters.Count ?? 0}",
                        BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
                        _ => "",
                    }
                )
        );

    private static async Task<Solution> MarkIn(Solution solution, Document document, string path, CancellationToken cancellation)
    {
        if (
            await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is not CompilationUnitSyntax root
            || Find(root, path) is not { } declaration
            || declaration
                .AttributeLists.SelectMany(static list => list.Attributes)
                .Any(static attribute => attribute.Name.ToString() is "GrayscaleInput" or "GrayscaleInputAttribute")
        )
        {
            return solution;
        }

        root = root.ReplaceNode(declaration, MarkedDeclaration(declaration));
        while (
            Find(root, path)!.Ancestors().OfType<TypeDeclarationSyntax>().FirstOrDefault(static outer => !Partial.Is(outer))
                is { } container
        )
        {
            root = root.ReplaceNode(container, Partial.Make(container));
        }

        return solution.WithDocumentSyntaxRoot(document.Id, Usings.AddChannelGen(root));
    }

    private static ClassDeclarationSyntax? Find(CompilationUnitSyntax root, string path) =>
        root.DescendantNodes().OfType<ClassDeclarationSyntax>().FirstOrDefault(candidate => PathOf(candidate) == path);

    private static ClassDeclarationSyntax MarkedDeclaration(ClassDeclarationSyntax declaration)
    {
        SyntaxTriviaList leading = declaration.GetLeadingTrivia();
        SyntaxTriviaList indentation = SyntaxFactory.TriviaList(
            leading.Reverse().TakeWhile(static trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia)).Reverse()
        );
        string newline = declaration
            .DescendantTrivia()
            .FirstOrDefault(static trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))
            .ToString()
            is { Length: > 0 } found
            ? found
            : "\n";
        AttributeListSyntax mark = SyntaxFactory
            .AttributeList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Attribute(SyntaxFactory.ParseName("GrayscaleInput"))))
            .WithLeadingTrivia(leading)
            .WithTrailingTrivia(SyntaxFactory.EndOfLine(newline));
        declaration = declaration.WithLeadingTrivia(indentation);
        declaration = (ClassDeclarationSyntax)Partial.Make(declaration);
        return declaration.WithAttributeLists(declaration.AttributeLists.Insert(0, mark));
    }
}
