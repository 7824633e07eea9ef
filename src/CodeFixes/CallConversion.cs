using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Stacking;
using ChannelGen.Analyzers.Values;
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
internal sealed class CallConversion
{
    private CallConversion(Dictionary<SyntaxNode, SyntaxNode> replacements, IReadOnlyCollection<SyntaxNode> removals, INamedTypeSymbol? network, bool needsUsing)
    {
        Replacements = replacements;
        Removals = removals;
        Network = network;
        NeedsUsing = needsUsing;
    }

    /// <summary>Nodes of the original tree and what takes their place.</summary>
    public IReadOnlyDictionary<SyntaxNode, SyntaxNode> Replacements { get; }

    /// <summary>Statements that are of no use afterwards.</summary>
    public IReadOnlyCollection<SyntaxNode> Removals { get; }

    /// <summary>The network's class, where it is in the solution and could be marked.</summary>
    public INamedTypeSymbol? Network { get; }

    public bool NeedsUsing { get; }

    public static CallConversion? Find(SyntaxNode root, SemanticModel model, Diagnostic diagnostic, CancellationToken cancellation)
    {
        if (Replacement.Of(diagnostic) is not { } replacement
            || TorchSymbols.Of(model.Compilation) is not { ChannelConversions: not null } symbols
            || root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not ExpressionSyntax stacked
            || root.FindNode(new Microsoft.CodeAnalysis.Text.TextSpan(replacement.SourceStart, replacement.SourceLength), getInnermostNodeForTie: true) is not ExpressionSyntax source
            || stacked.Span != diagnostic.Location.SourceSpan
            || stacked.DescendantNodesAndSelf().Any(static node => node is MemberBindingExpressionSyntax))
        {
            return null;
        }

        var context = new ValueContext(model, symbols, cancellation);
        ExpressionSyntax gray = Gray(source, replacement, stacked.Parent is MemberAccessExpressionSyntax);
        ExpressionSyntax outermost = Outermost(stacked, context);
        return outermost.Parent switch
        {
            ArgumentSyntax argument => AtArgument(argument, stacked, gray, context),
            EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax { Parent.Parent: LocalDeclarationStatementSyntax statement } declarator } when statement.Declaration.Variables.Count == 1
                => ThroughLocal(statement, declarator, stacked, outermost, source, gray, replacement, context),
            _ => null,
        };
    }

    private static ExpressionSyntax Gray(ExpressionSyntax source, Replacement replacement, bool isReceiver)
    {
        ExpressionSyntax gray = source.WithoutTrivia();
        bool isPrimary = gray is IdentifierNameSyntax or MemberAccessExpressionSyntax or InvocationExpressionSyntax or ElementAccessExpressionSyntax or ParenthesizedExpressionSyntax;
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
                    && member.Name.Identifier.ValueText is "to" or "cuda" or "cpu" or "contiguous" or "clone" or "detach" or "float" or "half" or "bfloat16" or "double" or "alias"
                    && context.Symbols.IsTensor(context.Model.GetTypeInfo(call, context.Cancellation).Type):
                    expression = call;
                    continue;
                default:
                    return expression;
            }
        }
    }

    private static CallConversion? AtArgument(ArgumentSyntax argument, ExpressionSyntax stacked, ExpressionSyntax gray, ValueContext context)
    {
        if (NetworkCall.Of(argument, context) is not { } call || !call.MayConvert(context))
        {
            return null;
        }

        var replacements = new Dictionary<SyntaxNode, SyntaxNode> { [stacked] = gray.WithTriviaFrom(stacked) };
        call.ConvertReceiver(replacements, context);
        return new CallConversion(replacements, UnusedAfter([stacked], stacked, context), call.MarkableClass(context), call.NeedsUsing(context));
    }

    private static CallConversion? ThroughLocal(
        LocalDeclarationStatementSyntax statement,
        VariableDeclaratorSyntax declarator,
        ExpressionSyntax stacked,
        ExpressionSyntax outermost,
        ExpressionSyntax source,
        ExpressionSyntax gray,
        Replacement replacement,
        ValueContext context)
    {
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
        if (Outermost(read, context).Parent is not ArgumentSyntax argument
            || NetworkCall.Of(argument, context) is not { } call
            || !call.MayConvert(context)
            || VariableHistory.FunctionOf(read) != VariableHistory.FunctionOf(declarator))
        {
            return null;
        }

        var replacements = new Dictionary<SyntaxNode, SyntaxNode>();
        call.ConvertReceiver(replacements, context);
        bool isVariable = stacked == outermost && source.Bare() is IdentifierNameSyntax && HoldsTheSameAt(source, read, context);
        if (isVariable && replacement.Unsqueeze is null)
        {
            replacements[read] = gray.WithTriviaFrom(read);
            return new CallConversion(replacements, [statement, .. UnusedAfter([stacked], stacked, context)], call.MarkableClass(context), call.NeedsUsing(context));
        }

        // "using var" would dispose the caller's own tensor at the end.
        if (source.Bare() is IdentifierNameSyntax && replacement.Unsqueeze is null && stacked == outermost && !statement.UsingKeyword.IsKind(SyntaxKind.None))
        {
            return null;
        }

        replacements[stacked] = gray.WithTriviaFrom(stacked);
        return new CallConversion(replacements, UnusedAfter([stacked], stacked, context), call.MarkableClass(context), call.NeedsUsing(context));
    }

    private static bool HoldsTheSameAt(ExpressionSyntax source, SyntaxNode use, ValueContext context)
    {
        if (context.Model.GetSymbolInfo(source.Bare(), context.Cancellation).Symbol is not (ILocalSymbol or IParameterSymbol) || context.Model.GetSymbolInfo(source.Bare(), context.Cancellation).Symbol is not { } variable)
        {
            return false;
        }

        VariableHistory history = context.History(variable, source);
        return !VariableHistory.Between(history.Mutations, source, use)
            && !VariableHistory.Between(history.Escapes, source, use)
            && history.At(source) is { IsKnown: true } before
            && history.At(use) is { IsKnown: true } after
            && before.Write == after.Write;
    }

    /// <summary>Local declarations that only what is taken out refers to: the array of the parts, an alias of the tensor.</summary>
    private static IReadOnlyCollection<SyntaxNode> UnusedAfter(List<SyntaxNode> gone, ExpressionSyntax stacked, ValueContext context)
    {
        var removals = new List<SyntaxNode>();
        var open = new Queue<SyntaxNode>([stacked]);
        while (open.Count > 0)
        {
            foreach (IdentifierNameSyntax identifier in open.Dequeue().DescendantNodesAndSelf().OfType<IdentifierNameSyntax>())
            {
                if (context.Model.GetSymbolInfo(identifier, context.Cancellation).Symbol is not ILocalSymbol local
                    || local.DeclaringSyntaxReferences.Length != 1
                    || local.DeclaringSyntaxReferences[0].GetSyntax(context.Cancellation) is not VariableDeclaratorSyntax { Initializer.Value: { } value, Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax declaration } }
                    || removals.Contains(declaration)
                    || !declaration.UsingKeyword.IsKind(SyntaxKind.None)
                    || !OnlyNames(value))
                {
                    continue;
                }

                VariableHistory history = context.History(local, identifier);
                bool isUnused = history.Writes.Count == 1 && history.Mutations.Count == 0 && history.Escapes.Count == 0
                    && history.Reads.All(read => gone.Any(node => node.Span.Contains(read.Span)));

                // The gray tensor itself is still used.
                if (isUnused && !context.Symbols.IsTensor(local.Type))
                {
                    removals.Add(declaration);
                    gone.Add(declaration);
                    open.Enqueue(value);
                }
            }
        }

        return removals;
    }

    /// <summary>Whether an expression does nothing but name values.</summary>
    private static bool OnlyNames(ExpressionSyntax value) => !value.DescendantNodesAndSelf().Any(static node =>
        node is InvocationExpressionSyntax { Expression: not MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Repeat" or "ToArray" or "ToList" } } or AssignmentExpressionSyntax or AwaitExpressionSyntax);
}
