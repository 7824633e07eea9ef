using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>CG0003: the sum in place of another kernel. What a copied kernel has to be divided by is left to the reader.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(WrongKernelFix))]
public sealed class WrongKernelFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.WrongKernel);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (
                root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is ExpressionSyntax kernel
                && Summed(kernel, diagnostic) is { } sum
            )
            {
                context.RegisterCodeFix(
                    CodeAction.Create(
                        "Sum the kernels",
                        _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceNode(kernel, sum.WithTriviaFrom(kernel)))),
                        nameof(WrongKernelFix)
                    ),
                    diagnostic
                );
            }
        }
    }

    private static ExpressionSyntax? Summed(ExpressionSyntax kernel, Diagnostic diagnostic)
    {
        if (
            kernel is InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "mean" } member
            } mean
        )
        {
            return Sum(mean, member);
        }

        (ExpressionSyntax? sum, ExpressionSyntax? weight) = WrongKernel.Parts(diagnostic, kernel);
        return sum?.Bare() ?? (weight is null ? null : GrayImage.Call(Asserted(weight), "sum", "new long[] { 1 }, keepdim: true"));
    }

    /// <summary>With the ! that may stand behind it.</summary>
    private static ExpressionSyntax Asserted(ExpressionSyntax weight) => weight.Parent as PostfixUnaryExpressionSyntax ?? weight;

    private static InvocationExpressionSyntax Sum(InvocationExpressionSyntax mean, MemberAccessExpressionSyntax member)
    {
        // mean calls its parameter "dimensions", sum "dim".
        ArgumentListSyntax arguments = mean.ArgumentList.ReplaceNodes(
            mean.ArgumentList.Arguments.Where(static argument => argument.NameColon?.Name.Identifier.ValueText == "dimensions")
                .Select(static argument => argument.NameColon!.Name),
            static (name, _) => SyntaxFactory.IdentifierName("dim").WithTriviaFrom(name)
        );
        return mean.WithExpression(member.WithName(SyntaxFactory.IdentifierName("sum").WithTriviaFrom(member.Name)))
            .WithArgumentList(arguments);
    }
}
