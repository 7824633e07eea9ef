using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// What may be done to a stacked image on its way to a network: each operation gives for the gray image one channel of what it
/// gives for the stacked one.
/// </summary>
internal static class ImageOperations
{
    /// <summary>Whether what a method gives shares nothing with its tensor.</summary>
    public static bool Computes(InvocationExpressionSyntax call, ValueContext context) =>
        Method(call, context) is { } method
        && (
            method.Name == "clone"
            || (
                context.Symbols.Does(method, Effect.Elementwise | Effect.Makes) && !IsMove(method, context.Symbols) && !IsInPlace(method)
            )
        );

    public static bool KeepsRank(IMethodSymbol method, TorchSymbols symbols) =>
        IsMove(method, symbols) || (symbols.Does(method, Effect.Elementwise) && !IsInPlace(method));

    private static bool IsMove(IMethodSymbol method, TorchSymbols symbols) =>
        symbols.EffectOf(method) is var effect && effect.HasFlag(Effect.Moves) && !effect.HasFlag(Effect.IsItself);

    private static bool IsInPlace(IMethodSymbol method) => method.Name.EndsWith("_", StringComparison.Ordinal);

    /// <summary>
    /// The expression that an image becomes next, and whether it is computed anew; null where the image ends up somewhere.
    /// </summary>
    public static (ExpressionSyntax Whole, bool IsComputed)? Next(ExpressionSyntax image, ValueContext context)
    {
        switch (image.Parent)
        {
            case MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } member when member.Expression == image:
                return
                    Method(call, context) is { } method
                    && context.Symbols.IsTensor(method.ContainingType)
                    && OnlyNumbers(call, 0, context)
                    && KeepsRank(method, context.Symbols)
                    ? (call, !IsMove(method, context.Symbols) || method.Name == "clone")
                    : null;
            case BinaryExpressionSyntax
            {
                RawKind: (int)SyntaxKind.AddExpression
                    or (int)SyntaxKind.SubtractExpression
                    or (int)SyntaxKind.MultiplyExpression
                    or (int)SyntaxKind.DivideExpression
            } binary:
                return !IsTensor(binary.Left == image ? binary.Right : binary.Left, context) && IsTensor(binary, context)
                    ? (binary, true)
                    : null;
            case ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } argument:
                return IsFunctionOf(argument, call, context) ? (call, true) : null;
            default:
                return null;
        }
    }

    /// <summary>Whether a call computes a new tensor of the image alone, which is its first argument.</summary>
    private static bool IsFunctionOf(ArgumentSyntax image, InvocationExpressionSyntax call, ValueContext context) =>
        context.Operation(call) is IInvocationOperation { Instance: null } function
        && context.Symbols.IsTensor(function.Type)
        && context.Symbols.Does(function.TargetMethod, Effect.ByChannel | Effect.Elementwise)
        && !IsMove(function.TargetMethod, context.Symbols)
        && !IsInPlace(function.TargetMethod)
        && function.Arguments.Any(candidate => candidate.Syntax == image && candidate.Parameter?.Ordinal == 0)
        && OnlyNumbers(call, 1, context);

    /// <summary>image.unsqueeze(0), which gives an image without a batch one.</summary>
    public static ExpressionSyntax? Batched(ExpressionSyntax image, ValueContext context) =>
        image.Parent is MemberAccessExpressionSyntax
        {
            Name.Identifier.ValueText: "unsqueeze",
            Parent: InvocationExpressionSyntax { ArgumentList.Arguments: [var only] } call
        } member
        && member.Expression == image
        && Method(call, context) is { } method
        && context.Symbols.IsTensor(method.ContainingType)
        && context.Model.GetConstantValue(only.Expression, context.Cancellation) is { HasValue: true, Value: 0 or 0L }
            ? call
            : null;

    /// <summary>image.shape[0], image.device: what is the same of the gray image.</summary>
    public static bool AsksForTheSame(ExpressionSyntax image, bool isUnbatched, ValueContext context)
    {
        if (image.Parent is not MemberAccessExpressionSyntax member || member.Expression != image)
        {
            return false;
        }

        ExpressionSyntax? index = member switch
        {
            { Name.Identifier.ValueText: "device" or "dtype" or "device_type" or "device_index" or "ndim" or "requires_grad" } => null,
            { Name.Identifier.ValueText: "shape", Parent: ElementAccessExpressionSyntax { ArgumentList.Arguments: [var only] } } =>
                only.Expression,
            { Name.Identifier.ValueText: "size", Parent: InvocationExpressionSyntax { ArgumentList.Arguments: [var only] } } =>
                only.Expression,
            _ => image,
        };
        return index is null
            || (
                !isUnbatched
                && context.Model.GetConstantValue(index, context.Cancellation)
                    is { HasValue: true, Value: 0 or 0L or 2 or 2L or 3 or 3L or -1 or -1L or -2 or -2L }
            );
    }

    private static IMethodSymbol? Method(InvocationExpressionSyntax call, ValueContext context) =>
        context.Model.GetSymbolInfo(call, context.Cancellation).Symbol as IMethodSymbol;

    /// <summary>No tensor that could differ between the channels, and nothing that disposes the image.</summary>
    private static bool OnlyNumbers(InvocationExpressionSyntax call, int from, ValueContext context) =>
        context.Operation(call) is IInvocationOperation invocation
        && invocation.Arguments.All(argument =>
            argument.Parameter is { } parameter
            && (
                parameter.Ordinal < from
                || argument.ArgumentKind == ArgumentKind.DefaultValue
                || (
                    parameter.Name != "disposeAfter"
                    && (invocation.TargetMethod.Name is "to" or "type_as" || !context.Symbols.IsTensor(argument.Value.Unwrap().Type))
                )
            )
        );

    private static bool IsTensor(ExpressionSyntax expression, ValueContext context)
    {
        TypeInfo info = context.Model.GetTypeInfo(expression, context.Cancellation);
        return context.Symbols.IsTensor(info.Type) || context.Symbols.IsTensor(info.ConvertedType) || info.Type is null;
    }
}
