using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Rules;

/// <summary>CG0005: a network that ToGrayscale() has converted in place is still called itself.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UsedAfterConversionAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(Descriptors.UsedAfterConversion);

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        if (symbols.ChannelConversions is null)
        {
            return;
        }

        context.RegisterOperationAction(
            operation =>
            {
                var conversion = (IInvocationOperation)operation.Operation;
                if (
                    conversion.TargetMethod.Name != "ToGrayscale"
                    || conversion.Subject() is not { } network
                    || !symbols.IsModule(network.Unwrap().Type)
                    || !IsOurs(conversion, symbols)
                )
                {
                    return;
                }

                ISymbol? variable =
                    network.Variable()
                    ?? (
                        network.Unwrap() is IFieldReferenceOperation { Instance: null or IInstanceReferenceOperation } field
                            ? field.Field
                            : null
                    );
                if (variable is not null)
                {
                    var values = new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
                    Report(operation, conversion, variable, values);
                }
            },
            OperationKind.Invocation
        );
    }

    private static void Report(OperationAnalysisContext operation, IInvocationOperation conversion, ISymbol variable, ValueContext values)
    {
        // The statement that converts must be one that later statements come after on every path.
        if (
            conversion.Syntax.FirstAncestorOrSelf<StatementSyntax>() is not { } statement
            || Block(statement) is not { } block
            || IsConditional(conversion.Syntax, statement)
        )
        {
            return;
        }

        SyntaxNode? function = VariableHistory.FunctionOf(conversion.Syntax);
        bool ended = false;
        foreach (SyntaxNode node in block.DescendantNodes())
        {
            if (node.SpanStart <= statement.Span.End || ended)
            {
                continue;
            }

            if (node is AssignmentExpressionSyntax assignment && Means(assignment.Left, variable, values))
            {
                // Another network from here on.
                ended = true;
            }
            else if (
                node is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToColor" or "RestoreColor" }
                }
            )
            {
                // Something is converted back: perhaps this.
                ended = true;
            }
            else if (
                node is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "forward" or "call" } member
                } call
                && VariableHistory.FunctionOf(call) == function
                && Means(member.Expression, variable, values)
                && values.Model.GetSymbolInfo(call, values.Cancellation).Symbol is IMethodSymbol { ContainingType: { } type }
                && values.Symbols.IsModule(type)
            )
            {
                operation.ReportDiagnostic(Diagnostic.Create(Descriptors.UsedAfterConversion, call.GetLocation(), variable.Name));
            }
        }
    }

    private static bool Means(ExpressionSyntax expression, ISymbol variable, ValueContext values) =>
        expression.Bare() is IdentifierNameSyntax or MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax }
        && SymbolEqualityComparer.Default.Equals(values.Model.GetSymbolInfo(expression.Bare(), values.Cancellation).Symbol, variable);

    private static SyntaxNode? Block(StatementSyntax statement) =>
        statement.Parent is GlobalStatementSyntax global ? global.Parent
        : statement.Parent is BlockSyntax or SwitchSectionSyntax ? statement.Parent
        : null;

    private static bool IsConditional(SyntaxNode conversion, StatementSyntax statement) =>
        statement is not (LocalDeclarationStatementSyntax or ExpressionStatementSyntax or ReturnStatementSyntax)
        || conversion
            .Ancestors()
            .TakeWhile(ancestor => ancestor != statement)
            .Any(static ancestor =>
                ancestor
                    is ConditionalExpressionSyntax
                        or SwitchExpressionArmSyntax
                        or AnonymousFunctionExpressionSyntax
                        or ConditionalAccessExpressionSyntax
            );

    /// <summary>The extension method of our runtime, or the method that our generator adds to a class.</summary>
    private static bool IsOurs(IInvocationOperation conversion, TorchSymbols symbols) =>
        TorchSymbols.Is(conversion.TargetMethod.ContainingType, symbols.ChannelConversions)
        || conversion.TargetMethod.ReturnType
            is INamedTypeSymbol { BaseType: { Name: "GrayscaleModule", ContainingNamespace.Name: "ChannelGen" } };
}
