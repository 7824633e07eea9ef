using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>Tensors that are the weights of layers: where they come from, and what is put in their place.</summary>
internal static class Kernels
{
    private const int MaximumDepth = 8;

    /// <summary>A convolution's weight, or a state dictionary's, also through copies of it.</summary>
    public static bool IsKernel(IOperation operation, ValueContext context) => IsKernel(operation, context, MaximumDepth);

    /// <summary>Whether a value, as it is or moved, becomes the weight of a layer.</summary>
    public static bool GoIntoLayer(IOperation value, ValueContext context) => GoIntoLayer(value, scaled: false, context, MaximumDepth);

    /// <summary>The same for a value that may be multiplied by a number on the way.</summary>
    public static bool GoIntoLayerScaled(IOperation value, ValueContext context) => GoIntoLayer(value, scaled: true, context, MaximumDepth);

    /// <summary>conv.weight or stateDict["conv1.weight"] itself.</summary>
    public static bool IsWeight(IOperation operation, ValueContext context) =>
        operation is IPropertyReferenceOperation property
        && (
            property.Property.IsIndexer
                ? property.Arguments is [{ Value.ConstantValue: { HasValue: true, Value: string name } }]
                    && name.EndsWith("weight", StringComparison.Ordinal)
                    && context.Symbols.IsTensor(property.Type)
                : property.Property.Name == "weight" && context.Symbols.IsConvolution(property.Property.ContainingType)
        );

    /// <summary>The in_channels of the convolution whose weight it is; null if its making is not in sight.</summary>
    public static long? ChannelsOf(IOperation kernel, ValueContext context)
    {
        for (int depth = MaximumDepth; depth > 0; depth--)
        {
            switch (kernel.Unwrap())
            {
                case IPropertyReferenceOperation { Property.IsIndexer: false, Instance: { } layer }:
                    return Layers.Creation(layer, context)?.Argument("in_channels").Constant();
                case IInvocationOperation copy when copy.Subject() is { } subject:
                    kernel = subject;
                    continue;
                case ILocalReferenceOperation local
                    when context.Definition(local.Local, local.Syntax).Value is { } value && context.Operation(value) is { } written:
                    kernel = written;
                    continue;
                default:
                    return null;
            }
        }

        return null;
    }

    private static bool IsKernel(IOperation operation, ValueContext context, int depth)
    {
        operation = operation.Unwrap();
        return depth > 0
            && operation switch
            {
                IPropertyReferenceOperation => IsWeight(operation, context),
                IInvocationOperation copy
                    when context.Symbols.Does(copy.TargetMethod, Effect.Moves) && copy.Subject() is { } subject => IsKernel(
                    subject,
                    context,
                    depth - 1
                ),
                ILocalReferenceOperation local => context.Definition(local.Local, local.Syntax).Value is { } value
                    && context.Operation(value) is { } written
                    && IsKernel(written, context, depth - 1),
                _ => false,
            };
    }

    private static bool GoIntoLayer(IOperation value, bool scaled, ValueContext context, int depth)
    {
        IOperation use = value;
        while (depth-- > 0)
        {
            switch (use.Parent)
            {
                case IConversionOperation or IParenthesizedOperation:
                    use = use.Parent;
                    continue;
                case IInvocationOperation copy
                    when copy.Instance == use
                        && (
                            context.Symbols.Does(copy.TargetMethod, Effect.Moves)
                            || (scaled && copy.TargetMethod.Name is "div" or "div_" or "mul" or "mul_")
                        )
                        && context.Symbols.IsTensor(copy.Type):
                    use = copy;
                    continue;
                case IBinaryOperation { OperatorKind: BinaryOperatorKind.Divide or BinaryOperatorKind.Multiply } product when scaled:
                    use = product;
                    continue;
                case IArgumentOperation { Parent: IObjectCreationOperation { Type: { } type } creation }
                    when context.Symbols.IsParameter(type):
                    use = creation;
                    continue;
                case IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "Parameter" } factory }
                    when context.Symbols.IsOfTorch(factory.TargetMethod):
                    use = factory;
                    continue;
                case IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "copy_" or "set_", Instance: { } target } }:
                    return IsKernel(target, context, MaximumDepth);
                case ISimpleAssignmentOperation assignment when assignment.Value == use:
                    return IsWeight(assignment.Target, context);
                case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                    int rest = depth;
                    VariableHistory history = context.History(declarator.Symbol, use.Syntax);
                    return (scaled || history.Mutations.Count == 0)
                        && history.Reads.Any(read =>
                            context.Operation(read) is { } operation && GoIntoLayer(operation, scaled, context, rest)
                        );
                default:
                    return false;
            }
        }

        return false;
    }
}
