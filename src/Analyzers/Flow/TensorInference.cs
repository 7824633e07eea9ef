using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// Follows a tensor back through the operations of a method, and says what they make known about it. Where several values meet
/// it says what they have in common; what goes through code that is not understood is lost.
/// </summary>
internal sealed partial class TensorInference
{
    private const int MaximumDepth = 24;

    private readonly ValueContext context;

    /// <summary>What is known of writes that meet others; null for one that is being followed, which has come round to itself.</summary>
    private readonly Dictionary<Write, TensorFacts?> met = [];

    /// <summary>The members that are being followed.</summary>
    private readonly HashSet<ISymbol> members = new(SymbolEqualityComparer.Default);

    /// <summary>What the parameters of the method that is being followed were given, by the call that led here.</summary>
    private readonly Arguments given;

    private TensorInference(ValueContext context, Arguments given)
    {
        this.context = context;
        this.given = given;
    }

    public static TensorFacts Facts(IOperation operation, ValueContext context) =>
        new TensorInference(context, Arguments.None).Of(operation, MaximumDepth);

    /// <summary>The same inside a method whose parameter was given something known.</summary>
    public static TensorFacts Facts(IOperation operation, ValueContext context, IParameterSymbol parameter, TensorFacts given)
    {
        Arguments arguments = Arguments.None.Into((IMethodSymbol)parameter.ContainingSymbol);
        arguments.Add(parameter, given, areFromOutside: false);
        return new TensorInference(context, arguments).Of(operation, MaximumDepth);
    }

    private TensorFacts Of(IOperation operation, int depth)
    {
        if (depth == 0)
        {
            return TensorFacts.Lost;
        }

        operation = operation.Unwrap();
        TensorFacts facts = operation switch
        {
            ILocalReferenceOperation or IParameterReferenceOperation => OfVariable(operation, depth),
            IFieldReferenceOperation { Instance: { Type.IsTupleType: true } tuple } field => OfTupleElement(tuple, field, depth),
            IFieldReferenceOperation field => OfMember(field.Field, depth),
            IInvocationOperation invocation => OfInvocation(invocation, depth),
            IBinaryOperation binary => OfBinary(binary.OperatorKind, binary.LeftOperand, binary.RightOperand, depth),
            IUnaryOperation unary => Of(unary.Operand, depth - 1),
            IConditionalOperation { WhenFalse: { } whenFalse } conditional => OfAll([conditional.WhenTrue, whenFalse], depth),
            ISwitchExpressionOperation choice => OfAll(choice.Arms.Select(static arm => arm.Value), depth),
            IConditionalAccessOperation access => Of(access.WhenNotNull, depth - 1),
            ICoalesceOperation coalesce => OfAll([coalesce.Value, coalesce.WhenNull], depth),
            IAwaitOperation wait => IsFromOutside(wait.Operation, depth) ? TensorFacts.Unknown : Of(wait.Operation, depth - 1),
            ISimpleAssignmentOperation assignment => Of(assignment.Value, depth - 1),
            IPropertyReferenceOperation property => OfProperty(property, depth),
            IArrayElementReferenceOperation element => OfElement(element, element.ArrayReference, element.Indices, depth),
            _ => TensorFacts.Lost,
        };

        // A parameter of a network is a weight, not an image.
        return context.Symbols.IsParameter(operation.Type) || Kernels.IsWeight(operation, context) ? facts.AsNoImage() : facts;
    }

    /// <summary>What several values have in common; null and what throws are none.</summary>
    private TensorFacts OfAll(IEnumerable<IOperation> values, int depth)
    {
        TensorFacts? common = null;
        foreach (IOperation value in values)
        {
            if (!IsNoValue(value))
            {
                TensorFacts facts = Of(value, depth - 1);
                common = common is null ? facts : TensorFacts.Common(common, facts);
            }
        }

        return common ?? TensorFacts.Lost;
    }

    private static bool IsNoValue(IOperation value) =>
        value.Unwrap() is IThrowOperation or IDefaultValueOperation or { ConstantValue: { HasValue: true, Value: null } };

