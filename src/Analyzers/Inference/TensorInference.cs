using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Inference;

/// <summary>
/// Follows a tensor back through the operations of a method, and says what they make known about it. Whatever is not
/// understood says nothing.
/// </summary>
internal static class TensorInference
{
    private const int MaximumDepth = 24;

    public static TensorFacts Facts(IOperation operation, ValueContext context) => Of(operation, context, MaximumDepth);

    private static TensorFacts Of(IOperation operation, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return TensorFacts.Unknown;
        }

        operation = operation.Unwrap();
        TensorFacts facts = operation switch
        {
            ILocalReferenceOperation or IParameterReferenceOperation => OfVariable(operation, context, depth),
            IFieldReferenceOperation { Instance: { Type.IsTupleType: true } tuple } => Of(tuple, context, depth - 1).IsNoImage ? TensorFacts.Unknown.AsNoImage() : TensorFacts.Unknown,
            IFieldReferenceOperation field => context.FieldValue(field.Field) is { } value ? Of(value, context, depth - 1) : TensorFacts.Unknown,
            IInvocationOperation invocation => OfInvocation(invocation, context, depth),
            IBinaryOperation binary => OfBinary(binary, context, depth),
            IUnaryOperation unary => Of(unary.Operand, context, depth - 1),
            IConditionalOperation { WhenFalse: { } whenFalse } conditional => TensorFacts.Common(Of(conditional.WhenTrue, context, depth - 1), Of(whenFalse, context, depth - 1)),
            IConditionalAccessOperation access => Of(access.WhenNotNull, context, depth - 1),
            ICoalesceOperation coalesce => TensorFacts.Common(Of(coalesce.Value, context, depth - 1), Of(coalesce.WhenNull, context, depth - 1)),
            IAwaitOperation wait => Of(wait.Operation, context, depth - 1),
            ISimpleAssignmentOperation assignment => Of(assignment.Value, context, depth - 1),
            IPropertyReferenceOperation property => OfProperty(property, context, depth),
            IArrayElementReferenceOperation element => OfElement(element, context, depth),
            _ => TensorFacts.Unknown,
        };

