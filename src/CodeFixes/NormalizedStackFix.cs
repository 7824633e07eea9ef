using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Stacking;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>CG0004: passes the normalization to the conversion, where its numbers are written in the source.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(NormalizedStackFix))]
public sealed class NormalizedStackFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.NormalizedStack);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not CompilationUnitSyntax root
            || await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false) is not { } model
            || TorchSymbols.Of(model.Compilation) is not { ChannelConversions: not null } symbols)
        {
            return;
        }

        var values = new ValueContext(model, symbols, context.CancellationToken);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (Convert(root, diagnostic, values) is { } converted)
            {
                context.RegisterCodeFix(
                    CodeAction.Create(
                        "Pass the grayscale image and convert the network with the normalization",
                        _ => Task.FromResult(context.Document.WithSyntaxRoot(converted)),
                        nameof(NormalizedStackFix)),
                    diagnostic);
            }
        }
    }

    private static CompilationUnitSyntax? Convert(CompilationUnitSyntax root, Diagnostic diagnostic, ValueContext values)
    {
        // net.forward(normalize(stacked)): the normalization is the image, and the stack is what it normalizes.
        if (root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not InvocationExpressionSyntax normalization
            || normalization.Parent is not ArgumentSyntax argument
            || values.Operation(normalization) is not IInvocationOperation operation
            || Stacked(operation, values) is not { } stacked
            || NetworkCall.Of(argument, values) is not { IsGray: false } call
            || !call.MayConvertNormalized(values))
        {
            return null;
        }

        IInvocationOperation numbers = operation.TargetMethod.Name == "normalize" ? operation : Layers.Creation(operation.Instance!, values)!;
        if (Numbers(numbers.Argument("means"), values) is not { } means || Numbers(numbers.Argument("stdevs"), values) is not { } deviations)
        {
            return null;
        }

        StackForm? form = StackForms.Recognize(stacked, ImmutableArray.Create(3L), values);
        if (form is null)
        {
            return null;
        }

        TensorFacts facts = TensorInference.Facts(form.Source, values);
        if (Replacement.Of(form, StackJudge.Judge(form, facts), facts, values) is not { Unsqueeze: null })
        {
            return null;
        }

        var replacements = new Dictionary<SyntaxNode, SyntaxNode> { [normalization] = ((ExpressionSyntax)form.Source.Syntax).WithoutTrivia().WithTriviaFrom(normalization) };
        call.ConvertReceiver(replacements, values, $"new GrayscaleOptions {{ Normalization = new ChannelNormalization([{means}], [{deviations}]) }}");
        CompilationUnitSyntax converted = root.ReplaceNodes(replacements.Keys, (original, _) => replacements[original]);
        bool inSight = !values.Model.LookupNamespacesAndTypes(normalization.SpanStart, name: "ChannelNormalization").IsEmpty;
        return inSight ? converted : Usings.AddChannelGen(converted);
    }

    private static IInvocationOperation? Stacked(IInvocationOperation normalization, ValueContext values)
    {
        IOperation? input = normalization.TargetMethod.Name == "normalize" ? normalization.Argument("input") : normalization.Arguments.FirstOrDefault()?.Value;
        return input?.Unwrap() is IInvocationOperation stacked && StackDetector.IsStack(stacked, values) ? stacked : null;
    }

    private static string? Numbers(IOperation? list, ValueContext values)
    {
        if (Sequences.Elements(list, values) is not { } numbers || numbers.Any(static number => number.Unwrap().ConstantValue is not { HasValue: true }))
        {
            return null;
        }

        return string.Join(", ", numbers.Select(static number => number.Unwrap().Syntax.WithoutTrivia().ToString()));
    }
}
