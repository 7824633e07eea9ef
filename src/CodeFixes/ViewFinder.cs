using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Follows a stacked tensor to the networks whose image it is, through moves, guards, variables and a helper that only stacks,
/// and says what becomes of the source so that views of them are given the gray tensor. Where the tensor goes anywhere else, or
/// something could happen to the gray one on the way, there is no such change.
/// </summary>
internal sealed class ViewFinder
{
    private readonly ValueContext context;
    private readonly SourceChange change = new();
    private readonly HashSet<SyntaxNode> followed = [];
    private int calls;

    private ViewFinder(ValueContext context) => this.context = context;

    public static SourceChange? Find(SyntaxNode root, SemanticModel model, Diagnostic diagnostic, CancellationToken cancellation) =>
        Replacement.Of(diagnostic) is { } replacement
        && TorchSymbols.Of(model.Compilation) is { ChannelViews: not null } symbols
        && root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is ExpressionSyntax stacked
        && stacked.Span == diagnostic.Location.SourceSpan
            ? Find(stacked, replacement, new ValueContext(model, symbols, cancellation))
            : null;

    public static SourceChange? Find(ExpressionSyntax stacked, Replacement replacement, ValueContext context)
    {
        SyntaxNode root = stacked.SyntaxTree.GetRoot(context.Cancellation);
        if (
            root.FindNode(new TextSpan(replacement.SourceStart, replacement.SourceLength), getInnermostNodeForTie: true)
                is not ExpressionSyntax source
            || stacked.DescendantNodesAndSelf().Any(static node => node is MemberBindingExpressionSyntax)
            || !IsTheSameAt(source, stacked, context)
            || (replacement.TakesAnyRank && Ranks.IsOther(source, context))
        )
        {
            return null;
        }

        var finder = new ViewFinder(context);
        GrayImage image = GrayImage.Of(source, replacement, context);
        if (Interference.BeforeBackward(image, stacked, context))
        {
            return null;
        }

        finder.change.Replace(stacked, source, gray => image.Write(gray, stacked));
        if (!finder.Follow(stacked, image, isWhole: true) || finder.calls == 0)
        {
            return null;
        }

        Unused.Remove(stacked, finder.change, context);
        return finder.change;
    }

    /// <summary>Whether what is written inside a list that was made earlier has the same value where the list is stacked.</summary>
    private static bool IsTheSameAt(ExpressionSyntax source, ExpressionSyntax stacked, ValueContext context) =>
        stacked.Span.Contains(source.Span)
        || context.Model.GetSymbolInfo(source.Bare(), context.Cancellation).Symbol switch
        {
            ILocalSymbol or IParameterSymbol => Holds(source, stacked, context),
            IFieldSymbol field => field.IsReadOnly && source.Bare() is IdentifierNameSyntax,
            _ => false,
        };

    private static bool Holds(ExpressionSyntax source, SyntaxNode use, ValueContext context) =>
        source.Bare() is IdentifierNameSyntax name
        && context.Model.GetSymbolInfo(name, context.Cancellation).Symbol is { } variable and (ILocalSymbol or IParameterSymbol)
        && VariableHistory.FunctionOf(source) == VariableHistory.FunctionOf(use)
        && context.History(variable, source).IsUnchanged(source, use)
        && Scopes.IsInScope(variable, use, context);

    /// <summary>
    /// Follows an expression upwards. <paramref name="isWhole"/>: it is what the gray tensor takes the place of, and nothing
    /// more.
    /// </summary>
    private bool Follow(ExpressionSyntax node, GrayImage image, bool isWhole)
    {
        while (true)
        {
            switch (node.Parent)
            {
                case ParenthesizedExpressionSyntax
                or PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression }:
                    node = (ExpressionSyntax)node.Parent;
                    continue;
                case CastExpressionSyntax cast when context.Symbols.IsTensor(context.Model.GetTypeInfo(cast, context.Cancellation).Type):
                    node = cast;
                    continue;
                case ConditionalExpressionSyntax choice when choice.Condition != node:
                    isWhole &= IsGuard(choice, node, image);
                    if (isWhole)
                    {
                        change.Replace(choice, image.Source);
                        Unused.Remove(choice.Condition, change, context);
                    }

                    image = isWhole ? image : image with { IsNewHandle = false };
                    node = choice;
                    continue;
                case SwitchExpressionArmSyntax { Parent: SwitchExpressionSyntax choice } arm when arm.Expression == node:
                    isWhole &= IsGuard(choice, arm, image);
                    if (isWhole)
                    {
                        change.Replace(choice, image.Source);
                    }

                    image = isWhole ? image : image with { IsNewHandle = false };
                    node = choice;
                    continue;
                case EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax declarator }
                    when declarator.Parent?.Parent is LocalDeclarationStatementSyntax or UsingStatementSyntax:
                    return context.Model.GetDeclaredSymbol(declarator, context.Cancellation)
                            is ILocalSymbol { RefKind: RefKind.None } declared
                        && FollowVariable(declared, declarator, image, isWhole);
                case AssignmentExpressionSyntax { Parent: ExpressionStatementSyntax } assignment
                    when assignment.IsKind(SyntaxKind.SimpleAssignmentExpression) && assignment.Right == node:
                    return Assigned(assignment) is { } assigned && FollowVariable(assigned, assignment, image, isWhole);
                case ReturnStatementSyntax or ArrowExpressionClauseSyntax:
                    return FollowHelper(node, image, isWhole);
                case ArgumentSyntax argument when ViewCall.Of(argument, image, context) is { } call:
                    calls++;
                    change.Network ??= call.MarkableClass(context);
                    return call.AddTo(change, context);
            }

