using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What a member does with one of its variables, in source order.</summary>
internal sealed class VariableHistory
{
    private readonly List<Write> writes = [];
    private readonly List<SyntaxNode> mutations = [];
    private readonly List<SyntaxNode> escapes = [];
    private readonly List<IdentifierNameSyntax> reads = [];
    private SyntaxNode? scope;
    private int[]? labels;
    private bool referenced;

    private VariableHistory() { }

    /// <summary>Reads that neither write, mutate nor escape.</summary>
    public IReadOnlyList<IdentifierNameSyntax> Reads => reads;

    /// <summary>Where the object that the variable holds is changed in place.</summary>
    public IReadOnlyList<SyntaxNode> Mutations => mutations;

    /// <summary>Where it is handed to code that may keep or change it.</summary>
    public IReadOnlyList<SyntaxNode> Escapes => escapes;

    public IReadOnlyList<Write> Writes => writes;

    /// <summary>Another name by reference may write to it unseen.</summary>
    public bool IsReferenced => referenced;

    public static VariableHistory Of(
        ISymbol variable,
        SyntaxNode scope,
        IReadOnlyList<IdentifierNameSyntax> uses,
        SemanticModel model,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        var history = new VariableHistory { scope = scope };
        if (
            DeclarationOf(variable, cancellation) is { } declaration
            && declaration.SyntaxTree == scope.SyntaxTree
            && scope.Span.Contains(declaration.Span)
        )
        {
            history.AddDeclaration(declaration);
        }

        foreach (IdentifierNameSyntax use in uses)
        {
            history.Add(use, model, symbols, cancellation);
        }

        history.writes.Sort(static (left, right) => left.Site.SpanStart.CompareTo(right.Site.SpanStart));
        return history;
    }

    /// <summary>
    /// The write whose value the variable holds at <paramref name="use"/>, if it is one and the same on every path there;
    /// <see cref="Definition.Unknown"/> otherwise.
    /// </summary>
    public Definition At(SyntaxNode use)
    {
        if (referenced)
        {
            return Definition.Unknown;
        }

        SyntaxNode? function = FunctionOf(use);
        if (writes.Count == 1)
        {
            Write only = writes[0];
            bool before = only.End <= use.SpanStart;
            return before && (only.IsDeclaration || (FunctionOf(only.Site) == function && Dominates(only, use)))
                ? new Definition(only)
                : Definition.Unknown;
        }

        if (writes.Any(write => FunctionOf(write.Site) != function))
        {
            return Definition.Unknown;
        }

        Write? latest = null;
        foreach (Write write in writes)
        {
            if (write.End <= use.SpanStart)
            {
                latest = write;
            }
        }

        if (latest is null || !Dominates(latest, use))
        {
            return Definition.Unknown;
        }

        if (Labels().Any(label => label > latest.Site.SpanStart && label <= use.SpanStart))
        {
            // Whoever jumps there has not passed the latest write.
            return Definition.Unknown;
        }

        // A write further down a loop that does not pass the latest again comes round to the use.
        foreach (SyntaxNode loop in use.Ancestors().TakeWhile(ancestor => ancestor != function).Where(IsLoop))
        {
            if (!loop.Span.Contains(latest.Site.Span) && writes.Any(write => loop.Span.Contains(write.Site.Span)))
            {
                return Definition.Unknown;
            }
        }

        return new Definition(latest);
    }

    /// <summary>The writes whose values the variable may hold at a place, where no single one is known to.</summary>
    public IEnumerable<Write> Reaching(SyntaxNode use) =>
        writes.Where(write =>
            write.End <= use.SpanStart
            || FunctionOf(write.Site) != FunctionOf(use)
            || Labels().Length > 0
            || write.Site.Ancestors().Any(ancestor => IsLoop(ancestor) && ancestor.Span.Contains(use.Span))
        );

    /// <summary>Whether a change in place happens once on every way from where a value is made to a use.</summary>
    public static bool HappensOnce(SyntaxNode change, SyntaxNode from, SyntaxNode use) =>
        Dominates(new Write(change, null, false), use)
        && FunctionOf(change) == FunctionOf(use)
        && !change.Ancestors().Any(ancestor => IsLoop(ancestor) && !ancestor.Span.Contains(from.Span));

