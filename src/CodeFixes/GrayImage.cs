using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>The gray tensor that takes the place of a stacked one, on its way to a network.</summary>
/// <param name="Source">Where it is written.</param>
/// <param name="Variable">The local or parameter that it is, if it is one and no more.</param>
/// <param name="Unsqueeze">The dimension that it lacks.</param>
/// <param name="Copies">How many channels the stack has.</param>
internal sealed record GrayImage(ExpressionSyntax Source, ISymbol? Variable, int? Unsqueeze, long Copies)
{
    /// <summary>Whether disposing it leaves the tensors that it was made of alone.</summary>
    public bool IsNewHandle { get; init; }

    /// <summary>Whether changing the tensors that it was made of leaves it alone.</summary>
    public bool HasOwnStorage { get; init; }

    /// <summary>Whether it has no dimension for the batch yet.</summary>
    public bool IsUnbatched { get; init; }

    /// <summary>Whether it is that variable and nothing was made of it on the way.</summary>
    public bool IsPlain => Variable is not null && Unsqueeze is null;

    public static GrayImage Of(ExpressionSyntax source, Replacement replacement, ValueContext context) =>
        From(source, replacement.Unsqueeze, replacement.Copies, context) with
        {
            IsUnbatched = replacement.IsUnbatched,
        };

    public static GrayImage From(ExpressionSyntax source, int? unsqueeze, long copies, ValueContext context)
    {
        ExpressionSyntax bare = source.Bare();
        ISymbol? symbol = bare is IdentifierNameSyntax ? context.Model.GetSymbolInfo(bare, context.Cancellation).Symbol : null;
        return new GrayImage(source, symbol is ILocalSymbol or IParameterSymbol ? symbol : null, unsqueeze, copies)
        {
            IsNewHandle = unsqueeze is not null || IsMadeHere(bare, context),
            HasOwnStorage =
                bare is BinaryExpressionSyntax
                || (
                    bare is InvocationExpressionSyntax call
                    && IsMadeHere(bare, context)
                    && ImageOperations.Computes(call, context)
                ),
        };
    }

    /// <summary>What is made of it has a handle of its own, and its storage too where it is computed.</summary>
    public GrayImage Changed(bool isComputed) =>
        this with
        {
            Variable = null,
            IsNewHandle = true,
            HasOwnStorage = HasOwnStorage || isComputed,
        };

    /// <summary>The expression, as it stands in the place of another.</summary>
    public ExpressionSyntax Write(ExpressionSyntax source, ExpressionSyntax place)
    {
        bool isPrimary =
            source
            is IdentifierNameSyntax
                or MemberAccessExpressionSyntax
                or InvocationExpressionSyntax
                or ElementAccessExpressionSyntax
                or ParenthesizedExpressionSyntax;
        bool isAlone =
            place.Parent
            is ArgumentSyntax
                or EqualsValueClauseSyntax
                or AssignmentExpressionSyntax
                or ReturnStatementSyntax
                or ArrowExpressionClauseSyntax
                or ParenthesizedExpressionSyntax;
        ExpressionSyntax written = isPrimary || (isAlone && Unsqueeze is null) ? source : SyntaxFactory.ParenthesizedExpression(source);
        return Unsqueeze is { } dimension
            ? Call(written, "unsqueeze", dimension.ToString(System.Globalization.CultureInfo.InvariantCulture))
            : written;
    }

    public static InvocationExpressionSyntax Call(ExpressionSyntax receiver, string method, string arguments = "") =>
        SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, receiver, SyntaxFactory.IdentifierName(method)),
            SyntaxFactory.ParseArgumentList($"({arguments})")
        );

    /// <summary>TorchSharp gives a new tensor for each operation that is not in place.</summary>
    private static bool IsMadeHere(ExpressionSyntax bare, ValueContext context) =>
        bare is BinaryExpressionSyntax
        || (
            bare is InvocationExpressionSyntax call
            && context.Model.GetSymbolInfo(call, context.Cancellation).Symbol is IMethodSymbol method
            && context.Symbols.IsOfTorch(method)
            && !method.Name.EndsWith("_", StringComparison.Ordinal)
            && !context.Symbols.IsModule(method.ContainingType)
            && !method.Name.Contains("DisposeScope")
        );
}