            if (Next(node, image) is not var (next, made))
            {
                return false;
            }

            (node, image, isWhole) = (next, made, false);
        }
    }

    /// <summary>The expression that an image becomes next, and what is known of the gray one in its place.</summary>
    private (ExpressionSyntax Whole, GrayImage Image)? Next(ExpressionSyntax node, GrayImage image) =>
        image.IsUnbatched && ImageOperations.Batched(node, context) is { } batched
            ? (batched, image.Changed(isComputed: false) with { IsUnbatched = false })
        : ImageOperations.Next(node, context) is var (whole, isComputed) ? (whole, image.Changed(isComputed))
        : null;

    /// <summary>The local or parameter that an assignment writes to, if it is no reference.</summary>
    private ISymbol? Assigned(AssignmentExpressionSyntax assignment) =>
        assignment.Left is IdentifierNameSyntax
        && context.Model.GetSymbolInfo(assignment.Left, context.Cancellation).Symbol
            is { } assigned
                and (ILocalSymbol { RefKind: RefKind.None } or IParameterSymbol { RefKind: RefKind.None })
            ? assigned
            : null;

    /// <summary>x.shape[1] == 1 ? stacked : x</summary>
    private bool IsGuard(ConditionalExpressionSyntax choice, ExpressionSyntax stacked, GrayImage image) =>
        IsSameImage(stacked == choice.WhenTrue ? choice.WhenFalse : choice.WhenTrue, image) && PureCondition.Is(choice.Condition, context);

    /// <summary>x.shape[1] switch { 1 => stacked, _ => x }</summary>
    private bool IsGuard(SwitchExpressionSyntax choice, SwitchExpressionArmSyntax stacked, GrayImage image) =>
        PureCondition.Is(choice.GoverningExpression, context)
        && choice.Arms.All(other => other == stacked || IsSameImage(other.Expression, image))
        && choice.Arms.All(static other => other.WhenClause is null)
        && choice.Arms.Any(static other => other.Pattern is DiscardPatternSyntax);

    /// <summary>The other side of a guard: the tensor as it is.</summary>
    private bool IsSameImage(ExpressionSyntax other, GrayImage image) =>
        image.Unsqueeze is null
        && image
            .Source.Bare()
            .DescendantNodesAndSelf()
            .All(static node => node is IdentifierNameSyntax or MemberAccessExpressionSyntax or ThisExpressionSyntax)
        && SyntaxFactory.AreEquivalent(other.Bare(), image.Source.Bare());

    private bool FollowVariable(ISymbol variable, SyntaxNode site, GrayImage image, bool isWhole)
    {
        if (!followed.Add(site))
        {
            return true;
        }

        VariableHistory history = context.History(variable, site);
        if (history.Mutations.Concat(history.Escapes).Any(use => MayReach(variable, history, site, use)))
        {
            return false;
        }

        bool isPlain = isWhole && image.IsPlain;
        if (isPlain && SymbolEqualityComparer.Default.Equals(variable, image.Variable))
        {
            // x = x: nothing is left of the statement.
            if (!Guard.Remove((ExpressionStatementSyntax)site.Parent!, change, context))
            {
                return false;
            }
        }

        IdentifierNameSyntax[] uses = [.. history.Reads.Where(read => MayReach(variable, history, site, read))];
        if (uses.Any(use => site.Span.Contains(use.Span) || VariableHistory.FunctionOf(use) != VariableHistory.FunctionOf(site)))
        {
            return false;
        }

        StatementSyntax[] disposals = [.. uses.Select(Disposal).OfType<StatementSyntax>()];
        IdentifierNameSyntax[] reads =
        [
            .. uses.Where(use => Disposal(use) is null && !ImageOperations.AsksForTheSame(use, image.IsUnbatched, context)),
        ];
        GrayImage held = image with { Variable = variable, Unsqueeze = null, IsNewHandle = false };
        if (!reads.All(read => Follow(read, held, isWhole: false)) || !FollowCompound(variable, history, site, held))
        {
            return false;
        }

        return !Interference.Any(image, variable, site, reads, context)
            && Hold(variable, history, site, image, isPlain, reads, disposals);
    }

    /// <summary>What becomes of a variable that holds the gray tensor from a place on: it may go, or has to hold another handle.</summary>
    private bool Hold(
        ISymbol variable,
        VariableHistory history,
        SyntaxNode site,
        GrayImage image,
        bool isPlain,
        IdentifierNameSyntax[] reads,
        StatementSyntax[] disposals
    )
    {
        SyntaxNode? declaration = site is VariableDeclaratorSyntax ? site.Parent!.Parent : null;
        bool isDisposed =
            disposals.Length > 0
            || declaration is UsingStatementSyntax
            || (declaration is LocalDeclarationStatementSyntax local && !local.UsingKeyword.IsKind(SyntaxKind.None));
        if (SymbolEqualityComparer.Default.Equals(variable, image.Variable))
        {
            // Disposing it would be disposing the gray tensor itself.
            return !isDisposed;
        }

        bool isOnlyName =
            isPlain
            && declaration is LocalDeclarationStatementSyntax { Declaration.Variables.Count: 1 }
            && history.Writes.Count == 1
            && reads.Length + disposals.Length == history.Reads.Count
            && reads.All(read => Holds(image.Source, read, context))
            && disposals.All(static disposal => disposal.Parent is BlockSyntax or GlobalStatementSyntax);
        if (isOnlyName)
        {
            foreach (IdentifierNameSyntax read in reads)
            {
                change.Replace(read, image.Source);
            }

            change.Remove(declaration!);
            Array.ForEach(disposals, change.Remove);
            return true;
        }

        return !isDisposed || image.IsNewHandle || (isPlain && HoldAlias(site, image));
    }

    /// <summary>The statement rgb.Dispose(); of which a name is part.</summary>
    private static StatementSyntax? Disposal(IdentifierNameSyntax use) =>
        use.Parent is MemberAccessExpressionSyntax
        {
            Name.Identifier.ValueText: "Dispose",
            Parent: InvocationExpressionSyntax { Parent: ExpressionStatementSyntax disposal }
        }
            ? disposal
            : null;

    /// <summary>The variable holds another handle of the gray tensor, which can be disposed without it.</summary>
    private bool HoldAlias(SyntaxNode site, GrayImage image)
    {
        ExpressionSyntax value =
            (site as VariableDeclaratorSyntax)?.Initializer?.Value ?? ((AssignmentExpressionSyntax)site).Right;
        change.Replace(value, image.Source, static gray => GrayImage.Call(gray, "alias"));
        return true;
    }

    /// <summary>rgb /= 255; is followed as rgb = rgb / 255; would be.</summary>
    private bool FollowCompound(ISymbol variable, VariableHistory history, SyntaxNode site, GrayImage image)
    {
        foreach (Write write in history.Writes)
        {
            if (
                write.Site == site
                || write.Site is not AssignmentExpressionSyntax { RawKind: not (int)SyntaxKind.SimpleAssignmentExpression } compound
                || !MayReach(variable, history, site, compound)
            )
            {
                continue;
            }

            TypeInfo number = context.Model.GetTypeInfo(compound.Right, context.Cancellation);
            bool isAlike =
                compound.Kind()
                    is SyntaxKind.AddAssignmentExpression
                        or SyntaxKind.SubtractAssignmentExpression
                        or SyntaxKind.MultiplyAssignmentExpression
                        or SyntaxKind.DivideAssignmentExpression
                && compound.Parent is ExpressionStatementSyntax
                && number.Type is { } type
                && !context.Symbols.IsTensor(type)
                && !context.Symbols.IsTensor(number.ConvertedType);
            if (!isAlike || !FollowVariable(variable, compound, image.Changed(isComputed: true), isWhole: false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a variable may still have at a use what it got at a place.</summary>
    private bool MayReach(ISymbol variable, VariableHistory history, SyntaxNode site, SyntaxNode use)
    {
        Definition definition = history.At(use);
        return definition.IsKnown
            ? definition.Write!.Site == site
            : VariableHistory.FunctionOf(use) != VariableHistory.FunctionOf(site)
                || use.SpanStart >= site.Span.End
                || Scopes.ShareLoop(site, use, variable, context);
    }

    private bool FollowHelper(ExpressionSyntax returned, GrayImage image, bool isWhole)
    {
        if (
            Helper.Of(returned, context) is not { } helper
            || !followed.Add(helper.Declaration)
            || helper.Uses(context) is not { Count: > 0 } uses
        )
        {
            return false;
        }

        // Nothing but the parameter is left of it.
        bool isPlain =
            (isWhole ? image.IsPlain : returned.Bare() is IdentifierNameSyntax) && helper.IsOnlyParameter(image.Variable, change);
        foreach (InvocationExpressionSyntax use in uses)
        {
            GrayImage given = image.Changed(isComputed: false) with { IsNewHandle = false };
            if (isPlain)
            {
                ExpressionSyntax argument = helper.Argument(use);
                given = GrayImage.From(argument, null, image.Copies, context) with { IsUnbatched = image.IsUnbatched };
                GrayImage taken = given;
                change.Replace(use, argument, gray => taken.Write(gray, use));
            }

            if (!Follow(use, given, isWhole: isPlain))
            {
                return false;
            }
        }

        if (isPlain)
        {
            change.Remove(helper.Declaration);
        }

        return true;
    }
}