    /// <summary>Where goto can jump to, in the member.</summary>
    private int[] Labels() =>
        labels ??= scope is null
            ? []
            :
            [
                .. scope
                    .DescendantNodes(static node => node is not ExpressionSyntax)
                    .OfType<LabeledStatementSyntax>()
                    .Select(static label => label.SpanStart),
            ];

    /// <summary>Whether the variable holds the same value at two places, and nothing has changed that in between.</summary>
    public bool IsUnchanged(SyntaxNode from, SyntaxNode to) =>
        !Between(mutations, from, to)
        && !Between(escapes, from, to)
        && At(from) is { IsKnown: true } before
        && At(to) is { IsKnown: true } after
        && before.Write == after.Write;

    /// <summary>Whether anything of the kind lies between two places, in source order.</summary>
    public static bool Between(IEnumerable<SyntaxNode> sites, SyntaxNode? from, SyntaxNode to)
    {
        int start = from?.Span.End ?? 0;
        return sites.Any(site => site.SpanStart >= start && site.SpanStart < to.Span.End && !to.Span.Contains(site.Span));
    }

    /// <summary>
    /// Whether something may happen to the value before it gets to a use: it stands before the use, comes round to it in a
    /// loop that does not pass <paramref name="from"/> again, where the value is made, or is in another function.
    /// </summary>
    public static bool MayPrecede(SyntaxNode what, SyntaxNode use, SyntaxNode from) =>
        what.SpanStart < use.SpanStart
        || FunctionOf(what) != FunctionOf(use)
        || what.Ancestors().Any(ancestor => IsLoop(ancestor) && ancestor.Span.Contains(use.Span) && !ancestor.Span.Contains(from.Span));

    /// <summary>The function that code belongs to: a lambda, a local function, or else the member.</summary>
    public static SyntaxNode? FunctionOf(SyntaxNode node) =>
        node.Ancestors()
            .FirstOrDefault(static ancestor =>
                ancestor
                    is AnonymousFunctionExpressionSyntax
                        or LocalFunctionStatementSyntax
                        or MemberDeclarationSyntax
                        and not GlobalStatementSyntax
                        or AccessorDeclarationSyntax
            );

    /// <summary>The member, or for top-level statements the file, that a variable lives in.</summary>
    public static SyntaxNode MemberOf(SyntaxNode node) =>
        node.AncestorsAndSelf()
            .FirstOrDefault(static ancestor =>
                ancestor
                    is MemberDeclarationSyntax
                        and not GlobalStatementSyntax
                        and not BaseTypeDeclarationSyntax
                        and not BaseNamespaceDeclarationSyntax
            )
        ?? node.SyntaxTree.GetRoot();

    private void AddDeclaration(SyntaxNode declaration)
    {
        switch (declaration)
        {
            case VariableDeclaratorSyntax { Initializer: null, Parent.Parent: LocalDeclarationStatementSyntax }:
                // Without a value until it is assigned.
                break;
            case VariableDeclaratorSyntax { Initializer: { } initializer }:
                writes.Add(new Write(declaration, initializer.Value, true));
                break;
            default:
                // A variable of a parameter, a loop or a pattern has a value, but not one that is written here.
                writes.Add(new Write(declaration, null, true));
                break;
        }
    }

    private void Add(IdentifierNameSyntax identifier, SemanticModel model, TorchSymbols symbols, CancellationToken cancellation)
    {
        SyntaxNode node = identifier;
        while (
            node.Parent
                is ParenthesizedExpressionSyntax
                    or PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression }
                    or CastExpressionSyntax
        )
        {
            node = node.Parent;
        }

