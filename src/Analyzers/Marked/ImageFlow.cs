using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
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
    public static IReadOnlyList<string> Receivers(
        MethodDeclarationSyntax forward,
        int imageIndex,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        var fields = new List<string>();
        if (compilation.ModelOf(forward.SyntaxTree) is not { } model)
        {
            return fields;
        }

        var context = new ValueContext(model, symbols, cancellation);
        if (context.Model.GetDeclaredSymbol(forward, cancellation)?.Parameters.ElementAtOrDefault(imageIndex) is not { } image)
        {
            return fields;
        }

        foreach (SyntaxNode node in forward.DescendantNodes())
        {
            if (
                node is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "call" or "forward" }
                }
                && context.Operation(node) is IInvocationOperation { Instance: { } receiver, Arguments: [var argument, ..] }
                && receiver.Unwrap() is IFieldReferenceOperation { Instance: IInstanceReferenceOperation } field
                && !fields.Contains(field.Field.Name)
                && IsImage(argument.Value, image, context, MaximumDepth)
            )
            {
                fields.Add(field.Field.Name);
            }
        }

        return fields;
    }

    /// <summary>
    /// Whether forward does nothing with its image but give it, as it is or with every channel treated alike, to layers: then
    /// what the network computes from three equal channels it computes from one.
    /// </summary>
    public static bool GoesIntoLayersOnly(MethodDeclarationSyntax forward, int imageIndex, ValueContext context)
    {
        if (context.Model.GetDeclaredSymbol(forward, context.Cancellation)?.Parameters.ElementAtOrDefault(imageIndex) is not { } image)
        {
            return false;
        }

        var seen = new HashSet<ISymbol>(SymbolEqualityComparer.Default) { image };
        var open = new Queue<ISymbol>(seen);
        while (open.Count > 0)
        {
            VariableHistory history = context.History(open.Dequeue(), forward);
            if (history.Escapes.Count > 0 || history.Mutations.Count > 0)
            {
                return false;
            }

            foreach (IdentifierNameSyntax read in history.Reads)
            {
                if (context.Operation(read) is not { } operation || !TreatsChannelsAlike(operation, context, out ISymbol? held))
                {
                    return false;
                }

                if (held is not null && seen.Add(held))
                {
                    open.Enqueue(held);
                }
            }
        }

        return true;
    }

    /// <summary>Follows one use of the image as far as a layer, or the variable that holds what was made of it.</summary>
    private static bool TreatsChannelsAlike(IOperation use, ValueContext context, out ISymbol? held)
    {
        held = null;
        while (true)
        {
            switch (use.Parent)
            {
                case IConversionOperation or IParenthesizedOperation:
                    use = use.Parent;
                    continue;
                case IInvocationOperation or IArgumentOperation { Parent: IInvocationOperation } or IBinaryOperation
                    when Alike(use, context) is { } made:
                    use = made;
                    continue;
                case IInvocationOperation invocation when invocation.Instance == use && !context.Symbols.IsTensor(invocation.Type):
                    // Dispose(), size(2), numel().
                    return context.Symbols.IsOfTorch(invocation.TargetMethod);
                case IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "call" or "forward" } call } argument
                    when call.Instance is { } layer && context.Symbols.IsModule(layer.Type):
                    return argument.Parameter?.Ordinal == 0 && MayBeFirst(layer, context);
                case IPropertyReferenceOperation { Property: { IsIndexer: false, Name: var name } }:
                    return name
                        is "shape"
                            or "device"
                            or "dtype"
                            or "device_type"
                            or "device_index"
                            or "requires_grad"
                            or "IsInvalid"
                            or "ndim";
                case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                    held = declarator.Symbol;
                    return true;
                case ISimpleAssignmentOperation { Parent: IExpressionStatementOperation, Target: var target } assignment
                    when assignment.Value == use:
                    held = target.Variable();
                    return held is not null;
                default:
                    return false;
            }
        }
    }

    /// <summary>The tensor that is made of an image with every channel treated alike; null if its use makes none.</summary>
    private static IOperation? Alike(IOperation image, ValueContext context) =>
        image.Parent switch
        {
            IInvocationOperation invocation when invocation.Instance == image => context.Symbols.IsTensor(invocation.Type)
            && IsElementwise(invocation, image, context)
                ? invocation
                : null,
            IArgumentOperation { Parent: IInvocationOperation function, Parameter.Ordinal: 0 } => context.Symbols.IsOfTorch(
                function.TargetMethod
            )
            && (context.Symbols.Does(function.TargetMethod, Effect.KeepsChannels) || IsElementwise(function, image, context))
                ? function
                : null,
            IBinaryOperation binary => context.Symbols.IsTensor(
                (binary.LeftOperand == image ? binary.RightOperand : binary.LeftOperand).Unwrap().Type
            )
                ? null
                : binary,
            _ => null,
        };

    /// <summary>Whether a method changes each number by itself, without another tensor that could differ between channels.</summary>
    private static bool IsElementwise(IInvocationOperation invocation, IOperation image, ValueContext context) =>
        context.Symbols.Does(invocation.TargetMethod, Effect.Elementwise | Effect.ByChannel | Effect.IsItself)
        && invocation.Arguments.All(argument =>
            argument.Value == image
            || !context.Symbols.IsTensor(argument.Value.Unwrap().Type)
            || argument.Value.Unwrap().ConstantValue is { HasValue: true, Value: null }
        );

    /// <summary>Whether a layer can be the first: one that is made for three channels, as a normalization is, cannot.</summary>
    private static bool MayBeFirst(IOperation layer, ValueContext context) =>
        Layers.Creation(layer, context)?.TargetMethod.Name
            is null
                or "Conv1d"
                or "Conv2d"
                or "Conv3d"
                or "ConvTranspose1d"
                or "ConvTranspose2d"
                or "ConvTranspose3d"
                or "Sequential"
                or "Dropout"
                or "Identity"
                or "ReLU"
                or "ReLU6"
                or "MaxPool2d"
                or "AvgPool2d"
                or "AdaptiveAvgPool2d"
                or "Upsample"
                or "ZeroPad2d"
                or "ReflectionPad2d"
                or "ReplicationPad2d"
                or "ConstantPad2d";

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
                    : SymbolEqualityComparer.Default.Equals(variable, image)
                        && (definition.IsKnown || context.History(variable, operation.Syntax).Writes.Count == 0);
            case IInvocationOperation invocation
                when context.Symbols.Does(
                        invocation.TargetMethod,
                        Effect.KeepsShape | Effect.KeepsChannels | Effect.Broadcasts
                    ):
                return invocation.Subject() is { } subject && IsImage(subject, image, context, depth - 1);
            case IBinaryOperation binary:
                return IsImage(binary.LeftOperand, image, context, depth - 1) || IsImage(binary.RightOperand, image, context, depth - 1);
            default:
                return false;
        }
    }
}
