using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// repeat(1, 3, 1, 1) gives a tensor of three dimensions a batch, which the tensor itself would not have. Where a method is
/// given the tensor, or gets it from another, those are asked whether it has three.
/// </summary>
internal static class Ranks
{
    private const int MaximumDepth = 4;
    private const int Wanted = 4;

    public static bool IsOther(ExpressionSyntax source, ValueContext context) => IsOther(source, context, MaximumDepth);

    private static bool IsOther(ExpressionSyntax source, ValueContext context, int depth)
    {
        if (depth == 0 || context.Operation(source) is not { } operation)
        {
            return false;
        }

        operation = operation.Unwrap();
        if (TensorInference.Facts(operation, context).Rank is { } rank)
        {
            return rank != Wanted;
        }

        switch (operation)
        {
            case ILocalReferenceOperation local:
                return context
                    .History(local.Local, local.Syntax)
                    .Writes.Any(write =>
                        write.Value is { } value
                            ? IsOther(value, context, depth - 1)
                            : write.Site is ForEachStatementSyntax loop && IsOtherElement(loop.Expression, context, depth - 1)
                    );
            case IParameterReferenceOperation parameter:
                return IsOtherGiven(parameter.Parameter, context, depth - 1);
            case IInvocationOperation invocation when context.Symbols.IsOfTorch(invocation.TargetMethod):
                return invocation.Instance is { Syntax: ExpressionSyntax instance }
                    && ImageOperations.KeepsRank(invocation.TargetMethod, context.Symbols)
                    && IsOther(instance, context, depth - 1);
            case IInvocationOperation invocation:
                return IsOtherReturned(invocation.TargetMethod, context, depth - 1);
            case IFieldReferenceOperation field:
                return context.FieldValue(field.Field) is { Syntax: ExpressionSyntax value } && IsOther(value, context, depth - 1);
            default:
                return false;
        }
    }

    private static bool IsOtherElement(ExpressionSyntax collection, ValueContext context, int depth) =>
        context.Operation(collection) is { } operation
        && Sequences.Elements(operation, context) is { } elements
        && elements.Any(element => element.Syntax is ExpressionSyntax value && IsOther(value, context, depth));

    private static bool IsOtherReturned(IMethodSymbol method, ValueContext context, int depth)
    {
        foreach (SyntaxReference reference in method.DeclaringSyntaxReferences)
        {
            if (In(reference.SyntaxTree, context) is not { } inside)
            {
                continue;
            }

            SyntaxNode declaration = reference.GetSyntax(context.Cancellation);
            IEnumerable<ExpressionSyntax?> values = declaration
                .DescendantNodes()
                .Select(static node =>
                    node switch
                    {
                        ReturnStatementSyntax returned => returned.Expression,
                        ArrowExpressionClauseSyntax { Parent: BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax } arrow =>
                            arrow.Expression,
                        _ => null,
                    }
                );
            if (values.Any(value => value is not null && IsOther(value, inside, depth)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOtherGiven(IParameterSymbol parameter, ValueContext context, int depth)
    {
        if (parameter.ContainingSymbol is not IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.LocalFunction } method)
        {
            return false;
        }

        foreach (SyntaxTree tree in context.Model.Compilation.SyntaxTrees)
        {
            ValueContext? inside = null;
            foreach (
                SimpleNameSyntax name in tree.GetRoot(context.Cancellation)
                    .DescendantNodes()
                    .OfType<SimpleNameSyntax>()
                    .Where(name => name.Identifier.ValueText == method.Name)
            )
            {
                SyntaxNode? call = name.Parent is MemberAccessExpressionSyntax member && member.Name == name ? member.Parent : name.Parent;
                if (call is not InvocationExpressionSyntax)
                {
                    continue;
                }

                inside ??= In(tree, context);
                if (
                    inside?.Operation(call) is IInvocationOperation invocation
                    && SymbolEqualityComparer.Default.Equals(invocation.TargetMethod.OriginalDefinition, method.OriginalDefinition)
                    && invocation.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == parameter.Ordinal)?.Value.Syntax
                        is ExpressionSyntax given
                    && IsOther(given, inside, depth)
                )
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static ValueContext? In(SyntaxTree tree, ValueContext context) =>
        tree == context.Model.SyntaxTree ? context
        : context.Model.Compilation.ModelOf(tree) is { } model ? new ValueContext(model, context.Symbols, context.Cancellation)
        : null;
}
