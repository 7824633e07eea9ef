using ChannelGen.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Whether an expression only looks at values, so that nothing is lost if it is no longer evaluated, or evaluated later.</summary>
internal static class PureCondition
{
    public static bool Is(ExpressionSyntax condition, ValueContext context) =>
        condition
            .DescendantNodesAndSelf()
            .All(node =>
                node switch
                {
                    AssignmentExpressionSyntax
                    or AwaitExpressionSyntax
                    or BaseObjectCreationExpressionSyntax
                    or ThrowExpressionSyntax
                    or AnonymousFunctionExpressionSyntax => false,
                    PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax => node.Kind()
                        is not (
                            SyntaxKind.PreIncrementExpression
                            or SyntaxKind.PreDecrementExpression
                            or SyntaxKind.PostIncrementExpression
                            or SyntaxKind.PostDecrementExpression
                        ),
                    InvocationExpressionSyntax call => context.Model.GetSymbolInfo(call, context.Cancellation).Symbol
                        is IMethodSymbol method
                        && context.Symbols.IsTensor(method.ContainingType)
                        && method.Name is "size" or "dim" or "numel" or "is_floating_point",
                    DeclarationPatternSyntax or VarPatternSyntax => false,
                    _ => true,
                }
            );
}