        // A parameter of a network is a weight, not an image.
        return context.Symbols.IsParameter(operation.Type) || Kernels.IsWeight(operation, context) ? facts.AsNoImage() : facts;
    }

    private static TensorFacts OfVariable(IOperation reference, ValueContext context, int depth)
    {
        ISymbol variable = reference.Variable()!;
        VariableHistory history = context.History(variable, reference.Syntax);
        Definition definition = history.At(reference.Syntax);
        TensorFacts facts = definition.Value is { } value && context.Operation(value) is { } written
            ? Of(written, context, depth - 1)
            : TensorFacts.Unknown;
        facts = facts.And(Guards.Facts(variable, reference.Syntax, definition, context));

        SyntaxNode? from = definition.Write?.Site;
        if (history.Mutations.Any(mutation => ChangesShape(mutation) && VariableHistory.Between([mutation], from, reference.Syntax)))
        {
            facts = facts.WithoutShape();
        }

        return VariableHistory.Between(history.Mutations, from, reference.Syntax) || VariableHistory.Between(history.Escapes, from, reference.Syntax)
            ? facts.AsUncertain()
            : facts;
    }

    private static bool ChangesShape(SyntaxNode mutation) =>
        mutation is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member }
            ? TensorMethods.ReshapeInPlace.Contains(member.Name.Identifier.ValueText)
            : mutation is ConditionalAccessExpressionSyntax;

    private static TensorFacts OfProperty(IPropertyReferenceOperation property, ValueContext context, int depth)
    {
        if (property.Instance is null || !context.Symbols.IsTensor(property.Instance.Type))
        {
            return TensorFacts.Unknown;
        }

        // x[0], x[.., 0]: a number picks from a dimension, which is gone then. What slices and masks leave is not followed.
        if (property.Property.IsIndexer)
        {
            int picked = Indices(property).Count(static index => index.Type is { SpecialType: SpecialType.System_Int64 or SpecialType.System_Int32 });
            TensorFacts facts = Of(property.Instance, context, depth - 1);
            return picked == 1 && Indices(property).Count() == 1 ? facts.WithoutFirst() : facts.WithoutShape().WithTaken(picked);
        }

        return property.Property.Name is "grad" or "data" or "real" ? Of(property.Instance, context, depth - 1) : TensorFacts.Unknown;
    }

    /// <summary>What stands between the brackets, before it is made an index of a tensor.</summary>
    private static IEnumerable<IOperation> Indices(IPropertyReferenceOperation indexer) =>
        from argument in indexer.Arguments
        from value in argument.Value is IArrayCreationOperation { IsImplicit: true, Initializer: { } initializer } ? initializer.ElementValues.AsEnumerable() : [argument.Value]
        let index = value.Unwrap()
        select index is IConversionOperation conversion ? conversion.Operand.Unwrap() : index;

    /// <summary>One of several tensors that a method gave.</summary>
    private static TensorFacts OfElement(IArrayElementReferenceOperation element, ValueContext context, int depth)
    {
        IOperation array = element.ArrayReference.Unwrap();
        if (array is ILocalReferenceOperation local && context.Definition(local.Local, local.Syntax).Value is { } value && context.Operation(value) is { } written)
        {
            array = written.Unwrap();
        }

        return array is IInvocationOperation { TargetMethod.Name: "meshgrid" } && depth > 0 ? TensorFacts.Unknown.AsNoImage() : TensorFacts.Unknown;
    }

    private static TensorFacts OfBinary(IBinaryOperation binary, ValueContext context, int depth)
    {
        bool leftIsTensor = context.Symbols.IsTensor(binary.LeftOperand.Unwrap().Type);
        bool rightIsTensor = context.Symbols.IsTensor(binary.RightOperand.Unwrap().Type);
        if (!leftIsTensor && !rightIsTensor)
        {
            return TensorFacts.Unknown;
        }

        TensorFacts facts = !rightIsTensor ? Of(binary.LeftOperand, context, depth - 1)
            : !leftIsTensor ? Of(binary.RightOperand, context, depth - 1)
            : TensorFacts.Broadcast(Of(binary.LeftOperand, context, depth - 1), Of(binary.RightOperand, context, depth - 1));
        return binary.OperatorKind is BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals or BinaryOperatorKind.LessThan or BinaryOperatorKind.LessThanOrEqual
            or BinaryOperatorKind.GreaterThan or BinaryOperatorKind.GreaterThanOrEqual or BinaryOperatorKind.And or BinaryOperatorKind.Or or BinaryOperatorKind.ExclusiveOr
            ? facts.AsNoImage()
            : facts;
    }

    private static TensorFacts OfInvocation(IInvocationOperation invocation, ValueContext context, int depth)
    {
        TorchSymbols symbols = context.Symbols;
        IMethodSymbol method = invocation.TargetMethod;
        if (!symbols.IsOfTorch(method))
        {
            // A method of the program's own, or a delegate.
            return TensorFacts.Unknown;
        }

        if (method.Name is "forward" or "call" && invocation.Instance is { } receiver && invocation.Arguments.Length >= 1)
        {
            return Layers.Facts(receiver, Of(invocation.Arguments[0].Value, context, depth - 1), context);
        }

        if (TorchSymbols.Is(method.ContainingType, symbols.ImageIO))
        {
            return OfImageReading(invocation);
        }

        if (!symbols.IsTensor(invocation.Type))
        {
            return TensorFacts.Unknown;
        }

        if (method.Name == "rgb_to_grayscale")
        {
            long? channels = invocation.Argument("num_output_channels").Constant();
            TensorFacts image = Of(invocation.Arguments[0].Value, context, depth - 1);
            return channels is null or 1 ? image.WithSize(-3, 1).AsGray() : image.WithSize(-3, image.Size(-3) == 1 ? 1 : TensorFacts.Several);
        }

        if (TensorMethods.GiveNoImage.Contains(method.Name))
        {
            return TensorFacts.Unknown.AsNoImage();
        }

        if (invocation.Instance is null && TensorMethods.Factories.Contains(method.Name))
        {
            return Integers.Constants(Integers.Arguments(invocation, context)) is { } shape ? TensorFacts.OfShape(shape) : TensorFacts.Unknown;
        }

        return invocation.Subject() is { } subject ? OfTensorMethod(invocation, subject, context, depth) : TensorFacts.Unknown;
    }

    private static TensorFacts OfTensorMethod(IInvocationOperation invocation, IOperation subject, ValueContext context, int depth)
    {
        string name = invocation.TargetMethod.Name;
        if (name is "cat" or "concat" or "concatenate" or "stack")
        {
            return OfJoin(invocation, context, depth);
        }

        TensorFacts facts = Of(subject, context, depth - 1);
        if (TensorMethods.KeepShape.Contains(name))
        {
            return facts;
        }

        if (TensorMethods.KeepChannels.Contains(name))
        {
            return facts.WithoutSpace();
        }

        if (TensorMethods.Broadcasting.Contains(name))
        {
            IOperation? other = invocation.Arguments.Select(static argument => argument.Value).FirstOrDefault(value => value.Syntax != subject.Syntax && context.Symbols.IsTensor(value.Unwrap().Type));
            return other is null ? facts : TensorFacts.Broadcast(facts, Of(other, context, depth - 1));
        }

        TensorFacts made = facts.WithoutShape();
        switch (name)
        {
            case "view" or "reshape" or "expand" or "broadcast_to":
                IReadOnlyList<long?>? sizes = Integers.Constants(Integers.Arguments(invocation, context));
                if (sizes is null)
                {
                    return made;
                }

                TensorFacts shaped = TensorFacts.OfShape(sizes).Inheriting(facts);
                return name == "expand" ? KeepingSizes(shaped, facts, sizes) : shaped;
            case "unsqueeze" when invocation.Argument("dim").Constant() is { } dimension:
                return facts.Unsqueezed((int)dimension);
            case "permute" when Integers.Constants(Integers.Arguments(invocation, context)) is { } order:
                return facts.Permuted(order);
            case "transpose" or "swapaxes" or "swapdims" or "movedim":
                return facts.Rank is { } rank ? made.WithRank(rank) : made;
            case "narrow" or "index_select" or "repeat_interleave":
                return OfOneDimension(invocation, facts, context);
            case "flatten":
                return (invocation.Argument("start_dim").Constant(), invocation.Argument("end_dim").Constant()) is (1, -1) ? made.WithRank(2) : facts.WithTaken(1);
            case "squeeze":
                return Squeezed(facts, invocation.Argument("dim").Constant());
            case "repeat" or "tile" when Integers.Constants(Integers.Arguments(invocation, context)) is { } copies:
                return OfCopies(facts, copies, name == "repeat");
            case "select":
                return invocation.Argument("dim").Constant() == 0 ? facts.WithoutFirst() : facts.WithTaken(1);
            default:
                return TensorMethods.Reductions.Contains(name) ? OfReduction(invocation, facts, context) : made;
        }
    }

    /// <summary>expand: -1 keeps the size of the dimension.</summary>
    private static TensorFacts KeepingSizes(TensorFacts shaped, TensorFacts source, IReadOnlyList<long?> sizes)
    {
        for (int dimension = 1; dimension <= sizes.Count; dimension++)
        {
            if (sizes[sizes.Count - dimension] == -1)
            {
                shaped = shaped.WithSize(sizes.Count - dimension, source.Size(-dimension));
            }
        }

        return shaped;
    }

    private static TensorFacts OfJoin(IInvocationOperation invocation, ValueContext context, int depth)
    {
        string name = invocation.TargetMethod.Name;
        IOperation? dimensionArgument = invocation.Argument("dim") ?? invocation.Argument("axis");
        if (dimensionArgument.Constant() is not { } dimension
            || Sequences.Elements(invocation.Argument("tensors"), context) is not { Count: > 0 } parts)
        {
            return TensorFacts.Unknown;
        }

        TensorFacts[] facts = [.. parts.Take(8).Select(part => Of(part, context, depth - 1))];
        if (facts.Length < parts.Count)
        {
            return TensorFacts.Unknown;
        }

        TensorFacts common = facts.Aggregate(TensorFacts.Common);
        if (name == "stack")
        {
            return common.Unsqueezed((int)dimension).WithSize((int)dimension, parts.Count);
        }

        long? total = facts.Aggregate((long?)0, (sum, part) => part.Size((int)dimension) is >= 0 and { } size ? sum + size : null);
        return common.WithSize((int)dimension, total ?? (parts.Count > 1 ? TensorFacts.Several : null));
    }

    private static TensorFacts OfOneDimension(IInvocationOperation invocation, TensorFacts facts, ValueContext context)
    {
        if (Integers.Constants(Integers.Arguments(invocation, context)) is not [{ } dimension])
        {
            return facts.WithoutShape();
        }

        long? size = invocation.TargetMethod.Name switch
        {
            "narrow" => invocation.Argument("length").Constant(),
            "repeat_interleave" => TensorFacts.Times(facts.Size((int)dimension), invocation.Argument("repeats").Constant()),
            _ => null,
        };
        return facts.WithSize((int)dimension, size);
    }

    /// <summary>A mean, a maximum: of each dimension that is named, one is left with keepdim and none without.</summary>
    private static TensorFacts OfReduction(IInvocationOperation invocation, TensorFacts facts, ValueContext context)
    {
        IReadOnlyList<long?>? dimensions = Integers.Constants(Integers.Arguments(invocation, context));
        if (dimensions is null or [])
        {
            // All of them, or nobody knows which.
            return invocation.Flag("keepdim") ? facts.WithoutShape() : facts.WithoutShape().WithTaken(2);
        }

        if (!invocation.Flag("keepdim"))
        {
            return facts.WithTaken(dimensions.Count);
        }

        return dimensions.Contains(null)
            ? facts.Rank is { } rank ? facts.WithoutShape().WithRank(rank) : facts.WithoutShape()
            : dimensions.Aggregate(facts, static (reduced, dimension) => reduced.WithSize((int)dimension!.Value, 1));
    }

    private static TensorFacts Squeezed(TensorFacts facts, long? dimension) => dimension switch
    {
        // Without a dimension, any may go.
        null => facts.WithoutShape().WithTaken(1),
        { } known when facts.Size((int)known) is null or 1 => (int)known == 0 ? facts.WithoutFirst() : facts.WithTaken(1),
        _ => facts,
    };

    private static TensorFacts OfCopies(TensorFacts facts, IReadOnlyList<long?> copies, bool setsRank)
    {
        TensorFacts result = facts;
        if (setsRank || facts.Rank < copies.Count)
        {
            // What is in front of the tensor's own dimensions is new.
            result = facts.WithoutShape().WithRank(copies.Count);
            for (int dimension = -1; dimension >= -copies.Count; dimension--)
            {
                long? size = facts.Rank is { } rank && -dimension > rank ? 1 : facts.Size(dimension);
                result = result.WithSize(dimension, size);
            }
        }

        for (int dimension = -1; dimension >= -copies.Count; dimension--)
        {
            long? copy = copies[copies.Count + dimension];
            if (copy != 1)
            {
                result = result.WithSize(dimension, TensorFacts.Times(result.Size(dimension), copy));
            }
        }

        return result;
    }

    private static TensorFacts OfImageReading(IInvocationOperation invocation)
    {
        if (!invocation.TargetMethod.Name.StartsWith("read_image", StringComparison.Ordinal) && !invocation.TargetMethod.Name.StartsWith("decode_image", StringComparison.Ordinal))
        {
            return TensorFacts.Unknown;
        }

        TensorFacts image = TensorFacts.OfShape([null, null, null]);
        return (invocation.Argument("mode")?.Unwrap() as IFieldReferenceOperation)?.Field.Name switch
        {
            "GRAY" => image.WithSize(0, 1).AsGray(),
            "GRAY_ALPHA" => image.WithSize(0, 2),
            "RGB" => image.WithSize(0, 3),
            "RGB_ALPHA" => image.WithSize(0, 4),
            _ => image,
        };
    }
}
