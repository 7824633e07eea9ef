using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What conditions on a tensor's shape say where control has passed them.</summary>
internal static class Guards
{
    private const int MaximumDepth = 2;

    /// <summary>What is known of a variable at a use, since the code only gets there if its shape is so.</summary>
    public static TensorFacts Facts(ISymbol variable, SyntaxNode use, Definition definition, ValueContext context)
    {
        TensorFacts facts = TensorFacts.Unknown;
        VariableHistory history = context.History(variable, use);
        SyntaxNode? function = VariableHistory.FunctionOf(use);
        for (SyntaxNode node = use; node.Parent is { } parent && parent != function; node = parent)
        {
            switch (parent)
            {
                case IfStatementSyntax branch when branch.Statement == node:
                    AddCondition(branch.Condition, true);
                    break;
                case ElseClauseSyntax { Parent: IfStatementSyntax branch }:
                    AddCondition(branch.Condition, false);
                    break;
                case WhileStatementSyntax loop when loop.Statement == node:
                    AddCondition(loop.Condition, true);
                    break;
                case ForStatementSyntax { Condition: { } condition } loop when loop.Statement == node:
                    AddCondition(condition, true);
                    break;
                case ConditionalExpressionSyntax conditional when conditional.WhenTrue == node:
                    AddCondition(conditional.Condition, true);
                    break;
                case ConditionalExpressionSyntax conditional when conditional.WhenFalse == node:
                    AddCondition(conditional.Condition, false);
                    break;
                case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression } both when both.Right == node:
                    AddCondition(both.Left, true);
                    break;
                case SwitchExpressionArmSyntax { Parent: SwitchExpressionSyntax choice } arm when arm.Expression == node:
                    AddPattern(choice.GoverningExpression, arm.Pattern, true);
                    break;
                case BlockSyntax block:
                    AddEarlierExits(block.Statements, node);
                    break;
                case SwitchSectionSyntax { Parent: SwitchStatementSyntax choice } section:
                    foreach (SwitchLabelSyntax label in section.Labels)
                    {
                        if (label is CaseSwitchLabelSyntax { Value: var value } && section.Labels.Count == 1)
                        {
                            AddComparison(choice.Expression, value, SyntaxKind.EqualsExpression, true);
                        }
                    }

                    break;
                case GlobalStatementSyntax { Parent: CompilationUnitSyntax file }:
                    AddEarlierExits([.. file.Members.OfType<GlobalStatementSyntax>().Select(static global => global.Statement)], node);
                    break;
            }
        }

        return facts;

        void AddEarlierExits(IEnumerable<StatementSyntax> statements, SyntaxNode before)
        {
            foreach (StatementSyntax statement in statements)
            {
                if (statement == before)
                {
                    return;
                }

                if (statement is IfStatementSyntax { Else: null } exit && Leaves(exit.Statement))
                {
                    AddCondition(exit.Condition, false);
                }
            }
        }

        void AddCondition(ExpressionSyntax condition, bool holds)
        {
            if (AsksForShape(condition, MaximumDepth))
            {
                facts = facts.AsGuarded();
            }

            if (AsksAMethod(condition, MaximumDepth))
            {
                facts = facts.AsLost();
            }

            Add(condition, holds);
        }

        // IsColor(x), x.IsColor(): what a method of the program asks for is not understood.
        bool AsksAMethod(SyntaxNode condition, int depth) =>
            condition
                .DescendantNodesAndSelf()
                .Any(node =>
                    node switch
                    {
                        InvocationExpressionSyntax call => MayPass(call)
                            && context.Model.GetSymbolInfo(call, context.Cancellation).Symbol is IMethodSymbol method
                            && !context.Symbols.IsOfTorch(method)
                            && !VariableHistory.ReadsOnly(method),
                        IdentifierNameSyntax name when depth > 0 => ValueOf(name) is { } value && AsksAMethod(value, depth - 1),
                        _ => false,
                    }
                );

