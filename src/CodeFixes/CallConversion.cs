using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// The change of one call: net.forward(stacked) becomes net.ToGrayscale().forward(gray). It exists only where the program
/// computes the same numbers afterwards, as far as the source shows.
/// </summary>
internal static class CallConversion
{
    private const int MaximumDepth = 8;

    public static SourceChange? Find(SyntaxNode root, SemanticModel model, Diagnostic diagnostic, CancellationToken cancellation)
    {
        if (
            Replacement.Of(diagnostic) is not { } replacement
            || TorchSymbols.Of(model.Compilation) is not { ChannelConversions: not null } symbols
            || root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not ExpressionSyntax stacked
            || stacked.Span != diagnostic.Location.SourceSpan
        )
        {
            return null;
        }

        var context = new ValueContext(model, symbols, cancellation);
        if (Of(stacked, replacement, context, out NetworkCall? call) is not { } change || call!.OthersToConvert(context) is not { } others)
        {
            return null;
        }

        // The network is converted in place: a call that was left as it is would no longer run.
        foreach (InvocationExpressionSyntax other in others)
        {
            if (OfOther(other, context) is not { } converted)
            {
                return null;
            }

            change.Add(converted);
        }

        return change;
    }

    /// <summary>The change of a call that was not asked about itself.</summary>
    private static SourceChange? OfOther(InvocationExpressionSyntax call, ValueContext context)
    {
        if (
            call.ArgumentList.Arguments is not [{ Expression: var image }, ..]
            || Stack(image, context, MaximumDepth) is not { } stacked
            || context.Operation(stacked) is not { } operation
        )
        {
            return null;
        }

        if (StackForms.Recognize(operation, context) is not { } form)
        {
            return null;
        }

        TensorFacts facts = TensorInference.Facts(form.Source, context);
        Verdict verdict = StackJudge.Judge(form, facts);
        return verdict.Certainty == Certainty.Sure && Replacement.Of(form, verdict, facts, context) is { } replacement
            ? Of(stacked, replacement, context, out _)
            : null;
    }

