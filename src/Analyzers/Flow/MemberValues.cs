using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What a field or a property of a file can hold.</summary>
/// <param name="Values">All that the source assigns to it, or the one value that its getter computes.</param>
/// <param name="IsOpen">Others may give it a value, as a caller gives one to a parameter.</param>
/// <param name="IsLost">It is written in a way that is not understood, or where it cannot be seen.</param>
internal sealed record MemberValues(IReadOnlyList<IOperation> Values, bool IsOpen, bool IsLost)
{
    public static readonly MemberValues Unseen = new([], false, true);

    /// <summary>The values of a member that is declared in the file of the context; a member of another file is unseen.</summary>
    public static MemberValues Of(ISymbol member, ValueContext context)
    {
        if (member.OriginalDefinition.DeclaringSyntaxReferences is not [var reference] || reference.SyntaxTree != context.Model.SyntaxTree)
        {
            return Unseen;
        }

        SyntaxNode declaration = reference.GetSyntax(context.Cancellation);
        return declaration switch
        {
            VariableDeclaratorSyntax field => Stored(member, field.Initializer?.Value, ((IFieldSymbol)member).IsReadOnly, context),
            ParameterSyntax => Stored(member, null, isReadOnly: false, context),
            PropertyDeclarationSyntax property => OfProperty((IPropertySymbol)member, property, context),
            _ => Unseen,
        };
    }

    private static MemberValues OfProperty(IPropertySymbol property, PropertyDeclarationSyntax declaration, ValueContext context)
    {
        if (property.IsVirtual || property.IsAbstract || (property.IsOverride && !property.IsSealed))
        {
            return Unseen;
        }

        AccessorDeclarationSyntax? getter = declaration.AccessorList?.Accessors.FirstOrDefault(static accessor =>
            accessor.IsKind(SyntaxKind.GetAccessorDeclaration)
        );
        ExpressionSyntax? computed = declaration.ExpressionBody?.Expression ?? getter?.ExpressionBody?.Expression;
        if (computed is not null)
        {
            return context.Operation(computed) is { } value ? new MemberValues([value], false, false) : Unseen;
        }

        bool isStored =
            getter is { Body: null }
            && declaration.AccessorList!.Accessors.All(static accessor => accessor is { Body: null, ExpressionBody: null });
        return isStored ? Stored(property, declaration.Initializer?.Value, property.SetMethod is null, context) : Unseen;
    }

    private static MemberValues Stored(ISymbol member, ExpressionSyntax? initializer, bool isReadOnly, ValueContext context)
    {
        var values = new List<IOperation>();
        bool isLost = member.ContainingType.DeclaringSyntaxReferences.Length > 1;
        if (initializer is not null)
        {
            Add(initializer);
        }

        foreach (ExpressionSyntax target in MemberWrites.Of(member, context))
        {
            if (
                target.Parent is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } assignment
                && assignment.Left == target
            )
            {
                Add(assignment.Right);
            }
            else
            {
                isLost = true;
            }
        }

        Accessibility setter = (member as IPropertySymbol)?.SetMethod?.DeclaredAccessibility ?? member.DeclaredAccessibility;
        bool isOpen = !isReadOnly && setter != Accessibility.Private;
        return new MemberValues(values, isOpen, isLost || (values.Count == 0 && !isOpen));

        void Add(ExpressionSyntax value)
        {
            if (context.Operation(value) is { } operation)
            {
                values.Add(operation);
            }
            else
            {
                isLost = true;
            }
        }
    }
}
