using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>A private method or a local function that gives a stacked image.</summary>
internal sealed class Helper
{
    private readonly IMethodSymbol method;
    private readonly SyntaxNode body;
    private readonly ExpressionSyntax returned;

    private Helper(IMethodSymbol method, SyntaxNode declaration, SyntaxNode body, ExpressionSyntax returned)
    {
        this.method = method;
        this.body = body;
        this.returned = returned;
        Declaration = declaration;
    }

    public SyntaxNode Declaration { get; }

    /// <summary>Null unless all uses of the method can be seen, and it gives nothing else.</summary>
    public static Helper? Of(ExpressionSyntax returned, ValueContext context)
    {
        SyntaxNode? function = VariableHistory.FunctionOf(returned);
        (SyntaxNode? body, SyntaxTokenList modifiers) = function switch
        {
            MethodDeclarationSyntax declared => ((SyntaxNode?)declared.Body ?? declared.ExpressionBody, declared.Modifiers),
            LocalFunctionStatementSyntax local => ((SyntaxNode?)local.Body ?? local.ExpressionBody, local.Modifiers),
            _ => (null, default),
        };
        if (
            body is null
            || modifiers.Any(SyntaxKind.AsyncKeyword)
            || modifiers.Any(SyntaxKind.PartialKeyword)
            || context.Model.GetDeclaredSymbol(function!, context.Cancellation) is not IMethodSymbol method
            || (method.MethodKind != MethodKind.LocalFunction && method.DeclaredAccessibility != Accessibility.Private)
            || method.ExplicitInterfaceImplementations.Length > 0
            || method.GetAttributes().Length > 0
            || !context.Symbols.IsTensor(method.ReturnType)
            || method.Parameters.Any(static parameter => parameter.RefKind != RefKind.None)
        )
        {
            return null;
        }

        bool isOnly =
            body.DescendantNodes(static node => node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax))
                .OfType<ReturnStatementSyntax>()
                .Count() == (body is BlockSyntax ? 1 : 0);
        return isOnly ? new Helper(method, function!, body, returned) : null;
    }

    /// <summary>Whether nothing is left of the body but that it gives its only parameter.</summary>
    public bool IsOnlyParameter(ISymbol? variable, SourceChange change) =>
        method.Parameters is [{ IsParams: false, HasExplicitDefaultValue: false } parameter]
        && SymbolEqualityComparer.Default.Equals(variable, parameter)
        && (
            body is not BlockSyntax block
            || block.Statements.All(statement =>
                change.IsRemoved(statement) || (statement is ReturnStatementSyntax && statement.Span.Contains(returned.Span))
            )
        );

    /// <summary>The calls of the method; null if there may be others, or it is handed on.</summary>
    public IReadOnlyList<InvocationExpressionSyntax>? Uses(ValueContext context)
    {
        var scopes = new List<SyntaxNode>();
        if (method.MethodKind == MethodKind.LocalFunction)
        {
            scopes.Add(VariableHistory.MemberOf(Declaration.Parent!));
        }
        else
        {
            scopes.AddRange(method.ContainingType.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(context.Cancellation)));
        }

        var calls = new List<InvocationExpressionSyntax>();
        foreach (
            SimpleNameSyntax name in scopes
                .SelectMany(static scope => scope.DescendantNodes())
                .OfType<SimpleNameSyntax>()
                .Where(name => name.Identifier.ValueText == method.Name)
        )
        {
            if (name.SyntaxTree != context.Model.SyntaxTree)
            {
                return null;
            }

            SymbolInfo info = context.Model.GetSymbolInfo(name, context.Cancellation);
            if (info.Symbol is null && info.CandidateSymbols.IsEmpty)
            {
                continue;
            }

            IMethodSymbol? called = (info.Symbol ?? info.CandidateSymbols[0]) as IMethodSymbol;
            if (!SymbolEqualityComparer.Default.Equals((called?.ReducedFrom ?? called)?.OriginalDefinition, method.OriginalDefinition))
            {
                continue;
            }

            ExpressionSyntax expression = name.Parent is MemberAccessExpressionSyntax member && member.Name == name ? member : name;
            if (
                expression.Parent is not InvocationExpressionSyntax call
                || call.Expression != expression
                || Declaration.Span.Contains(call.Span)
            )
            {
                return null;
            }

            calls.Add(call);
        }

        return calls;
    }

    /// <summary>What the only parameter is given.</summary>
    public ExpressionSyntax Argument(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments is [var argument] ? argument.Expression : ((MemberAccessExpressionSyntax)call.Expression).Expression;
}