    /// <summary>What stacks the image of a call, back through copies of it and a variable.</summary>
    private static ExpressionSyntax? Stack(ExpressionSyntax image, ValueContext context, int depth) =>
        depth == 0
            ? null
            : image.Bare() switch
            {
                InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } moved
                    when TorchApi.MayBe(member.Name.Identifier.ValueText, Effect.Moves)
                        && context.Symbols.IsTensor(context.Model.GetTypeInfo(member.Expression, context.Cancellation).Type) => Stack(
                    member.Expression,
                    context,
                    depth - 1
                ),
                IdentifierNameSyntax name
                    when context.Model.GetSymbolInfo(name, context.Cancellation).Symbol is ILocalSymbol local
                        && context.Definition(local, name).Value is { } value => Stack(value, context, depth - 1),
                InvocationExpressionSyntax or BinaryExpressionSyntax => image.Bare(),
                _ => null,
            };

    private static SourceChange? Of(ExpressionSyntax stacked, Replacement replacement, ValueContext context, out NetworkCall? call)
    {
        call = null;

        // What a view cannot take the place of, a conversion cannot either.
        if (replacement.IsGuarded || replacement.Copies != 3 || ViewFinder.Find(stacked, replacement, context) is null)
        {
            return null;
        }

        if (
            stacked
                .SyntaxTree.GetRoot(context.Cancellation)
                .FindNode(
                    new Microsoft.CodeAnalysis.Text.TextSpan(replacement.SourceStart, replacement.SourceLength),
                    getInnermostNodeForTie: true
                )
                is not ExpressionSyntax source
            || stacked.DescendantNodesAndSelf().Any(static node => node is MemberBindingExpressionSyntax)
        )
        {
            return null;
        }

        ExpressionSyntax gray = Gray(source, replacement, stacked.Parent is MemberAccessExpressionSyntax);
        ExpressionSyntax outermost = Outermost(stacked, context);
        return outermost.Parent switch
        {
            ArgumentSyntax argument => AtArgument(argument, stacked, gray, context, out call),
            EqualsValueClauseSyntax
            {
                Parent: VariableDeclaratorSyntax { Parent.Parent: LocalDeclarationStatementSyntax statement } declarator
            } when statement.Declaration.Variables.Count == 1 => ThroughLocal(
                statement,
                declarator,
                stacked,
                outermost,
                source,
                gray,
                replacement,
                context,
                out call
            ),
            _ => null,
        };
    }

    private static ExpressionSyntax Gray(ExpressionSyntax source, Replacement replacement, bool isReceiver)
    {
        ExpressionSyntax gray = source.WithoutTrivia();
        bool isPrimary =
            gray
            is IdentifierNameSyntax
                or MemberAccessExpressionSyntax
                or InvocationExpressionSyntax
                or ElementAccessExpressionSyntax
                or ParenthesizedExpressionSyntax;
        if (!isPrimary && (isReceiver || replacement.Unsqueeze is not null))
        {
            gray = SyntaxFactory.ParenthesizedExpression(gray);
        }

        return replacement.Unsqueeze is { } dimension ? SyntaxFactory.ParseExpression($"{gray}.unsqueeze({dimension})") : gray;
    }

    /// <summary>The expression with the copies to a device or dtype that are made of it.</summary>
    private static ExpressionSyntax Outermost(ExpressionSyntax expression, ValueContext context)
    {
        while (true)
        {
            switch (expression.Parent)
            {
                case ParenthesizedExpressionSyntax parenthesized:
                    expression = parenthesized;
                    continue;
                case PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } suppressed:
                    expression = suppressed;
                    continue;
                case MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } member
                    when member.Expression == expression
                        && member.Name.Identifier.ValueText
                            is "to"
                                or "cuda"
                                or "cpu"
                                or "contiguous"
                                or "clone"
                                or "detach"
                                or "float"
                                or "half"
                                or "bfloat16"
                                or "double"
                                or "alias"
                        && context.Symbols.IsTensor(context.Model.GetTypeInfo(call, context.Cancellation).Type):
                    expression = call;
                    continue;
                default:
                    return expression;
            }
        }
    }

    private static SourceChange? AtArgument(
        ArgumentSyntax argument,
        ExpressionSyntax stacked,
        ExpressionSyntax gray,
        ValueContext context,
        out NetworkCall? call
    )
    {
        call = NetworkCall.Of(argument, context);
        if (call is null)
        {
            return null;
        }

        return Change(call, stacked, gray, stacked, context);
    }

    private static SourceChange? ThroughLocal(
        LocalDeclarationStatementSyntax statement,
        VariableDeclaratorSyntax declarator,
        ExpressionSyntax stacked,
        ExpressionSyntax outermost,
        ExpressionSyntax source,
        ExpressionSyntax gray,
        Replacement replacement,
        ValueContext context,
        out NetworkCall? call
    )
    {
        call = null;
        if (context.Model.GetDeclaredSymbol(declarator, context.Cancellation) is not ILocalSymbol local)
        {
            return null;
        }

        // Used for nothing else: one reference, which is the image of a call.
        VariableHistory history = context.History(local, declarator);
        if (history.Writes.Count != 1 || history.Mutations.Count > 0 || history.Escapes.Count > 0 || history.Reads.Count != 1)
        {
            return null;
        }

        IdentifierNameSyntax read = history.Reads[0];
        if (
            Outermost(read, context).Parent is not ArgumentSyntax argument
            || (call = NetworkCall.Of(argument, context)) is null
            || VariableHistory.FunctionOf(read) != VariableHistory.FunctionOf(declarator)
        )
        {
            return null;
        }

        bool isVariable = stacked == outermost && source.Bare() is IdentifierNameSyntax && HoldsTheSameAt(source, read, context);
        if (isVariable && replacement.Unsqueeze is null)
        {
            SourceChange inlined = Change(call, read, gray, stacked, context);
            inlined.Remove(statement);
            return inlined;
        }

        // "using var" would dispose the caller's own tensor at the end.
        if (
            source.Bare() is IdentifierNameSyntax
            && replacement.Unsqueeze is null
            && stacked == outermost
            && !statement.UsingKeyword.IsKind(SyntaxKind.None)
        )
        {
            return null;
        }

        return Change(call, stacked, gray, stacked, context);
    }

    private static SourceChange Change(
        NetworkCall call,
        ExpressionSyntax node,
        ExpressionSyntax gray,
        ExpressionSyntax stacked,
        ValueContext context
    )
    {
        var change = new SourceChange { Network = call.MarkableClass(context), NeedsUsing = call.NeedsUsing(context) };
        change.Replace(node, gray);
        call.ConvertReceiver(change, context);
        Unused.Remove(stacked, change, context);
        return change;
    }

    private static bool HoldsTheSameAt(ExpressionSyntax source, SyntaxNode use, ValueContext context) =>
        context.Model.GetSymbolInfo(source.Bare(), context.Cancellation).Symbol is { } variable and (ILocalSymbol or IParameterSymbol)
        && context.History(variable, source).IsUnchanged(source, use);
}
