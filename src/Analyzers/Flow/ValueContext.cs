using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Flow;

/// <summary>One place in the source from which values are followed back.</summary>
internal sealed class ValueContext
{
    /// <summary>
    /// What was found out is kept as long as the file's semantic model: the calls of a method ask for the same variables
    /// again and again. Rules run at once, and a history never changes.
    /// </summary>
    private static readonly ConditionalWeakTable<SemanticModel, ConcurrentDictionary<ISymbol, VariableHistory>> Histories = new();

    private ConcurrentDictionary<ISymbol, VariableHistory>? histories;

    public ValueContext(SemanticModel model, TorchSymbols symbols, CancellationToken cancellation)
    {
        Model = model;
        Symbols = symbols;
        Cancellation = cancellation;
    }

    public SemanticModel Model { get; }

    public TorchSymbols Symbols { get; }

    public CancellationToken Cancellation { get; }

    public VariableHistory History(ISymbol variable, SyntaxNode use)
    {
        histories ??= Histories.GetValue(
            Model,
            static _ => new ConcurrentDictionary<ISymbol, VariableHistory>(SymbolEqualityComparer.Default)
        );
        if (!histories.TryGetValue(variable, out VariableHistory? history))
        {
            SyntaxNode member = VariableHistory.MemberOf(use);
            history = VariableHistory.Of(
                variable,
                member,
                VariableUses.Of(variable, member, Model, Cancellation),
                Model,
                Symbols,
                Cancellation
            );
            histories.TryAdd(variable, history);
        }

        return history;
    }

    /// <summary>The write that gives a local or parameter its value at a place.</summary>
    public Definition Definition(ISymbol variable, SyntaxNode use) => History(variable, use).At(use);

    /// <summary>The same in another file of the program; null in one of another project.</summary>
    public ValueContext? In(SyntaxTree tree) =>
        tree == Model.SyntaxTree ? this
        : Model.Compilation.ModelOf(tree) is { } model ? new ValueContext(model, Symbols, Cancellation)
        : null;

    public IOperation? Operation(SyntaxNode syntax) =>
        syntax.SyntaxTree == Model.SyntaxTree ? Model.GetOperation(syntax, Cancellation) : null;

    /// <summary>
    /// What a field that nothing assigns but its initializer, or one assignment in a constructor, holds; null if that is not
    /// in this file.
    /// </summary>
    public IOperation? FieldValue(IFieldSymbol field)
    {
        if (
            field.DeclaringSyntaxReferences.Length != 1
            || field.DeclaringSyntaxReferences[0] is not { } reference
            || reference.SyntaxTree != Model.SyntaxTree
            || reference.GetSyntax(Cancellation) is not VariableDeclaratorSyntax declarator
            || (!field.IsReadOnly && field.DeclaredAccessibility != Accessibility.Private)
        )
        {
            return null;
        }

        ExpressionSyntax? value = declarator.Initializer?.Value;
        if (declarator.FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } type)
        {
            return null;
        }

        foreach (SyntaxNode node in type.DescendantNodes())
        {
            if (
                node is AssignmentExpressionSyntax assignment
                && NameOf(assignment.Left) == field.Name
                && SymbolEqualityComparer.Default.Equals(Model.GetSymbolInfo(assignment.Left, Cancellation).Symbol, field)
            )
            {
                if (value is not null)
                {
                    return null;
                }

                value = assignment.Right;
            }
        }

        return value is null ? null : Operation(value);
    }

    private static string? NameOf(ExpressionSyntax expression) =>
        expression switch
        {
            IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
            MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } member => member.Name.Identifier.ValueText,
            _ => null,
        };
}