        bool MayPass(InvocationExpressionSyntax call) =>
            call.ArgumentList.Arguments.Any(argument => IsVariable(argument.Expression))
            || (call.Expression is MemberAccessExpressionSyntax member && IsVariable(member.Expression));

        // Whether a condition asks for the shape at all, in whatever way.
        bool AsksForShape(SyntaxNode condition, int depth) =>
            condition
                .DescendantNodesAndSelf()
                .Any(node =>
                    node switch
                    {
                        MemberAccessExpressionSyntax
                        {
                            Name.Identifier.ValueText: "shape" or "size" or "ndim" or "dim" or "Dimensions"
                        } member => IsVariable(member.Expression),
                        IsPatternExpressionSyntax { Pattern: RecursivePatternSyntax } pattern => IsVariable(pattern.Expression),
                        IdentifierNameSyntax name when depth > 0 => ValueOf(name) is { } value && AsksForShape(value, depth - 1),
                        _ => false,
                    }
                );

        bool IsVariable(ExpressionSyntax expression) =>
            expression.Bare() is IdentifierNameSyntax name
            && name.Identifier.ValueText == variable.Name
            && SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(name, context.Cancellation).Symbol, variable);

        // long channels = x.shape[1];
        ExpressionSyntax? ValueOf(ExpressionSyntax expression) =>
            expression.Bare() is IdentifierNameSyntax name
            && context.Model.GetSymbolInfo(name, context.Cancellation).Symbol is ILocalSymbol local
            && !SymbolEqualityComparer.Default.Equals(local, variable)
            && !context.Symbols.IsTensor(local.Type)
                ? context.Definition(local, name).Value
                : null;

        void Add(ExpressionSyntax condition, bool holds)
        {
            switch (condition.Bare())
            {
                case IdentifierNameSyntax name when ValueOf(name) is { } value:
                    Add(value, holds);
                    break;
                case PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression } not:
                    Add(not.Operand, !holds);
                    break;
                case BinaryExpressionSyntax both when both.IsKind(SyntaxKind.LogicalAndExpression) && holds:
                case BinaryExpressionSyntax either when either.IsKind(SyntaxKind.LogicalOrExpression) && !holds:
                    var pair = (BinaryExpressionSyntax)condition.Bare();
                    Add(pair.Left, holds);
                    Add(pair.Right, holds);
                    break;
                case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression } choice:
                    AddEither(() => Add(choice.Left, holds), () => Add(choice.Right, holds));
                    break;
                case BinaryExpressionSyntax comparison:
                    AddComparison(comparison.Left, comparison.Right, comparison.Kind(), holds);
                    AddComparison(comparison.Right, comparison.Left, Mirrored(comparison.Kind()), holds);
                    break;
                case IsPatternExpressionSyntax pattern:
                    AddPattern(pattern.Expression, pattern.Pattern, holds);
                    break;
            }
        }

        // One of two holds, and nobody knows which; but code that asks for one channel among others means to stack that one.
        void AddEither(Action addOne, Action addOther)
        {
            TensorFacts before = facts;
            facts = TensorFacts.Unknown;
            addOne();
            TensorFacts one = facts;
            facts = TensorFacts.Unknown;
            addOther();
            TensorFacts common = TensorFacts.Common(one, facts);
            bool asksForOne = !one.IsLost && !facts.IsLost && (HasOneChannel(one) || HasOneChannel(facts));
            facts = before.And(asksForOne ? common.AsFound() : common);
        }

        static bool HasOneChannel(TensorFacts found) => found.Size(1) == 1 || found.Size(-3) == 1;

        void AddPattern(ExpressionSyntax asked, PatternSyntax pattern, bool holds)
        {
            switch (pattern)
            {
                case ParenthesizedPatternSyntax parenthesized:
                    AddPattern(asked, parenthesized.Pattern, holds);
                    break;
                case ConstantPatternSyntax constant:
                    AddComparison(asked, constant.Expression, SyntaxKind.EqualsExpression, holds);
                    break;
                case RelationalPatternSyntax relation:
                    AddComparison(asked, relation.Expression, Relation(relation.OperatorToken.Kind()), holds);
                    break;
                case UnaryPatternSyntax not:
                    AddPattern(asked, not.Pattern, !holds);
                    break;
                case BinaryPatternSyntax pair when pair.IsKind(SyntaxKind.AndPattern) == holds:
                    AddPattern(asked, pair.Left, holds);
                    AddPattern(asked, pair.Right, holds);
                    break;
                case BinaryPatternSyntax pair:
                    AddEither(() => AddPattern(asked, pair.Left, holds), () => AddPattern(asked, pair.Right, holds));
                    break;
                case ListPatternSyntax list
                    when holds
                        && asked.Bare() is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" } shape
                        && IsVariable(shape.Expression)
                        && !ChangedSince(asked):
                    AddShape(list);
                    break;
            }
        }

        // x.shape is [_, 1, ..]
        void AddShape(ListPatternSyntax list)
        {
            int slice = list.Patterns.IndexOf(static pattern => pattern is SlicePatternSyntax);
            facts = slice < 0 ? facts.WithRank(list.Patterns.Count) : facts;
            for (int index = 0; index < list.Patterns.Count; index++)
            {
                if (list.Patterns[index] is ConstantPatternSyntax { Expression: var size } && Number(size) is { } number)
                {
                    facts = facts.WithSize(slice < 0 || index < slice ? index : index - list.Patterns.Count, number);
                }
            }
        }

        long? Number(ExpressionSyntax expression) =>
            context.Model.GetConstantValue(expression, context.Cancellation) is { HasValue: true, Value: int or long } constant
                ? Convert.ToInt64(constant.Value, System.Globalization.CultureInfo.InvariantCulture)
                : null;

        void AddComparison(ExpressionSyntax asked, ExpressionSyntax value, SyntaxKind kind, bool holds)
        {
            asked = ValueOf(asked) ?? asked;
            if (
                !AsksFor(asked.Bare(), out ISymbol? found, out int? dimension)
                || !SymbolEqualityComparer.Default.Equals(found, variable)
                || Number(value) is not { } number
                || ChangedSince(asked)
            )
            {
                return;
            }

            facts = facts.AsGuarded();
            (long? least, long? most) = Bounds(holds ? kind : Negated(kind), number);
            if (dimension is not { } known)
            {
                facts = least is { } rank && rank == most ? facts.WithRank((int)rank) : facts;
            }
            else if (most is { } exact && (least == exact || exact == 1))
            {
                facts = facts.WithSize(known, exact);
            }
            else if (least > 1 || (number == 1 && (holds ? kind : Negated(kind)) == SyntaxKind.NotEqualsExpression))
            {
                facts = facts.WithSize(known, TensorFacts.Several);
            }
        }

        // x.shape[1], x.size(1), x.shape.Length, x.dim(), x.ndim, x.Dimensions.
        bool AsksFor(ExpressionSyntax asked, out ISymbol? found, out int? dimension)
        {
            dimension = null;
            ExpressionSyntax? subject = asked switch
            {
                ElementAccessExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" } shape,
                    ArgumentList.Arguments: [var index]
                } when Index(index.Expression, out dimension) => shape.Expression,
                InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "size" } size,
                    ArgumentList.Arguments: [var index]
                } when Index(index.Expression, out dimension) => size.Expression,
                InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "dim" } rank,
                    ArgumentList.Arguments.Count: 0
                } => rank.Expression,
                MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ndim" or "Dimensions" } rank => rank.Expression,
                MemberAccessExpressionSyntax
                {
                    Name.Identifier.ValueText: "Length" or "LongLength",
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" } shape
                } => shape.Expression,
                _ => null,
            };
            found =
                subject is null || !context.Symbols.IsTensor(context.Model.GetTypeInfo(subject, context.Cancellation).Type)
                    ? null
                    : context.Model.GetSymbolInfo(subject, context.Cancellation).Symbol;
            return found is not null;
        }

        bool Index(ExpressionSyntax index, out int? dimension)
        {
            bool fromEnd = index is PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.IndexExpression };
            ExpressionSyntax number = fromEnd ? ((PrefixUnaryExpressionSyntax)index).Operand : index;
            dimension = (int?)Number(number) * (fromEnd ? -1 : 1);
            return dimension is not null;
        }

        // The tensor that was asked must be the one that is used.
        bool ChangedSince(SyntaxNode asked) =>
            history.Writes.Any(write => write.Site.SpanStart > asked.SpanStart && write.Site.Span.End <= use.SpanStart)
            || (definition.Write is { } write && write.Site.SpanStart > asked.SpanStart);
    }

    /// <summary>Whether the code asks for a tensor's shape to decide if the place is reached at all.</summary>
    public static bool IsGuarded(IOperation source, ValueContext context)
    {
        if (source.Variable() is { } variable)
        {
            return Facts(variable, source.Syntax, context.Definition(variable, source.Syntax), context).IsGuarded;
        }

        return source.Unwrap() is IInvocationOperation invocation && invocation.Subject() is { } subject && IsGuarded(subject, context);
    }

    /// <summary>Between which numbers one is that compares so with another.</summary>
    private static (long? Least, long? Most) Bounds(SyntaxKind kind, long number) =>
        kind switch
        {
            SyntaxKind.EqualsExpression => (number, number),
            SyntaxKind.LessThanExpression => (null, number - 1),
            SyntaxKind.LessThanOrEqualExpression => (null, number),
            SyntaxKind.GreaterThanExpression => (number + 1, null),
            SyntaxKind.GreaterThanOrEqualExpression => (number, null),
            _ => (null, null),
        };

    private static SyntaxKind Negated(SyntaxKind kind) =>
        kind switch
        {
            SyntaxKind.EqualsExpression => SyntaxKind.NotEqualsExpression,
            SyntaxKind.NotEqualsExpression => SyntaxKind.EqualsExpression,
            SyntaxKind.LessThanExpression => SyntaxKind.GreaterThanOrEqualExpression,
            SyntaxKind.LessThanOrEqualExpression => SyntaxKind.GreaterThanExpression,
            SyntaxKind.GreaterThanExpression => SyntaxKind.LessThanOrEqualExpression,
            SyntaxKind.GreaterThanOrEqualExpression => SyntaxKind.LessThanExpression,
            _ => SyntaxKind.None,
        };

    /// <summary>The comparison with its sides swapped.</summary>
    private static SyntaxKind Mirrored(SyntaxKind kind) =>
        kind switch
        {
            SyntaxKind.LessThanExpression => SyntaxKind.GreaterThanExpression,
            SyntaxKind.LessThanOrEqualExpression => SyntaxKind.GreaterThanOrEqualExpression,
            SyntaxKind.GreaterThanExpression => SyntaxKind.LessThanExpression,
            SyntaxKind.GreaterThanOrEqualExpression => SyntaxKind.LessThanOrEqualExpression,
            _ => kind,
        };

    private static SyntaxKind Relation(SyntaxKind token) =>
        token switch
        {
            SyntaxKind.LessThanToken => SyntaxKind.LessThanExpression,
            SyntaxKind.LessThanEqualsToken => SyntaxKind.LessThanOrEqualExpression,
            SyntaxKind.GreaterThanToken => SyntaxKind.GreaterThanExpression,
            SyntaxKind.GreaterThanEqualsToken => SyntaxKind.GreaterThanOrEqualExpression,
            _ => SyntaxKind.None,
        };

    private static bool Leaves(StatementSyntax statement) =>
        statement switch
        {
            ReturnStatementSyntax or ThrowStatementSyntax or ContinueStatementSyntax or BreakStatementSyntax => true,
            BlockSyntax block => block.Statements.Count > 0 && Leaves(block.Statements.Last()),
            _ => false,
        };
}
