using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// The elements of an array, a list, a collection expression, a tuple or Enumerable.Repeat, followed through variables that
/// nothing changes in between.
/// </summary>
internal static class Sequences
{
    private const int MaximumDepth = 8;
    private const int MaximumLength = 64;

    /// <summary>The elements; null if they are not known.</summary>
    public static IReadOnlyList<IOperation>? Elements(IOperation? operation, ValueContext context)
    {
        var elements = new List<IOperation>();
        return operation is not null && Add(operation, elements, context, MaximumDepth) && elements.Count <= MaximumLength
            ? elements
            : null;
    }

    private static bool Add(IOperation operation, List<IOperation> elements, ValueContext context, int depth)
    {
        if (depth == 0 || elements.Count > MaximumLength)
        {
            return false;
        }

        operation = Unwrap(operation);
        if (operation.Syntax is CollectionExpressionSyntax collection)
        {
            return AddCollection(collection, elements, context, depth);
        }

        switch (operation)
        {
            case IArrayCreationOperation { Initializer: { } initializer }:
                elements.AddRange(initializer.ElementValues);
                return true;
            case IArrayInitializerOperation initializer:
                elements.AddRange(initializer.ElementValues);
                return true;
            case ITupleOperation tuple:
                elements.AddRange(tuple.Elements);
                return true;
            case IObjectCreationOperation creation:
                return AddCreation(creation, elements, context, depth);
            case IInvocationOperation invocation:
                return AddInvocation(invocation, elements, context, depth);
            case ILocalReferenceOperation local:
                return AddVariable(local, elements, context, depth);
            case IFieldReferenceOperation { Field.IsReadOnly: true } field when context.FieldValue(field.Field) is { } value:
                return field.Type is IArrayTypeSymbol { ElementType.SpecialType: not SpecialType.None }
                    && Add(value, elements, context, depth - 1);
            default:
                return false;
        }
    }

    /// <summary>Also through the conversions to Span and Size, which copy or view what they are given.</summary>
    private static IOperation Unwrap(IOperation operation)
    {
        operation = operation.Unwrap();
        while (
            operation is IConversionOperation { OperatorMethod: not null } conversion
            && conversion.Type is { Name: "Span" or "ReadOnlySpan" or "Size" or "ReadOnlyMemory" or "Memory" }
        )
        {
            operation = conversion.Operand.Unwrap();
        }

        return operation;
    }

