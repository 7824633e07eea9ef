using System.Collections.Immutable;
using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>CG0004: passes the normalization to the conversion, where its numbers are written in the source.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(NormalizedStackFix))]
public sealed class NormalizedStackFix : CodeFixProvider
{
    internal const string Key = nameof(NormalizedStackFix);

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ImmutableArray.Create(DiagnosticIds.NormalizedStack);

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => SourceFixAll.Instance;

    /// <inheritdoc/>
    public override Task RegisterCodeFixesAsync(CodeFixContext context) =>
        SourceFixAll.Register(context, "Pass the grayscale image and convert the network with the normalization", Key, Find);

    internal static SourceChange? Find(SyntaxNode root, SemanticModel model, Diagnostic diagnostic, CancellationToken cancellation) =>
        TorchSymbols.Of(model.Compilation) is { ChannelConversions: not null } symbols
            ? Convert(root, diagnostic, new ValueContext(model, symbols, cancellation))
            : null;

    private static SourceChange? Convert(SyntaxNode root, Diagnostic diagnostic, ValueContext values)
    {
        // net.forward(normalize(stacked)): the normalization is the image, and the stack is what it normalizes.
        if (
            root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not ExpressionSyntax first
            || NormalizedImage.Of(first, values) is not { } image
            || Argument(image.Whole, values) is not var (argument, held)
            || NetworkCall.Of(argument, values) is not { IsGray: false } call
            || !call.MayConvertNormalized(values)
            || StackForms.Recognize(image.Stacked, values) is not { } form
        )
        {
            return null;
        }

        TensorFacts facts = TensorInference.Facts(form.Source, values);
        if (
            Replacement.Of(form, StackJudge.Judge(form, facts), facts, values) is not { Unsqueeze: null, IsGuarded: false }
            || !IsInSight(form.Source, argument, image, values)
        )
        {
            return null;
        }

        var gone = new List<ILocalSymbol>(image.Locals);
        if (held is not null)
        {
            gone.Add(held);
        }

        bool withCollections = ((CSharpParseOptions)root.SyntaxTree.Options).LanguageVersion >= LanguageVersion.CSharp12;
        var change = new SourceChange
        {
            NeedsUsing = values.Model.LookupNamespacesAndTypes(first.SpanStart, name: "ChannelNormalization").IsEmpty,
        };
        change.Replace(argument.Expression, (ExpressionSyntax)form.Source.Syntax);
        call.ConvertReceiver(change, values, $"new GrayscaleOptions {{ Normalization = {image.Normalization(withCollections)} }}");
        foreach (SyntaxNode declaration in Declarations(gone, values))
        {
            change.Remove(declaration);
        }

        return change;
    }

    /// <summary>Where the normalized image goes: into a call, directly or through a variable that is used for nothing else.</summary>
    private static (ArgumentSyntax Argument, ILocalSymbol? Held)? Argument(ExpressionSyntax whole, ValueContext values)
    {
        SyntaxNode outermost = whole;
        while (outermost.Parent is ParenthesizedExpressionSyntax)
        {
            outermost = outermost.Parent;
        }

        switch (outermost.Parent)
        {
            case ArgumentSyntax argument:
                return (argument, null);
            case EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax declarator }
                when values.Model.GetDeclaredSymbol(declarator, values.Cancellation) is ILocalSymbol local
                    && values.History(local, declarator)
                        is { Reads: [{ Parent: ArgumentSyntax only } read], Writes.Count: 1, Mutations.Count: 0, Escapes.Count: 0 }
                    && VariableHistory.FunctionOf(read) == VariableHistory.FunctionOf(declarator):
                return (only, local);
            default:
                return null;
        }
    }

    /// <summary>Whether the gray tensor can be written where the call is, with the same value.</summary>
    private static bool IsInSight(IOperation source, ArgumentSyntax argument, NormalizedImage image, ValueContext values) =>
        argument.Span.Contains(image.Stacked.Syntax.Span)
        || (
            source.Variable() is { } variable
            && values.History(variable, argument).IsUnchanged(source.Syntax, argument)
            && VariableHistory.FunctionOf(source.Syntax) == VariableHistory.FunctionOf(argument)
        );

    /// <summary>The declarations of variables that were read on the way and nowhere else.</summary>
    private static IEnumerable<SyntaxNode> Declarations(IReadOnlyList<ILocalSymbol> locals, ValueContext values)
    {
        foreach (ILocalSymbol local in locals)
        {
            if (
                local.DeclaringSyntaxReferences is [var reference]
                && reference.GetSyntax(values.Cancellation) is VariableDeclaratorSyntax
                {
                    Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax statement }
                } declarator
                && values.History(local, declarator) is { Reads.Count: 1, Mutations.Count: 0, Escapes.Count: 0, Writes.Count: 1 }
            )
            {
                yield return statement;
            }
        }
    }
}
