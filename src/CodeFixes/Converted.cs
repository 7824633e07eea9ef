using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Networks that take gray images already: wrappers and views.</summary>
internal static class Converted
{
    public static bool Is(ITypeSymbol type, ExpressionSyntax? receiver) =>
        IsView(type)
        || TorchSymbols.DerivesFromOurs(type, "GrayscaleModule")
        || receiver?.Bare() is InvocationExpressionSyntax
        {
            Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToGrayscale" or "AsGrayscale" },
        };

    public static bool IsView(ITypeSymbol type) => TorchSymbols.DerivesFromOurs(type, "GrayscaleView");

    /// <summary>A local that holds net.ToGrayscale() wherever the call is reached.</summary>
    public static string? Wrapper(ExpressionSyntax receiver, SyntaxNode call, ValueContext context)
    {
        if (context.Model.GetSymbolInfo(receiver.Bare(), context.Cancellation).Symbol is not { } network)
        {
            return null;
        }

        for (SyntaxNode? node = call; node is not null and not MemberDeclarationSyntax; node = node.Parent)
        {
            IEnumerable<StatementSyntax> before =
                node.Parent is BlockSyntax block ? block.Statements.TakeWhile(statement => statement != node)
                : node is GlobalStatementSyntax { Parent: CompilationUnitSyntax file }
                    ? file
                        .Members.OfType<GlobalStatementSyntax>()
                        .TakeWhile(global => global != node)
                        .Select(static global => global.Statement)
                : [];
            foreach (StatementSyntax statement in before)
            {
                if (
                    statement is LocalDeclarationStatementSyntax { Declaration.Variables: [var declarator] }
                    && declarator.Initializer?.Value is InvocationExpressionSyntax { ArgumentList.Arguments.Count: 0 } conversion
                    && conversion.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToGrayscale" } member
                    && SymbolEqualityComparer.Default.Equals(
                        context.Model.GetSymbolInfo(member.Expression, context.Cancellation).Symbol,
                        network
                    )
                    && context.Model.GetDeclaredSymbol(declarator, context.Cancellation) is ILocalSymbol wrapper
                    && context.History(wrapper, call).Writes.Count == 1
                    && (
                        network is not (ILocalSymbol or IParameterSymbol)
                        || context.Definition(network, declarator).Write == context.Definition(network, call).Write
                    )
                )
                {
                    return declarator.Identifier.Text;
                }
            }
        }

        return null;
    }

    /// <summary>The class of a network, if it is written in this project, and is not marked but could be.</summary>
    public static INamedTypeSymbol? MarkableClass(ITypeSymbol type, ValueContext context) =>
        type is INamedTypeSymbol { IsAbstract: false, IsFileLocal: false } named
        && named.IsWrittenIn(context.Model.Compilation)
        && !named.GetAttributes().Any(MarkedClassParser.IsMark)
            ? named
            : null;
}