    private static bool AddCollection(CollectionExpressionSyntax collection, List<IOperation> elements, ValueContext context, int depth)
    {
        foreach (CollectionElementSyntax element in collection.Elements)
        {
            switch (element)
            {
                case ExpressionElementSyntax expression when context.Operation(expression.Expression) is { } value:
                    elements.Add(value);
                    break;
                case SpreadElementSyntax spread
                    when context.Operation(spread.Expression) is { } spreadOut && Add(spreadOut, elements, context, depth - 1):
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool AddCreation(IObjectCreationOperation creation, List<IOperation> elements, ValueContext context, int depth)
    {
        if (creation.Type is { Name: "Size" } && creation.Arguments.Length == 1)
        {
            return Add(creation.Arguments[0].Value, elements, context, depth - 1);
        }

        if (!TorchSymbols.IsList(creation.Type))
        {
            return false;
        }

        if (
            creation.Arguments.Length == 1
            && creation.Arguments[0].Parameter?.Name == "collection"
            && !Add(creation.Arguments[0].Value, elements, context, depth - 1)
        )
        {
            return false;
        }

        if (creation.Initializer is not { } initializers)
        {
            return true;
        }

        foreach (IOperation initializer in initializers.Initializers)
        {
            if (initializer is not IInvocationOperation { TargetMethod.Name: "Add", Arguments.Length: 1 } add)
            {
                return false;
            }

            elements.Add(add.Arguments[0].Value);
        }

        return true;
    }

    private static bool AddInvocation(IInvocationOperation invocation, List<IOperation> elements, ValueContext context, int depth)
    {
        IMethodSymbol method = invocation.TargetMethod;
        bool ofEnumerable = TorchSymbols.IsEnumerable(method.ContainingType);
        if (ofEnumerable && method.Name == "Repeat")
        {
            if (
                invocation.Argument("count").Constant(context) is not (>= 0 and <= MaximumLength and { } count)
                || invocation.Argument("element") is not { } element
            )
            {
                return false;
            }

            for (long copy = 0; copy < count; copy++)
            {
                elements.Add(element);
            }

            return true;
        }

        if (ofEnumerable && method.Name == "Concat")
        {
            return invocation.Argument("first") is { } first
                && invocation.Argument("second") is { } second
                && Add(first, elements, context, depth - 1)
                && Add(second, elements, context, depth - 1);
        }

        if (ofEnumerable && method.Name == "Select")
        {
            return AddSelected(invocation, elements);
        }

        bool copies =
            method.Name is "ToArray" or "ToList" or "AsEnumerable" or "AsSpan" or "ToImmutableArray"
            && (
                ofEnumerable
                || TorchSymbols.IsList(method.ContainingType)
                || method.ContainingType is { Name: "MemoryExtensions" or "ImmutableArray" }
            );
        return copies && invocation.Subject() is { } subject && Add(subject, elements, context, depth - 1);
    }

    /// <summary>Enumerable.Range(0, 3).Select(_ => x)</summary>
    private static bool AddSelected(IInvocationOperation select, List<IOperation> elements)
    {
        if (
            select.Argument("source")?.Unwrap() is not IInvocationOperation { TargetMethod: { Name: "Range" } } range
            || !TorchSymbols.IsEnumerable(range.TargetMethod.ContainingType)
            || range.Argument("count").Constant() is not (>= 0 and <= MaximumLength and { } count)
            || select.Argument("selector")?.Unwrap()
                is not IDelegateCreationOperation
                {
                    Target: IAnonymousFunctionOperation { Body.Operations: [IReturnOperation { ReturnedValue: { } element }] } lambda
                }
            || element.Variable() is not { } variable
            || lambda.Symbol.Parameters.Contains(variable, SymbolEqualityComparer.Default)
        )
        {
            return false;
        }

        for (long copy = 0; copy < count; copy++)
        {
            elements.Add(element);
        }

        return true;
    }

    private static bool AddVariable(ILocalReferenceOperation local, List<IOperation> elements, ValueContext context, int depth)
    {
        VariableHistory history = context.History(local.Local, local.Syntax);
        Definition definition = history.At(local.Syntax);

        if (definition is not { Value: { } value, Write: { } write })
        {
            return false;
        }

        // Another name for the same array could change it unseen.
        bool isOnlyName =
            !history.Mutations.Any(mutation => VariableHistory.MayPrecede(mutation, local.Syntax, write.Site))
            && !history.Reads.Any(read => IsOtherName(read) && VariableHistory.MayPrecede(read, local.Syntax, write.Site));
        return isOnlyName
            && (context.Operation(value) ?? context.Operation(value.Parent!)) is { } built
            && Add(built, elements, context, depth - 1)
            && AddLater(history, write, local, elements, context);
    }

    private static bool IsOtherName(IdentifierNameSyntax read) =>
        read.Parent
            is EqualsValueClauseSyntax
                or ReturnStatementSyntax
                or ArrowExpressionClauseSyntax
                or InitializerExpressionSyntax
                or ExpressionElementSyntax
        || (read.Parent is AssignmentExpressionSyntax assignment && assignment.Right == read);

    /// <summary>
    /// What list.Add puts in, statement by statement between the declaration and the use, in the block of the declaration. Any
    /// other use that could change the list ends what is known of it.
    /// </summary>
    private static bool AddLater(
        VariableHistory history,
        Write declaration,
        ILocalReferenceOperation local,
        List<IOperation> elements,
        ValueContext context
    )
    {
        SyntaxNode[] escapes = [.. history.Escapes.Where(escape => VariableHistory.MayPrecede(escape, local.Syntax, declaration.Site))];
        if (escapes.Length == 0)
        {
            return true;
        }

        if (
            !TorchSymbols.IsList(local.Type)
            || !declaration.IsDeclaration
            || declaration.Site.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>() is not { } statement
        )
        {
            return false;
        }

        foreach (SyntaxNode escape in escapes)
        {
            bool isPlainAdd =
                escape is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Add" },
                    Parent: ExpressionStatementSyntax added
                }
                && added.Parent == statement.Parent
                && escape.Span.End <= local.Syntax.SpanStart
                && local
                    .Syntax.Ancestors()
                    .TakeWhile(ancestor => ancestor != statement.Parent)
                    .All(static ancestor =>
                        ancestor
                            is not (
                                ForStatementSyntax
                                or CommonForEachStatementSyntax
                                or WhileStatementSyntax
                                or DoStatementSyntax
                                or AnonymousFunctionExpressionSyntax
                                or LocalFunctionStatementSyntax
                            )
                    );
            if (
                !isPlainAdd
                || context.Operation(escape) is not IInvocationOperation { TargetMethod.Name: "Add", Arguments: [var argument] } add
                || !TorchSymbols.IsList(add.TargetMethod.ContainingType)
            )
            {
                return false;
            }

            elements.Add(argument.Value);
        }

        return true;
    }
}
