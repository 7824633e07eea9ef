using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// What a value is, so that two expressions can be seen to be the same one: a variable and the place where it got its value,
/// or a field. Calls have none: what they return twice need not be the same.
/// </summary>
internal readonly record struct ValueIdentity(ISymbol Symbol, ISymbol? Instance, SyntaxNode? Site)
{
    public bool Equals(ValueIdentity other) =>
        SymbolEqualityComparer.Default.Equals(Symbol, other.Symbol)
        && SymbolEqualityComparer.Default.Equals(Instance, other.Instance)
        && Site == other.Site;

    public override int GetHashCode() => SymbolEqualityComparer.Default.GetHashCode(Symbol);
}

internal static class SameValue
{
    private const int MaximumAliases = 16;

    /// <summary>The identity of a value; null if nothing proves that reading it again gives the same.</summary>
    public static ValueIdentity? Of(IOperation operation, ValueContext context) => Of(operation, context, MaximumAliases);

    /// <summary>Whether all are the same value. The first stands for all of them.</summary>
    public static bool AllSame(IReadOnlyList<IOperation> values, ValueContext context)
    {
        // Most lists hold something that can have no identity: seen before any history is asked for.
        if (
            values.Count == 0
            || !values.All(value =>
                Copied(value, context)
                    is ILocalReferenceOperation
                        or IParameterReferenceOperation
                        or IFieldReferenceOperation
                        or IPropertyReferenceOperation
            )
            || Of(values[0], context) is not { } first
        )
        {
            return false;
        }

        for (int index = 1; index < values.Count; index++)
        {
            if (Of(values[index], context) is not { } other || !other.Equals(first))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The tensor whose numbers a copy has that is made in the very expression.</summary>
    public static IOperation Copied(IOperation operation, ValueContext context)
    {
        operation = operation.Unwrap();
        while (
            operation is IInvocationOperation { Instance: { } copied } copy
            && copy.TargetMethod.Name is "clone" or "alias" or "detach" or "contiguous"
            && TorchSymbols.Is(copy.TargetMethod.ContainingType, context.Symbols.Tensor)
        )
        {
            operation = copied.Unwrap();
        }

        return operation;
    }

    private static ValueIdentity? Of(IOperation operation, ValueContext context, int depth)
    {
        operation = Copied(operation, context);
        switch (operation)
        {
            case ILocalReferenceOperation or IParameterReferenceOperation when depth > 0:
                return OfVariable(operation.Variable()!, operation, context, depth);
            case IFieldReferenceOperation field when InstanceOf(field.Instance) is var (known, instance) && known:
                return field.Field.IsReadOnly || field.Field.IsConst
                    ? new ValueIdentity(field.Field, instance, null)
                    : InOneStatement(field.Field, instance, field.Syntax);
            case IPropertyReferenceOperation { Arguments.Length: 0 } property
                when IsAutoProperty(property.Property) && InstanceOf(property.Instance) is var (known, instance) && known:
                return property.Property.IsReadOnly
                    ? new ValueIdentity(property.Property, instance, null)
                    : InOneStatement(property.Property, instance, property.Syntax);
            default:
                return null;
        }
    }

    private static ValueIdentity? OfVariable(ISymbol variable, IOperation use, ValueContext context, int depth)
    {
        VariableHistory history = context.History(variable, use.Syntax);
        Definition definition = history.At(use.Syntax);
        if (!definition.IsKnown)
        {
            return
                StatementOf(use.Syntax) is { } statement
                && !history.Writes.Any(write => statement.Span.Contains(write.Site.Span) && !ComesAfter(write.Site, use.Syntax))
                ? new ValueIdentity(variable, null, statement)
                : null;
        }

        // An alias of another variable is that one, as it was where the alias was made.
        if (
            definition.Value?.Bare() is IdentifierNameSyntax or MemberAccessExpressionSyntax
            && context.Operation(definition.Value) is { } aliased
            && Of(aliased, context, depth - 1) is { } identity
        )
        {
            return identity;
        }

        return new ValueIdentity(variable, null, definition.Write!.Site);
    }

    /// <summary>In x = cat([x, x, x], 1) the value is read before the variable gets its new one.</summary>
    private static bool ComesAfter(SyntaxNode write, SyntaxNode use) =>
        write is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } assignment
        && assignment.Right.Span.Contains(use.Span);

    /// <summary>A field that may be assigned holds one value throughout a statement that does not assign it.</summary>
    private static ValueIdentity? InOneStatement(ISymbol member, ISymbol? instance, SyntaxNode use) =>
        StatementOf(use) is { } statement
        && !statement
            .DescendantNodes()
            .Any(node =>
                node is AssignmentExpressionSyntax assignment
                && !ComesAfter(assignment, use)
                && assignment.Left.ToString().EndsWith(member.Name, StringComparison.Ordinal)
            )
            ? new ValueIdentity(member, instance, statement)
            : null;

    private static (bool Known, ISymbol? Instance) InstanceOf(IOperation? instance) =>
        instance?.Unwrap() switch
        {
            null => (true, null),
            IInstanceReferenceOperation => (true, null),
            ILocalReferenceOperation local => (true, local.Local),
            IParameterReferenceOperation parameter => (true, parameter.Parameter),
            _ => (false, null),
        };

    private static bool IsAutoProperty(IPropertySymbol property) =>
        property
            .ContainingType.GetMembers()
            .Any(member => member is IFieldSymbol field && SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property));

    private static SyntaxNode? StatementOf(SyntaxNode node) =>
        node.FirstAncestorOrSelf<SyntaxNode>(static ancestor =>
            ancestor
                is StatementSyntax
                    and not BlockSyntax
                    or ArrowExpressionClauseSyntax
                    or EqualsValueClauseSyntax { Parent: not VariableDeclaratorSyntax { Parent.Parent: LocalDeclarationStatementSyntax } }
                    or AnonymousFunctionExpressionSyntax { Body: ExpressionSyntax }
        );
}