        switch (node.Parent)
        {
            case AssignmentExpressionSyntax assignment when assignment.Left == node:
                writes.Add(
                    assignment.IsKind(SyntaxKind.SimpleAssignmentExpression)
                        ? new Write(assignment, assignment.Right, false)
                        : new Write(assignment, null, false)
                );
                break;
            case ArgumentSyntax { RefKindKeyword.RawKind: (int)SyntaxKind.RefKeyword or (int)SyntaxKind.OutKeyword } argument:
                writes.Add(new Write(argument, null, false));
                break;
            case ArgumentSyntax { Parent: TupleExpressionSyntax tuple } when IsAssigned(tuple):
                writes.Add(new Write(tuple, null, false));
                break;
            case RefExpressionSyntax:
                referenced = true;
                break;
            case PrefixUnaryExpressionSyntax
            or PostfixUnaryExpressionSyntax
                when node.Parent.IsKind(SyntaxKind.PreIncrementExpression)
                    || node.Parent.IsKind(SyntaxKind.PreDecrementExpression)
                    || node.Parent.IsKind(SyntaxKind.PostIncrementExpression)
                    || node.Parent.IsKind(SyntaxKind.PostDecrementExpression):
                writes.Add(new Write(node.Parent, null, false));
                break;
            case ElementAccessExpressionSyntax element
                when element.Expression == node
                    && (IsAssigned(element) || element.Parent is RefExpressionSyntax || IsChangedInPlace(element)):
                mutations.Add(element);
                break;
            case MemberAccessExpressionSyntax member when member.Expression == node:
                AddMemberUse(identifier, member, symbols, model, cancellation);
                break;
            case ConditionalAccessExpressionSyntax access
                when access.Expression == node
                    && access.WhenNotNull is InvocationExpressionSyntax { Expression: MemberBindingExpressionSyntax binding }
                    && MutatesInPlace(binding.Name.Identifier.ValueText):
                mutations.Add(access);
                break;
            case ArgumentSyntax argument
                when Callee(argument, model, cancellation) is { } callee
                    && !symbols.IsOfTorch(callee)
                    && !ReadsOnly(callee)
                    && !IsNetworkCall(callee, symbols):
                escapes.Add(argument);
                break;
            default:
                reads.Add(identifier);
                break;
        }
    }

    private void AddMemberUse(
        IdentifierNameSyntax identifier,
        MemberAccessExpressionSyntax member,
        TorchSymbols symbols,
        SemanticModel model,
        CancellationToken cancellation
    )
    {
        string name = member.Name.Identifier.ValueText;
        if (member.Parent is InvocationExpressionSyntax invocation && invocation.Expression == member)
        {
            if (MutatesInPlace(name) || (TorchApi.MayBe(name, Effect.IsPart) && IsChangedInPlace(invocation)))
            {
                mutations.Add(invocation);
                return;
            }

            if (name is "AsSpan" or "AsMemory" && invocation.Parent is not ArgumentSyntax)
            {
                // What holds the span can write through it.
                escapes.Add(invocation);
                return;
            }

            if (
                model.GetSymbolInfo(invocation, cancellation).Symbol is IMethodSymbol method
                && !symbols.IsOfTorch(method)
                && !ReadsOnly(method)
            )
            {
                // A list's Add, an extension method of the program's own.
                escapes.Add(invocation);
                return;
            }
        }
        else if (IsAssigned(member))
        {
            mutations.Add(member);
            return;
        }

        reads.Add(identifier);
    }

    /// <summary>rgb[0].add_(1)</summary>
    private static bool IsChangedInPlace(ExpressionSyntax part) =>
        part.Parent is MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax } member
        && member.Expression == part
        && MutatesInPlace(member.Name.Identifier.ValueText);

    /// <summary>TorchSharp's convention: what ends in an underscore works in place.</summary>
    private static bool MutatesInPlace(string method) =>
        method.Length > 1 && method[method.Length - 1] == '_' && method[method.Length - 2] != '_';

    /// <summary>What reads its arguments only: LINQ, and arrays' and lists' own conversions.</summary>
    public static bool ReadsOnly(IMethodSymbol method) =>
        method.ContainingType is
        {
            Name: "Enumerable"
                    or "MemoryExtensions"
                    or "Console"
                    or "Debug"
                    or "ArgumentNullException"
                    or "ArgumentException"
                    or "GC"
                    or "Assert"
        }
        || (
            method.ContainingType is { Name: "List", Arity: 1 }
            && method.Name is "ToArray" or "AsReadOnly" or "GetEnumerator" or "Contains" or "IndexOf"
        )
        || (method.ContainingType.SpecialType is SpecialType.System_Object or SpecialType.System_String)
        || method.Name is "Dispose" or "ToString" or "Equals" or "GetHashCode";

    /// <summary>A network of the program's own reads its input, as those of TorchSharp do.</summary>
    private static bool IsNetworkCall(IMethodSymbol method, TorchSymbols symbols) =>
        method.Name is "forward" or "call" && symbols.IsModule(method.ContainingType);

    private static IMethodSymbol? Callee(ArgumentSyntax argument, SemanticModel model, CancellationToken cancellation) =>
        argument.Parent?.Parent is { } call and (InvocationExpressionSyntax or BaseObjectCreationExpressionSyntax)
            ? model.GetSymbolInfo(call, cancellation).Symbol as IMethodSymbol
            : null;

    private static bool IsAssigned(SyntaxNode node) =>
        node.Parent switch
        {
            AssignmentExpressionSyntax assignment => assignment.Left == node,
            ArgumentSyntax { RefKindKeyword.RawKind: (int)SyntaxKind.RefKeyword or (int)SyntaxKind.OutKeyword } => true,
            ArgumentSyntax { Parent: TupleExpressionSyntax tuple } => IsAssigned(tuple),
            _ => false,
        };

    private static SyntaxNode? DeclarationOf(ISymbol variable, CancellationToken cancellation) =>
        variable.DeclaringSyntaxReferences.Length == 1 ? variable.DeclaringSyntaxReferences[0].GetSyntax(cancellation) : null;

    private static bool IsLoop(SyntaxNode node) =>
        node is ForStatementSyntax or CommonForEachStatementSyntax or WhileStatementSyntax or DoStatementSyntax;

    /// <summary>Whether control cannot reach the use but through the write.</summary>
    private static bool Dominates(Write write, SyntaxNode use)
    {
        if (write.IsDeclaration)
        {
            return true;
        }

        for (SyntaxNode node = write.Site; node.Parent is not null; node = node.Parent)
        {
            if (
                node.Parent
                    is ConditionalExpressionSyntax
                        or ConditionalAccessExpressionSyntax
                        or SwitchExpressionArmSyntax
                        or AnonymousFunctionExpressionSyntax
                || (
                    node.Parent is BinaryExpressionSyntax binary
                    && binary.Right == node
                    && (
                        binary.IsKind(SyntaxKind.LogicalAndExpression)
                        || binary.IsKind(SyntaxKind.LogicalOrExpression)
                        || binary.IsKind(SyntaxKind.CoalesceExpression)
                    )
                )
                || (node.Parent is AssignmentExpressionSyntax assignment && assignment.IsKind(SyntaxKind.CoalesceAssignmentExpression))
            )
            {
                return false;
            }

            if (node is StatementSyntax statement)
            {
                SyntaxNode? block = statement.Parent is GlobalStatementSyntax global ? global.Parent : statement.Parent;
                return statement is ExpressionStatementSyntax or LocalDeclarationStatementSyntax
                    && block is BlockSyntax or SwitchSectionSyntax or CompilationUnitSyntax
                    && block.Span.Contains(use.Span);
            }
        }

        return false;
    }
}

/// <summary>One place where a variable gets a value.</summary>
/// <param name="Site">The declarator, assignment or argument.</param>
/// <param name="Value">The expression that it gets; null if that is not written there.</param>
/// <param name="IsDeclaration">Whether the variable is declared there.</param>
internal sealed record Write(SyntaxNode Site, ExpressionSyntax? Value, bool IsDeclaration)
{
    /// <summary>From where on the variable has the value: a loop's variable has it in the loop's body.</summary>
    public int End => Site is CommonForEachStatementSyntax loop ? loop.Statement.SpanStart : Site.Span.End;
}

/// <summary>Where the value that a variable holds at some place comes from.</summary>
internal readonly record struct Definition(Write? Write)
{
    public static Definition Unknown => default;

    public bool IsKnown => Write is not null;

    public ExpressionSyntax? Value => Write?.Value;
}
