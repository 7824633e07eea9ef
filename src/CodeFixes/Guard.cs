using ChannelGen.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.CodeFixes;

/// <summary>Takes out a statement that stacks, and the condition around it if it has no other use.</summary>
internal static class Guard
{
    /// <summary>False where the statement cannot be taken out by itself.</summary>
    public static bool Remove(StatementSyntax statement, SourceChange change, ValueContext context)
    {
        SyntaxNode outermost = statement.Parent is BlockSyntax { Statements.Count: 1, Parent: IfStatementSyntax } only ? only : statement;
        if (outermost.Parent is IfStatementSyntax { Else: null } guard && guard.Statement == outermost)
        {
            if (PureCondition.Is(guard.Condition, context) && IsListed(guard))
            {
                change.Remove(guard);
                Unused.Remove(guard.Condition, change, context);
                return true;
            }
        }

        if (!IsListed(statement))
        {
            return false;
        }

        change.Remove(statement);
        return true;
    }

    private static bool IsListed(StatementSyntax statement) =>
        statement.Parent is BlockSyntax or GlobalStatementSyntax or SwitchSectionSyntax { Statements.Count: > 1 };
}