    private TensorFacts OfVariable(IOperation reference, int depth)
    {
        ISymbol variable = reference.Variable()!;
        VariableHistory history = context.History(variable, reference.Syntax);
        Definition definition = history.At(reference.Syntax);
        TensorFacts facts = definition.Write is { } only
            ? OfWrite(variable, only, depth)
            : OfWrites(variable, history, history.Reaching(reference.Syntax), depth);
        facts = facts.And(Guards.Facts(variable, reference.Syntax, definition, context));

        SyntaxNode? from = definition.Write?.Site;
        bool isChanged = VariableHistory.Between(history.Escapes, from, reference.Syntax);
        foreach (SyntaxNode mutation in history.Mutations.Where(mutation => VariableHistory.Between([mutation], from, reference.Syntax)))
        {
            if (from is not null && PutsIn(mutation) is { } dimension && VariableHistory.HappensOnce(mutation, from, reference.Syntax))
            {
                facts = facts.Unsqueezed((int)dimension);
                continue;
            }

            isChanged = true;
            facts = ChangesShape(mutation) ? facts.WithoutShape().AsLost() : facts;
        }

        return isChanged ? facts.AsUncertain() : facts;
    }

    /// <summary>All values that a variable ever gets: where they meet, it may be any of them.</summary>
    private TensorFacts OfWrites(ISymbol variable, VariableHistory history, IEnumerable<Write> writes, int depth)
    {
        if (history.IsReferenced)
        {
            return TensorFacts.Lost;
        }

        // A parameter whose declaration is not among the writes is one of a class, or of a query.
        bool isDeclaredElsewhere = variable is IParameterSymbol && !history.Writes.Any(static write => write.IsDeclaration);
        TensorFacts? common = isDeclaredElsewhere ? TensorFacts.Unknown : null;
        foreach (Write write in writes)
        {
            bool isNoValue = write.Value is { } value
                ? context.Operation(value) is { } operation && IsNoValue(operation)
                : write.IsDeclaration && variable is IParameterSymbol { RefKind: RefKind.Out };
            if (isNoValue)
            {
                continue;
            }

            if (!met.TryGetValue(write, out TensorFacts? facts))
            {
                met[write] = null;
                met[write] = facts = OfWrite(variable, write, depth - 1);
            }

            facts ??= TensorFacts.Lost;
            common = common is null ? facts : TensorFacts.Common(common, facts);
        }

        return common ?? TensorFacts.Lost;
    }

    private TensorFacts OfWrite(ISymbol variable, Write write, int depth)
    {
        if (depth <= 0)
        {
            return TensorFacts.Lost;
        }

        if (write.Value is { } value)
        {
            return context.Operation(value) is { } written ? Of(written, depth - 1) : TensorFacts.Lost;
        }

        switch (write.Site)
        {
            case ParameterSyntax:
                return given.Facts(variable);
            case ArgumentSyntax { RefKindKeyword.RawKind: (int)SyntaxKind.OutKeyword } argument:
                return OfOut(argument, depth);
            case SingleVariableDesignationSyntax { Parent: DeclarationExpressionSyntax { Parent: ArgumentSyntax argument } }
                when !argument.RefKindKeyword.IsKind(SyntaxKind.None):
                return OfOut(argument, depth);
            case ForEachStatementSyntax loop:
                return context.Operation(loop.Expression) is { } collection ? OfAnyElement(collection, depth) : TensorFacts.Lost;
            case AssignmentExpressionSyntax assignment:
                return context.Operation(assignment) switch
                {
                    ICompoundAssignmentOperation compound => OfBinary(compound.OperatorKind, compound.Target, compound.Value, depth),
                    ICoalesceAssignmentOperation coalesce => OfAll([coalesce.Target, coalesce.Value], depth),
                    _ => TensorFacts.Lost,
                };
            case SingleVariableDesignationSyntax { Parent: PatternSyntax { Parent: IsPatternExpressionSyntax test } }:
                return context.Operation(test.Expression) is { } tested ? Of(tested, depth - 1) : TensorFacts.Lost;
            case SingleVariableDesignationSyntax designation:
                ExpressionSyntax? apart = designation
                    .Ancestors()
                    .TakeWhile(static ancestor =>
                        ancestor
                            is VariableDesignationSyntax
                                or DeclarationExpressionSyntax
                                or TupleExpressionSyntax
                                or ArgumentSyntax
                                or ForEachVariableStatementSyntax
                                or AssignmentExpressionSyntax
                    )
                    .Select(static ancestor =>
                        ancestor switch
                        {
                            ForEachVariableStatementSyntax loop => loop.Expression,
                            AssignmentExpressionSyntax assigned => assigned.Right,
                            _ => null,
                        }
                    )
                    .FirstOrDefault(static expression => expression is not null);
                return apart is not null && context.Operation(apart) is { } whole && IsFromOutside(whole, depth)
                    ? TensorFacts.Unknown
                    : TensorFacts.Lost;
            default:
                return TensorFacts.Lost;
        }
    }

