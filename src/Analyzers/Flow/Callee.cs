using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Flow;

/// <summary>A method of the program, or a local function, whose body is known to be the one that a call runs.</summary>
/// <param name="Method">Its symbol.</param>
/// <param name="Body">Its declaration.</param>
/// <param name="Returns">The values that it returns.</param>
/// <param name="Context">Where they are to be followed.</param>
internal sealed record Callee(IMethodSymbol Method, SyntaxNode Body, IReadOnlyList<IOperation> Returns, ValueContext Context)
{
    /// <summary>
    /// Null where the body is another project's or metadata, may be overridden, or runs otherwise than from its call to a return.
    /// </summary>
    public static Callee? Of(IMethodSymbol method, ValueContext caller)
    {
        method = (method.ReducedFrom ?? method).OriginalDefinition;
        if (
            method.IsVirtual
            || method.IsAbstract
            || (method.IsOverride && !method.IsSealed)
            || method.IsAsync
            || method.IsExtern
            || method.MethodKind is not (MethodKind.Ordinary or MethodKind.LocalFunction)
            || method.DeclaringSyntaxReferences is not [var reference]
            || caller.In(reference.SyntaxTree) is not { } context
        )
        {
            return null;
        }

        SyntaxNode declaration = reference.GetSyntax(caller.Cancellation);
        (SyntaxNode? body, ExpressionSyntax? expression) = declaration switch
        {
            MethodDeclarationSyntax written => ((SyntaxNode?)written.Body, written.ExpressionBody?.Expression),
            LocalFunctionStatementSyntax written => (written.Body, written.ExpressionBody?.Expression),
            _ => (null, null),
        };
        var returns = new List<IOperation>();
        if (expression is not null)
        {
            return method.ReturnsVoid ? new Callee(method, declaration, [], context)
                : context.Operation(expression) is { } value ? new Callee(method, declaration, [value], context)
                : null;
        }

        foreach (
            SyntaxNode node in body?.DescendantNodes(static node => node is not (ExpressionSyntax or LocalFunctionStatementSyntax)) ?? []
        )
        {
            if (node is YieldStatementSyntax)
            {
                return null;
            }

            if (node is ReturnStatementSyntax { Expression: { } returned })
            {
                if (context.Operation(returned) is not { } value)
                {
                    return null;
                }

                returns.Add(value);
            }
        }

        return body is null ? null : new Callee(method, declaration, returns, context);
    }
}
