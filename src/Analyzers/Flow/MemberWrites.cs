using System.Runtime.CompilerServices;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// Where a file writes to fields and properties, by their names: read once for a file, when a rule first asks for a member, and
/// kept as long as its semantic model.
/// </summary>
internal sealed class MemberWrites
{
    private static readonly ConditionalWeakTable<SemanticModel, MemberWrites> Kept = new();

    private readonly Dictionary<string, List<ExpressionSyntax>> targets = new(StringComparer.Ordinal);

    private MemberWrites(SemanticModel model)
    {
        foreach (SyntaxNode node in model.SyntaxTree.GetRoot().DescendantNodes())
        {
            switch (node)
            {
                case AssignmentExpressionSyntax { Left: TupleExpressionSyntax tuple }:
                    foreach (ArgumentSyntax part in tuple.DescendantNodes().OfType<ArgumentSyntax>())
                    {
                        Add(part.Expression);
                    }

                    break;
                case AssignmentExpressionSyntax assignment:
                    Add(assignment.Left);
                    break;
                case ArgumentSyntax argument when !argument.RefKindKeyword.IsKind(SyntaxKind.None):
                    Add(argument.Expression);
                    break;
                case RefExpressionSyntax reference:
                    Add(reference.Expression);
                    break;
            }
        }
    }

    /// <summary>What is assigned to a member of a name, in the file of the model: the expressions that name it.</summary>
    public static IReadOnlyList<ExpressionSyntax> Of(ISymbol member, ValueContext context)
    {
        MemberWrites all = Kept.GetValue(context.Model, static model => new MemberWrites(model));
        return all.targets.TryGetValue(member.Name, out List<ExpressionSyntax>? named)
            ?
            [
                .. named.Where(target =>
                    SymbolEqualityComparer.Default.Equals(
                        context.Model.GetSymbolInfo(target, context.Cancellation).Symbol?.OriginalDefinition,
                        member.OriginalDefinition
                    )
                ),
            ]
            : [];
    }

    private void Add(ExpressionSyntax target)
    {
        string? name = target.Bare() switch
        {
            IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
            MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
            MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
            _ => null,
        };
        if (name is not null)
        {
            if (!targets.TryGetValue(name, out List<ExpressionSyntax>? named))
            {
                targets[name] = named = [];
            }

            named.Add(target.Bare());
        }
    }
}