    /// <summary>What a variable was given where it was made; anything else as it is.</summary>
    private IOperation Written(IOperation operation)
    {
        operation = operation.Unwrap();
        return
            operation is ILocalReferenceOperation local
            && context.Definition(local.Local, local.Syntax).Value is { } value
            && context.Operation(value) is { } written
            ? written.Unwrap()
            : operation;
    }

    /// <summary>A field or a property: all that the source ever assigns to it.</summary>
    private TensorFacts OfMember(ISymbol member, int depth)
    {
        if (!members.Add(member))
        {
            return TensorFacts.Lost;
        }

        MemberValues values = MemberValues.Of(member, context);
        TensorFacts? common =
            values.IsLost ? TensorFacts.Lost
            : values.IsOpen ? TensorFacts.Unknown
            : null;
        if (values.Values.Any(static value => !IsNoValue(value)))
        {
            TensorFacts found = OfAll(values.Values, depth);
            common = common is null ? found : TensorFacts.Common(common, found);
        }

        members.Remove(member);
        return common ?? TensorFacts.Lost;
    }

    /// <summary>The dimension that x.unsqueeze_(0); puts in; null if it is another change.</summary>
    private long? PutsIn(SyntaxNode mutation) =>
        mutation is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "unsqueeze_" } }
        && context.Operation(mutation) is IInvocationOperation call
            ? call.Argument("dim").Constant(context)
            : null;

    private static bool ChangesShape(SyntaxNode mutation) =>
        mutation is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member }
            ? TorchApi.MayBe(member.Name.Identifier.ValueText, Effect.ReshapesInPlace)
            : mutation is ConditionalAccessExpressionSyntax;

    private TensorFacts OfProperty(IPropertyReferenceOperation property, int depth)
    {
        if (property.Instance is null || !context.Symbols.IsTensor(property.Instance.Type))
        {
            return property is { Property.IsIndexer: true, Instance: { } collection }
                ? OfElement(property, collection, [.. property.Arguments.Select(static argument => argument.Value)], depth)
                : OfMember(property.Property, depth);
        }

        return property.Property.IsIndexer ? OfIndexed(property, depth)
            : property.Property.Name is "grad" or "data" or "real" ? Of(property.Instance, depth - 1)
            : TensorFacts.Lost;
    }

    /// <summary>
    /// x[0], x[.., 0], x[.., 0..1]: a number picks from a dimension, which is gone then; a range keeps it. What masks and
    /// indices leave is lost.
    /// </summary>
    private TensorFacts OfIndexed(IPropertyReferenceOperation property, int depth)
    {
        TensorFacts facts = Of(property.Instance!, depth - 1);
        IOperation[] indices = [.. Indices(property)];
        int picked = indices.Count(static index => index.Type is { SpecialType: SpecialType.System_Int64 or SpecialType.System_Int32 });
        if (picked > 0 || !indices.All(static index => index is IRangeOperation))
        {
            return picked == 1 && indices.Length == 1 ? facts.WithoutFirst()
                : picked > 0 ? facts.WithoutShape().WithTaken(picked)
                : facts.WithoutShape().AsLost();
        }

        for (int dimension = 0; dimension < indices.Length; dimension++)
        {
            var range = (IRangeOperation)indices[dimension];
            if (range.LeftOperand is not null || range.RightOperand is not null)
            {
                long? start = range.LeftOperand is null ? 0 : Bound(range.LeftOperand);
                long? end = range.RightOperand is null ? null : Bound(range.RightOperand);
                facts = facts.WithSize(dimension, end - start is > 0 and { } size ? size : null);
            }
        }

        return facts;

        // An end that counts from the back is none that is known.
        static long? Bound(IOperation bound) => bound.Constant() ?? (bound.Unwrap() as IConversionOperation)?.Operand.Constant();
    }

    /// <summary>What stands between the brackets, before it is made an index of a tensor.</summary>
    private static IEnumerable<IOperation> Indices(IPropertyReferenceOperation indexer) =>
        from argument in indexer.Arguments
        from value in argument.Value is IArrayCreationOperation { IsImplicit: true, Initializer: { } initializer }
            ? initializer.ElementValues.AsEnumerable()
            : [argument.Value]
        let index = value.Unwrap()
        select index is IConversionOperation conversion ? conversion.Operand.Unwrap() : index;

    private TensorFacts OfBinary(BinaryOperatorKind kind, IOperation left, IOperation right, int depth)
    {
        bool leftIsTensor = context.Symbols.IsTensor(left.Unwrap().Type);
        bool rightIsTensor = context.Symbols.IsTensor(right.Unwrap().Type);
        if (!leftIsTensor && !rightIsTensor)
        {
            return TensorFacts.Lost;
        }

        TensorFacts facts =
            !rightIsTensor ? Of(left, depth - 1)
            : !leftIsTensor ? Of(right, depth - 1)
            : TensorFacts.Broadcast(Of(left, depth - 1), Of(right, depth - 1));
        return
            kind
                is BinaryOperatorKind.Equals
                    or BinaryOperatorKind.NotEquals
                    or BinaryOperatorKind.LessThan
                    or BinaryOperatorKind.LessThanOrEqual
                    or BinaryOperatorKind.GreaterThan
                    or BinaryOperatorKind.GreaterThanOrEqual
                    or BinaryOperatorKind.And
                    or BinaryOperatorKind.Or
                    or BinaryOperatorKind.ExclusiveOr
            ? facts.AsNoImage()
            : facts;
    }

    private TensorFacts OfInvocation(IInvocationOperation invocation, int depth)
    {
        TorchSymbols symbols = context.Symbols;
        IMethodSymbol method = invocation.TargetMethod;
        Effect effect = symbols.EffectOf(method);
        if (!symbols.IsOfTorch(method))
        {
            return OfCall(invocation, depth);
        }

        if (method.Name is "forward" or "call" && invocation.Instance is { } receiver && invocation.Arguments.Length >= 1)
        {
            return Layers.Facts(receiver, Of(invocation.Arguments[0].Value, depth - 1), context);
        }

        if (TorchSymbols.Is(method.ContainingType, symbols.ImageIO))
        {
            return OfImageReading(invocation);
        }

        if (!symbols.IsTensor(invocation.Type))
        {
            return TensorFacts.Lost;
        }

        if (method.Name == "rgb_to_grayscale")
        {
            long? channels = invocation.Argument("num_output_channels").Constant();
            TensorFacts image = Of(invocation.Arguments[0].Value, depth - 1);
            return channels is null or 1
                ? image.WithSize(-3, 1).AsGray()
                : image.WithSize(-3, image.Size(-3) == 1 ? 1 : TensorFacts.Several);
        }

        if (effect.HasFlag(Effect.GivesNoImage))
        {
            return TensorFacts.Unknown.AsNoImage();
        }

        if (invocation.Instance is null && effect.HasFlag(Effect.Makes))
        {
            return Integers.Constants(Integers.Arguments(invocation, context), context) is { } shape
                ? TensorFacts.OfShape(shape).AsWritten()
                : TensorFacts.Lost;
        }

        if (effect.HasFlag(Effect.TakesNumbers) && TorchSymbols.Is(method.ContainingType, symbols.Torch))
        {
            return OfNumbers(invocation);
        }

        return invocation.Subject() is { } subject ? OfTensorMethod(invocation, subject, depth) : TensorFacts.Lost;
    }

    /// <summary>torch.tensor and its like: the sizes that are listed, or else the rank of the array or list of numbers.</summary>
    private TensorFacts OfNumbers(IInvocationOperation invocation)
    {
        if (Integers.Arguments(invocation, context) is { Count: > 0 } sizes)
        {
            return TensorFacts.OfShape(Integers.Constants(sizes, context)!).AsWritten();
        }

        bool hasSizes = invocation.Arguments.Any(static argument => argument.Parameter?.Name == "dimensions");
        IOperation? numbers = invocation.Arguments.FirstOrDefault(static argument => argument.Parameter?.Ordinal == 0)?.Value.Unwrap();
        return numbers switch
        {
            _ when hasSizes => TensorFacts.Lost,
            { Type: var type } when context.Symbols.IsTensor(type) => Of(numbers, MaximumDepth / 2),
            { Type: IArrayTypeSymbol array } => TensorFacts.Unknown.WithRank(invocation.TargetMethod.Name == "frombuffer" ? 1 : array.Rank),
            { Type: INamedTypeSymbol { Arity: 1 } } when TakesList(invocation.TargetMethod) => TensorFacts.Unknown.WithRank(1),
            { Type: { IsValueType: true } } when !TakesList(invocation.TargetMethod) => TensorFacts.Unknown.WithRank(0),
            _ => TensorFacts.Lost,
        };

        static bool TakesList(IMethodSymbol method) => method.Parameters[0].Type is IArrayTypeSymbol or INamedTypeSymbol { Arity: 1 };
    }

    /// <summary>Whether a padding has more than two pairs of numbers, of which the third is for the channels, or may have.</summary>
    private static bool PadsChannels(IInvocationOperation invocation) =>
        invocation.TargetMethod.Name == "pad"
        && invocation.Argument("pad") is { } numbers
        && numbers.Parent is IArgumentOperation { Parameter.Type: IArrayTypeSymbol or INamedTypeSymbol { Name: "ReadOnlySpan" } }
        && numbers.Unwrap() is not IArrayCreationOperation { Initializer.ElementValues.Length: <= 4 };

    private TensorFacts OfTensorMethod(IInvocationOperation invocation, IOperation subject, int depth)
    {
        // x.unsqueeze_(0) gives what x.unsqueeze(0) gives.
        string name = invocation.TargetMethod.Name;
        Effect effect = context.Symbols.EffectOf(invocation.TargetMethod);
        name = effect.HasFlag(Effect.ReshapesInPlace) ? name.TrimEnd('_') : name;
        if (name is "cat" or "concat" or "concatenate" or "stack")
        {
            return OfJoin(invocation, depth);
        }

        TensorFacts facts = Of(subject, depth - 1);
        if (effect.HasFlag(Effect.KeepsShape))
        {
            return facts;
        }

        if (effect.HasFlag(Effect.KeepsChannels))
        {
            return PadsChannels(invocation) ? facts.WithoutShape().AsLost() : facts.WithoutSpace();
        }

        if (effect.HasFlag(Effect.Broadcasts))
        {
            IOperation? other = invocation
                .Arguments.Select(static argument => argument.Value)
                .FirstOrDefault(value => value.Syntax != subject.Syntax && context.Symbols.IsTensor(value.Unwrap().Type));
            return other is null ? facts : TensorFacts.Broadcast(facts, Of(other, depth - 1));
        }

        // What a reshape makes of numbers is new; what it makes it of may still be lost.
        TensorFacts made = facts.WithoutShape();
        switch (name)
        {
            case "view" or "reshape" or "expand" or "broadcast_to":
                IReadOnlyList<long?>? sizes = Integers.Constants(Integers.Arguments(invocation, context), context);
                if (sizes is null)
                {
                    return made.AsLost();
                }

                TensorFacts shaped = TensorFacts.OfShape(sizes).Inheriting(facts);
                return name == "expand" ? KeepingSizes(shaped, facts, sizes) : shaped.AsWritten();
            case "unsqueeze" when invocation.Argument("dim").Constant() is { } dimension:
                return facts.Unsqueezed((int)dimension);
            case "permute" when Integers.Constants(Integers.Arguments(invocation, context), context) is { } order:
                return facts.Permuted(order);
            case "transpose" or "swapaxes" or "swapdims" or "movedim":
                return facts.Rank is { } rank ? made.WithRank(rank).AsLost() : made.AsLost();
            case "narrow" or "slice" or "index_select" or "repeat_interleave":
                return OfOneDimension(invocation, facts);
            case "flatten":
                return (invocation.Argument("start_dim").Constant(), invocation.Argument("end_dim").Constant()) is (1, -1)
                    ? made.WithRank(2)
                    : facts.WithTaken(1);
            case "squeeze":
                return Squeezed(facts, invocation.Argument("dim").Constant());
            case "repeat" or "tile" when Integers.Constants(Integers.Arguments(invocation, context), context) is { } copies:
                return OfCopies(facts, copies, name == "repeat");
            case "select":
                return invocation.Argument("dim").Constant() == 0 ? facts.WithoutFirst() : facts.WithTaken(1);
            default:
                return effect.HasFlag(Effect.Reduces) ? OfReduction(invocation, facts) : made.AsLost();
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

    private TensorFacts OfJoin(IInvocationOperation invocation, int depth)
    {
        string name = invocation.TargetMethod.Name;
        IOperation? dimensionArgument = invocation.Argument("dim") ?? invocation.Argument("axis");
        if (
            dimensionArgument.Constant() is not { } dimension
            || Sequences.Elements(invocation.Argument("tensors"), context) is not { Count: > 0 } parts
        )
        {
            return TensorFacts.Lost;
        }

        TensorFacts[] facts = [.. parts.Take(8).Select(part => Of(part, depth - 1))];
        if (facts.Length < parts.Count)
        {
            return TensorFacts.Lost;
        }

        TensorFacts common = facts.Aggregate(TensorFacts.Common);
        if (name == "stack")
        {
            return common.Unsqueezed((int)dimension).WithSize((int)dimension, parts.Count);
        }

        long? total = facts.Aggregate((long?)0, (sum, part) => part.Size((int)dimension) is >= 0 and { } size ? sum + size : null);
        return common.WithSize((int)dimension, total ?? (parts.Count > 1 ? TensorFacts.Several : null));
    }

    private TensorFacts OfOneDimension(IInvocationOperation invocation, TensorFacts facts)
    {
        if (Integers.Constants(Integers.Arguments(invocation, context), context) is not [{ } dimension])
        {
            return facts.WithoutShape().AsLost();
        }

        long? size = invocation.TargetMethod.Name switch
        {
            "slice" when invocation.Argument("step").Constant() == 1 => invocation.Argument("finish").Constant()
                - invocation.Argument("start").Constant(),
            "narrow" => invocation.Argument("length").Constant(),
            "repeat_interleave" => TensorFacts.Times(facts.Size((int)dimension), invocation.Argument("repeats").Constant()),
            _ => null,
        };
        return facts.WithSize((int)dimension, size);
    }

    /// <summary>A mean, a maximum: of each dimension that is named, one is left with keepdim and none without.</summary>
    private TensorFacts OfReduction(IInvocationOperation invocation, TensorFacts facts)
    {
        IReadOnlyList<long?>? dimensions = Integers.Constants(Integers.Arguments(invocation, context), context);
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
            ? facts.Rank is { } rank
                ? facts.WithoutShape().WithRank(rank)
                : facts.WithoutShape()
            : dimensions.Aggregate(facts, static (reduced, dimension) => reduced.WithSize((int)dimension!.Value, 1));
    }

    private static TensorFacts Squeezed(TensorFacts facts, long? dimension) =>
        dimension switch
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
        if (!TorchApi.MayBe(invocation.TargetMethod.Name, Effect.ReadsImage))
        {
            return TensorFacts.Lost;
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
