using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace ChannelGen.CodeFixes;

/// <summary>CG0003: the sum in place of the mean.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MeanKernelFix))]
public sealed class MeanKernelFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.MeanKernel);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (
                root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax member
                } mean
            )
            {
                context.RegisterCodeFix(
                    CodeAction.Create(
                        "Sum the kernels",
                        _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceNode(mean, Sum(mean, member)))),
                        nameof(MeanKernelFix)
                    ),
                    diagnostic
                );
            }
        }
    }

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
