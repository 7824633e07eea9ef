using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>
/// What a fix does to one file: nodes of the original tree and what becomes of them, and statements that are of no use
/// afterwards. Changes may lie in each other, so each is told what the inner ones have made of its node.
/// </summary>
internal sealed class SourceChange
{
    private readonly Dictionary<SyntaxNode, Func<SyntaxNode, SyntaxNode>> edits = [];
    private readonly HashSet<SyntaxNode> removals = [];
    private readonly HashSet<SyntaxNode> kept = [];

    public IReadOnlyDictionary<SyntaxNode, Func<SyntaxNode, SyntaxNode>> Edits => edits;

    public IReadOnlyCollection<SyntaxNode> Removals => removals;

    /// <summary>Nodes that go elsewhere, with what the inner changes have made of them.</summary>
    public IReadOnlyCollection<SyntaxNode> Kept => kept;

    /// <summary>The network's class, where it is in the solution and could be marked.</summary>
    public INamedTypeSymbol? Network { get; set; }

    public bool NeedsUsing { get; set; }

    public void Edit(SyntaxNode node, Func<SyntaxNode, SyntaxNode> edit) => edits[node] = edit;

    /// <summary>Puts a part of a node, or something from elsewhere, in its place.</summary>
    public void Replace(ExpressionSyntax node, ExpressionSyntax by, Func<ExpressionSyntax, ExpressionSyntax>? then = null)
    {
        bool isInside = node != by && node.Span.Contains(by.Span);
        if (isInside)
        {
            kept.Add(by);
        }

        Edit(
            node,
            changed =>
            {
                ExpressionSyntax part = (isInside ? changed.GetCurrentNode(by) ?? by : by).WithoutTrivia();
                return (then is null ? part : then(part)).WithTriviaFrom(changed);
            }
        );
    }

    public void Remove(SyntaxNode statement) => removals.Add(statement);

    public bool IsRemoved(SyntaxNode statement) => removals.Contains(statement);

    public void Add(SourceChange other)
    {
        foreach (KeyValuePair<SyntaxNode, Func<SyntaxNode, SyntaxNode>> edit in other.edits)
        {
            edits[edit.Key] = edit.Value;
        }

        removals.UnionWith(other.removals);
        kept.UnionWith(other.kept);
        NeedsUsing |= other.NeedsUsing;
    }
}
