using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Marked;

/// <summary>Which layers of a network its own forward gives the image to, before anything else has changed its channels.</summary>
internal static class ImageFlow
{
    private const int MaximumDepth = 16;

    /// <summary>The names of the fields whose call or forward is given the image, in source order.</summary>
    public static IReadOnlyList<string> Receivers(MethodDeclarationSyntax forward, int imageIndex, Compilation compilation, TorchSymbols symbols, CancellationToken cancellation)
    {
        var fields = new List<string>();
        var context = new ValueContext(compilation.GetSemanticModel(forward.SyntaxTree), symbols, cancellation);
        if (context.Model.GetDeclaredSymbol(forward, cancellation)?.Parameters.ElementAtOrDefault(imageIndex) is not { } image)
        {
            return fields;
        }

        foreach (SyntaxNode node in forward.DescendantNodes())
        {
            if (node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "call" or "forward" } }
                && context.Operation(node) is IInvocationOperation { Instance: { } receiver, Arguments: [var argument, ..] }
                && receiver.Unwrap() is IFieldReferenceOperation { Instance: IInstanceReferenceOperation } field
                && !fields.Contains(field.Field.Name)
                && IsImage(argument.Value, image, context, MaximumDepth))
            {
                fields.Add(field.Field.Name);
            }
        }

        return fields;
    }

    private static bool IsImage(IOperation operation, IParameterSymbol image, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return false;
        }

        operation = operation.Unwrap();
        switch (operation)
        {
            case ILocalReferenceOperation or IParameterReferenceOperation:
                ISymbol variable = operation.Variable()!;
                Definition definition = context.Definition(variable, operation.Syntax);
                return definition.Value is { } value
                    ? context.Operation(value) is { } written && IsImage(written, image, context, depth - 1)
                    : SymbolEqualityComparer.Default.Equals(variable, image) && (definition.IsKnown || context.History(variable, operation.Syntax).Writes.Count == 0);
            case IInvocationOperation invocation when context.Symbols.IsOfTorch(invocation.TargetMethod)
                && (TensorMethods.KeepShape.Contains(invocation.TargetMethod.Name) || TensorMethods.KeepChannels.Contains(invocation.TargetMethod.Name) || TensorMethods.Broadcasting.Contains(invocation.TargetMethod.Name)):
                return invocation.Subject() is { } subject && IsImage(subject, image, context, depth - 1);
            case IBinaryOperation binary:
                return IsImage(binary.LeftOperand, image, context, depth - 1) || IsImage(binary.RightOperand, image, context, depth - 1);
            default:
                return false;
        }
    }
}
