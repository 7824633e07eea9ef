using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>
/// What could happen to a gray tensor between the place where it was stacked and the call: a stack is a copy, which does not
/// notice that the tensor is changed or disposed.
/// </summary>
internal static class Interference
{
    private const int MaximumDepth = 4;

    public static bool Any(
        GrayImage image,
        ISymbol held,
        SyntaxNode site,
        IReadOnlyCollection<IdentifierNameSyntax> reads,
        ValueContext context
    )
    {
        if (image.HasOwnStorage)
        {
            return false;
        }

        ISymbol[] roots =
        [
            .. image
                .Source.DescendantNodesAndSelf()
                .OfType<IdentifierNameSyntax>()
                .Select(name => context.Model.GetSymbolInfo(name, context.Cancellation).Symbol)
                .Where(static symbol => symbol is ILocalSymbol or IParameterSymbol or IFieldSymbol or IPropertySymbol)
                .Select(static symbol => symbol!),
        ];
        if (roots.OfType<ILocalSymbol>().Any(root => !reads.All(read => Scopes.IsInScope(root, read, context))))
        {
            return true;
        }

        SyntaxNode function = VariableHistory.FunctionOf(site) ?? VariableHistory.MemberOf(site);
        foreach (SyntaxNode node in function.DescendantNodes())
        {
            if (
                Changed(node, context) is { } changed
                && reads.Any(read =>
                    VariableHistory.MayPrecede(node, read, site)
                    && (
                        node.SpanStart >= site.Span.End
                        || Scopes.ShareLoop(node, read)
                        || VariableHistory.FunctionOf(node) != VariableHistory.FunctionOf(site)
                    )
                )
                && !(ReferenceEquals(changed, site))
                && roots.Any(root => MayBe(changed, root, context, MaximumDepth))
                && !IsHeld(changed, held, context)
            )
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether the gray tensor is changed in place between the call and a backward pass, which reads what the layers were given:
    /// a copy of it would not have noticed.
    /// </summary>
    public static bool BeforeBackward(GrayImage image, SyntaxNode stacked, ValueContext context)
    {
        if (image.Variable is not { } variable)
        {
            return false;
        }

        SyntaxNode function = VariableHistory.FunctionOf(stacked) ?? VariableHistory.MemberOf(stacked);
        return context
            .History(variable, stacked)
            .Mutations.Any(mutation =>
                mutation.SpanStart > stacked.Span.End
                && function
                    .DescendantNodes()
                    .Any(node =>
                        node.SpanStart > mutation.SpanStart
                        && node is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "backward" }
                    )
            );
    }

    /// <summary>The tensor that is changed in place, disposed, or handed to code that could do so.</summary>
    private static ExpressionSyntax? Changed(SyntaxNode node, ValueContext context)
    {
        switch (node)
        {
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } call
                when member.Name.Identifier.ValueText is "Dispose"
                    || (
                        member.Name.Identifier.ValueText.EndsWith("_", StringComparison.Ordinal)
                        && context.Symbols.IsTensor(context.Model.GetTypeInfo(call, context.Cancellation).Type)
                    ):
                return member.Expression;
            case ConditionalAccessExpressionSyntax { WhenNotNull: InvocationExpressionSyntax maybe } access
                when maybe.Expression is MemberBindingExpressionSyntax { Name.Identifier.ValueText: var name }
                    && (name is "Dispose" || name.EndsWith("_", StringComparison.Ordinal)):
                return access.Expression;
            case AssignmentExpressionSyntax { Left: ElementAccessExpressionSyntax element }
                when context.Symbols.IsTensor(context.Model.GetTypeInfo(element.Expression, context.Cancellation).Type):
                return element.Expression;
            case ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax or BaseObjectCreationExpressionSyntax } argument
                when context.Symbols.IsTensor(context.Model.GetTypeInfo(argument.Expression, context.Cancellation).Type)
                    && context.Model.GetSymbolInfo(argument.Parent!.Parent!, context.Cancellation).Symbol is IMethodSymbol method
                    && !context.Symbols.IsOfTorch(method)
                    && !VariableHistory.ReadsOnly(method)
                    && !(method.Name is "forward" or "call" && context.Symbols.IsModule(method.ContainingType)):
                return argument.Expression;
            case UsingStatementSyntax { Expression: { } disposed }:
                return disposed;
            default:
                return null;
        }
    }

    private static bool IsHeld(ExpressionSyntax changed, ISymbol held, ValueContext context) =>
        changed.Bare() is IdentifierNameSyntax name
        && SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(name, context.Cancellation).Symbol, held);

    /// <summary>Whether an expression may be the tensor that a variable holds, or a view of it.</summary>
    private static bool MayBe(ExpressionSyntax expression, ISymbol root, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return true;
        }

        switch (expression.Bare())
        {
            case IdentifierNameSyntax name:
                ISymbol? symbol = context.Model.GetSymbolInfo(name, context.Cancellation).Symbol;
                return SymbolEqualityComparer.Default.Equals(symbol, root)
                    || (
                        symbol is ILocalSymbol or IParameterSymbol
                        && context
                            .History(symbol, name)
                            .Writes.Any(write => write.Value is { } value && MayBe(value, root, context, depth - 1))
                    )
                    || (root is ILocalSymbol && symbol is not null && IsMadeOf(root, symbol, expression, context));
            case MemberAccessExpressionSyntax member:
                return SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(member, context.Cancellation).Symbol, root)
                    || MayBe(member.Expression, root, context, depth);
            case ElementAccessExpressionSyntax element:
                return MayBe(element.Expression, root, context, depth);
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax receiver } call:
                string method = receiver.Name.Identifier.ValueText;
                return !ImageOperations.Computes(call, context)
                    && !(method is "forward" or "call")
                    && (
                        MayBe(receiver.Expression, root, context, depth)
                        || call.ArgumentList.Arguments.Any(argument => MayBe(argument.Expression, root, context, depth - 1))
                    );
            case ConditionalExpressionSyntax choice:
                return MayBe(choice.WhenTrue, root, context, depth) || MayBe(choice.WhenFalse, root, context, depth);
            default:
                return false;
        }
    }

    /// <summary>Whether a variable got its tensor from another.</summary>
    private static bool IsMadeOf(ISymbol variable, ISymbol other, SyntaxNode use, ValueContext context) =>
        !SymbolEqualityComparer.Default.Equals(variable, other)
        && context
            .History(variable, use)
            .Writes.Any(write =>
                write.Value?.Bare() is IdentifierNameSyntax name
                && SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(name, context.Cancellation).Symbol, other)
            );
}
