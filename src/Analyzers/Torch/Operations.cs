using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Torch;

/// <summary>Small questions that every rule asks of an operation.</summary>
internal static class Operations
{
    /// <summary>
    /// The value itself, without the conversions and parentheses around it; a conversion that a user defined computes
    /// another value and stays.
    /// </summary>
    public static IOperation Unwrap(this IOperation operation)
    {
        while (true)
        {
            switch (operation)
            {
                case IConversionOperation { OperatorMethod: null } conversion:
                    operation = conversion.Operand;
                    break;
                case IParenthesizedOperation parenthesized:
                    operation = parenthesized.Operand;
                    break;
                case IConditionalAccessInstanceOperation instance when Accessed(instance) is { } accessed:
                    operation = accessed;
                    break;
                default:
                    return operation;
            }
        }
    }

    /// <summary>The whole number that an operation is known to be at compile time.</summary>
    public static long? Constant(this IOperation? operation)
    {
        object? value =
            operation is { ConstantValue: { HasValue: true } constant } ? constant.Value
            : operation is IConversionOperation { Operand: { ConstantValue: { HasValue: true } inner } } ? inner.Value
            : null;
        return value switch
        {
            int number => number,
            long number => number,
            short number => number,
            byte number => number,
            sbyte number => number,
            ushort number => number,
            uint number => number,
            _ => null,
        };
    }

    /// <summary>The argument for a parameter, whatever the order in which arguments stand.</summary>
    public static IOperation? Argument(this IInvocationOperation invocation, string parameter)
    {
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            if (argument.Parameter?.Name == parameter)
            {
                return argument.Value;
            }
        }

        return null;
    }

    /// <summary>The value of a constant bool argument; its parameter's default where it is left out.</summary>
    public static bool Flag(this IInvocationOperation invocation, string parameter) =>
        invocation.Argument(parameter)?.Unwrap() is { ConstantValue: { HasValue: true, Value: true } };

    /// <summary>
    /// The tensor that a method works on: the instance, the first argument of an extension method or of a static one.
    /// </summary>
    public static IOperation? Subject(this IInvocationOperation invocation) =>
        invocation.Instance ?? (invocation.Arguments.Length > 0 ? FirstParameterValue(invocation) : null);

    /// <summary>The local or parameter that an operation reads.</summary>
    public static ISymbol? Variable(this IOperation operation) =>
        operation.Unwrap() switch
        {
            ILocalReferenceOperation local => local.Local,
            IParameterReferenceOperation parameter => parameter.Parameter,
            _ => null,
        };

    /// <summary>
    /// The receiver of <c>a?.B()</c>, which stands above its access. Looked for through the syntax, because in the oldest
    /// supported compiler operations inside some expressions have no parent.
    /// </summary>
    private static IOperation? Accessed(IConditionalAccessInstanceOperation instance)
    {
        for (IOperation? parent = instance.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent is IConditionalAccessOperation access && access.Operation.Syntax == instance.Syntax)
            {
                return access.Operation;
            }
        }

        return null;
    }

    private static IOperation? FirstParameterValue(IInvocationOperation invocation)
    {
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            if (argument.Parameter?.Ordinal == 0)
            {
                return argument.Value;
            }
        }

        return null;
    }

    /// <summary>The expression without parentheses, <c>!</c> and casts.</summary>
    public static ExpressionSyntax Bare(this ExpressionSyntax expression)
    {
        while (true)
        {
            switch (expression)
            {
                case ParenthesizedExpressionSyntax parenthesized:
                    expression = parenthesized.Expression;
                    break;
                case PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } suppressed:
                    expression = suppressed.Operand;
                    break;
                case CastExpressionSyntax cast:
                    expression = cast.Expression;
                    break;
                default:
                    return expression;
            }
        }
    }

    /// <summary>
    /// Whether the declaration of a variable calls a method of such a name, and at most others on its result: asked before
    /// the variable is followed, because it costs next to nothing.
    /// </summary>
    public static bool IsMadeBy(this ILocalSymbol local, Func<string, bool> isName, CancellationToken cancellation)
    {
        ExpressionSyntax? value = local.DeclaringSyntaxReferences is [var reference]
            ? (reference.GetSyntax(cancellation) as VariableDeclaratorSyntax)?.Initializer?.Value
            : null;
        while (value?.Bare() is InvocationExpressionSyntax call)
        {
            (string name, value) = call.Expression switch
            {
                IdentifierNameSyntax plain => (plain.Identifier.ValueText, null),
                MemberAccessExpressionSyntax member => (member.Name.Identifier.ValueText, member.Expression),
                _ => ("", (ExpressionSyntax?)null),
            };
            if (isName(name))
            {
                return true;
            }
        }

        return false;
    }
}
