using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>Recognizes the expressions that copy one tensor along one dimension.</summary>
internal static class StackForms
{
    /// <summary>What counts as a stack where no option is at hand.</summary>
    public static readonly ImmutableArray<long> ThreeCopies = ImmutableArray.Create(3L);

    /// <summary>Whether a method's name is that of one that can; asked first, of every call, because it costs nothing.</summary>
    public static bool IsName(string method) => TorchApi.MayBe(method, Effect.Copies);

    public static StackForm? Recognize(IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context)
    {
        TorchSymbols symbols = context.Symbols;
        IMethodSymbol method = invocation.TargetMethod;
        bool isOfTensor = TorchSymbols.Is(method.ContainingType, symbols.Tensor);
        if (!isOfTensor && !TorchSymbols.Is(method.ContainingType, symbols.Torch))
        {
            return null;
        }

        switch (method.Name)
        {
            case "cat" or "concat" or "concatenate" when !isOfTensor:
                return Join(
                    StackKind.Concatenate,
                    invocation,
                    (invocation.Argument("dim") ?? invocation.Argument("axis")).Constant(context),
                    copies,
                    context
                );
            case "stack" when !isOfTensor:
                return Join(StackKind.Stack, invocation, invocation.Argument("dim").Constant(context), copies, context);
            case "hstack" or "column_stack" when !isOfTensor:
                return Join(StackKind.StackHorizontally, invocation, 1, copies, context);
            case "vstack" or "row_stack" when !isOfTensor:
                return Join(StackKind.StackVertically, invocation, 0, copies, context);
            case "dstack" when !isOfTensor:
                return Join(StackKind.StackInDepth, invocation, 2, copies, context);
            case "repeat" when isOfTensor:
                return Repeat(StackKind.Repeat, invocation, copies, context);
            case "tile":
                return Repeat(StackKind.Tile, invocation, copies, context);
            case "expand" when isOfTensor:
            case "broadcast_to":
                return Expand(invocation, copies, context);
            case "expand_as" when isOfTensor:
                return ExpandAs(invocation, copies, context);
            case "repeat_interleave":
                return Interleave(invocation, copies, context);
            case "index_select":
                return IndexSelect(invocation, copies, context);
            case "mul" or "multiply":
                return invocation.Subject() is { } subject && invocation.Arguments.Length > 0
                    ? MultiplyByOnes(invocation, subject, invocation.Arguments[invocation.Arguments.Length - 1].Value, copies, context)
                    : null;
            default:
                return null;
        }
    }

    /// <summary>A call or an operator that copies three times.</summary>
    public static StackForm? Recognize(IOperation operation, ValueContext context) =>
        operation switch
        {
            IInvocationOperation invocation when IsName(invocation.TargetMethod.Name) => Recognize(invocation, ThreeCopies, context),
            IBinaryOperation binary => Recognize(binary, ThreeCopies, context),
            _ => null,
        };

    /// <summary>x * ones(1, 3, 1, 1), either way round.</summary>
    public static StackForm? Recognize(IBinaryOperation binary, ImmutableArray<long> copies, ValueContext context) =>
        binary.OperatorKind == BinaryOperatorKind.Multiply
        && context.Symbols.IsTensor(binary.LeftOperand.Unwrap().Type)
        && context.Symbols.IsTensor(binary.RightOperand.Unwrap().Type)
            ? MultiplyByOnes(binary, binary.LeftOperand, binary.RightOperand, copies, context)
            : null;

    private static StackForm? Join(
        StackKind kind,
        IInvocationOperation invocation,
        long? dimension,
        ImmutableArray<long> copies,
        ValueContext context
    )
    {
        if (
            dimension is not { } known
            || invocation.Arguments.FirstOrDefault(static argument => argument.Parameter?.Ordinal == 0)?.Value is not { } tensors
        )
        {
            return null;
        }

        return
            Sequences.Elements(tensors, context) is { } parts
            && copies.Contains(parts.Count)
            && SameValue.AllSame(parts, context)
            && !ChangedWhileBuilt(parts, invocation, context)
            ? new StackForm(kind, invocation, parts[0], parts.Count, (int)known)
            : null;
    }

    /// <summary>
    /// Whether something changes the tensor between the building of the list and its use: then the parts may have been
    /// meant to differ.
    /// </summary>
    private static bool ChangedWhileBuilt(IReadOnlyList<IOperation> parts, IOperation use, ValueContext context)
    {
        foreach (IOperation part in parts)
        {
            if (SameValue.Copied(part, context).Variable() is not { } variable)
            {
                continue;
            }

            // As the parts were written, and where their aliases were made.
            SyntaxNode from =
                context.Definition(variable, part.Syntax) is { Value: { } value, Write: { } write } && value.Bare() is IdentifierNameSyntax
                    ? write.Site
                    : part.Syntax;
            foreach (ISymbol involved in Aliases(variable, part.Syntax, context))
            {
                if (VariableHistory.Between(context.History(involved, use.Syntax).Mutations, from, use.Syntax))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static IEnumerable<ISymbol> Aliases(ISymbol variable, SyntaxNode use, ValueContext context)
    {
        yield return variable;
        if (
            context.Definition(variable, use).Value?.Bare() is IdentifierNameSyntax name
            && context.Operation(name)?.Variable() is { } aliased
        )
        {
            yield return aliased;
        }
    }

    private static StackForm? Repeat(StackKind kind, IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context)
    {
        if (
            invocation.Subject() is not { } source
            || Integers.Constants(Integers.Arguments(invocation, context), context) is not { } counts
        )
        {
            return null;
        }

        int found = -1;
        for (int index = 0; index < counts.Count; index++)
        {
            if (counts[index] == 1)
            {
                continue;
            }

            if (found >= 0 || counts[index] is not { } count || !copies.Contains(count))
            {
                return null;
            }

            found = index;
        }

        return found < 0 ? null : new StackForm(kind, invocation, source, counts[found]!.Value, found - counts.Count, counts.Count);
    }

    private static StackForm? Expand(IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context)
    {
        if (invocation.Subject() is not { } source)
        {
            return null;
        }

        if (Integers.Arguments(invocation, context) is not { Count: 3 or 4 } sizes)
        {
            return ExpandKeepingRest(invocation, source, copies, context);
        }

        IReadOnlyList<long?> constants = Integers.Constants(sizes, context)!;
        foreach (int dimension in (ReadOnlySpan<int>)[-3, -1])
        {
            if (constants[sizes.Count + dimension] is { } size && copies.Contains(size))
            {
                bool keeps = Enumerable
                    .Range(0, sizes.Count)
                    .All(index =>
                        index == sizes.Count + dimension
                        || constants[index] == -1
                        || IsSizeOf(sizes[index], index - sizes.Count, sizes.Count, source, context)
                    );
                return new StackForm(StackKind.Expand, invocation, source, size, dimension, sizes.Count) { KeepsOthers = keeps };
            }
        }

        return null;
    }

    /// <summary>x.expand([3, .. x.shape[1..]]): what is not written keeps its size, whatever the rank.</summary>
    private static StackForm? ExpandKeepingRest(
        IInvocationOperation invocation,
        IOperation source,
        ImmutableArray<long> copies,
        ValueContext context
    )
    {
        CollectionExpressionSyntax? list = invocation
            .Arguments.Select(argument => Written(argument.Value.Unwrap()))
            .OfType<CollectionExpressionSyntax>()
            .FirstOrDefault();
        if (
            list?.Elements.LastOrDefault() is not SpreadElementSyntax { Expression: ElementAccessExpressionSyntax slice }
            || slice.ArgumentList.Arguments is not [{ Expression: RangeExpressionSyntax { LeftOperand: { } start, RightOperand: null } }]
            || slice.Expression is not MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape", Expression: var sliced }
            || context.Operation(sliced) is not { } tensor
            || !SameValue.AllSame([tensor, source], context)
            || context.Model.GetConstantValue(start, context.Cancellation) is not { HasValue: true, Value: int first }
            || first != list.Elements.Count - 1
        )
        {
            return null;
        }

        StackForm? form = null;
        for (int dimension = 0; dimension < first; dimension++)
        {
            IOperation? size = list.Elements[dimension] is ExpressionElementSyntax element ? context.Operation(element.Expression) : null;
            if (size?.Constant(context) is { } count && copies.Contains(count) && form is null)
            {
                form = new StackForm(StackKind.Expand, invocation, source, count, dimension) { KeepsOthers = true };
            }
            else if (size is null || (size.Constant() != -1 && !IsSizeOf(size, dimension, 0, source, context)))
            {
                return null;
            }
        }

        return form;

        SyntaxNode? Written(IOperation sizes)
        {
            IOperation list = sizes is IConversionOperation conversion ? conversion.Operand.Unwrap() : sizes;
            return list is ILocalReferenceOperation local ? context.Definition(local.Local, local.Syntax).Value?.Bare() : list.Syntax;
        }
    }

    /// <summary>x.shape[2] or x.size(2) of the very tensor: the dimension keeps its size.</summary>
    private static bool IsSizeOf(IOperation size, int dimension, int rank, IOperation source, ValueContext context)
    {
        (IOperation? tensor, IOperation? index) = size.Unwrap() switch
        {
            IArrayElementReferenceOperation { ArrayReference: var array, Indices: [var only] }
                when array.Unwrap() is IPropertyReferenceOperation { Property.Name: "shape" } shape => (shape.Instance, only),
            IInvocationOperation { TargetMethod.Name: "size", Arguments: [var only] } call => (call.Instance, only.Value),
            _ => ((IOperation?)null, (IOperation?)null),
        };
        return tensor is not null
            && index.Constant() is { } number
            && (number == dimension || number == dimension + rank)
            && SameValue.AllSame([tensor, source], context);
    }

    private static StackForm? ExpandAs(IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context)
    {
        if (invocation.Instance is not { } source || invocation.Argument("other") is not { } other)
        {
            return null;
        }

        TensorFacts wanted = TensorInference.Facts(other, context);
        long? channels = wanted.Size(-3);
        return channels is { } count && copies.Contains(count)
            ? new StackForm(StackKind.ExpandAs, invocation, source, count, -3, wanted.Rank ?? 0)
            : null;
    }

    private static StackForm? Interleave(IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context) =>
        invocation.Subject() is { } source
        && invocation.Argument("repeats").Constant(context) is { } count
        && copies.Contains(count)
        && invocation.Argument("dim").Constant(context) is { } dimension
            ? new StackForm(StackKind.Concatenate, invocation, source, count, (int)dimension)
            : null;

    private static StackForm? IndexSelect(IInvocationOperation invocation, ImmutableArray<long> copies, ValueContext context)
    {
        if (
            invocation.Subject() is not { } source
            || invocation.Argument("dim").Constant(context) is not { } dimension
            || invocation.Argument("index") is not { } index
        )
        {
            return null;
        }

        if (
            Made(index, context) is not IInvocationOperation { Instance: null } made
            || !TorchSymbols.Is(made.TargetMethod.ContainingType, context.Symbols.Torch)
        )
        {
            return null;
        }

        long? count = made.TargetMethod.Name switch
        {
            "zeros" when Integers.Constants(Integers.Arguments(made, context), context) is [var length] => length,
            "tensor"
            or "as_tensor"
                when made.Arguments.Length > 0
                    && Sequences.Elements(made.Arguments[0].Value, context) is { } elements
                    && elements.All(static element => element.Constant() == 0) => elements.Count,
            _ => null,
        };
        return count is { } known && copies.Contains(known)
            ? new StackForm(StackKind.Concatenate, invocation, source, known, (int)dimension)
            : null;
    }

    /// <summary>Where a tensor was made, back through a variable and what only moves it.</summary>
    private static IOperation Made(IOperation tensor, ValueContext context)
    {
        const int MaximumSteps = 8;
        tensor = tensor.Unwrap();
        for (int step = 0; step < MaximumSteps; step++)
        {
            if (
                tensor is ILocalReferenceOperation local
                && context.Definition(local.Local, local.Syntax).Value is { } value
                && context.Operation(value) is { } written
            )
            {
                tensor = written.Unwrap();
            }
            else if (
                tensor is IInvocationOperation { Instance: { } instance } moved
                && context.Symbols.Does(moved.TargetMethod, Effect.Moves)
                && context.Symbols.IsTensor(instance.Type)
            )
            {
                tensor = instance.Unwrap();
            }
            else
            {
                break;
            }
        }

        return tensor;
    }

    private static StackForm? MultiplyByOnes(
        IOperation whole,
        IOperation left,
        IOperation right,
        ImmutableArray<long> copies,
        ValueContext context
    )
    {
        foreach ((IOperation source, IOperation ones) in (ReadOnlySpan<(IOperation, IOperation)>)[(left, right), (right, left)])
        {
            if (!context.Symbols.IsTensor(source.Unwrap().Type))
            {
                continue;
            }

            // Most products are of other tensors: seen before any variable is followed.
            if (
                ones.Unwrap() is ILocalReferenceOperation { Local: var local }
                && !local.IsMadeBy(static method => method == "ones", context.Cancellation)
            )
            {
                continue;
            }

            IOperation made = Made(ones, context);
            if (
                made is IInvocationOperation { Instance: null, TargetMethod.Name: "ones" } creation
                && TorchSymbols.Is(creation.TargetMethod.ContainingType, context.Symbols.Torch)
                && Integers.Constants(Integers.Arguments(creation, context), context) is [.., { } count, 1, 1] shape
                && shape.Count is 3 or 4
                && copies.Contains(count)
                && (shape.Count == 3 || shape[0] == 1)
            )
            {
                return new StackForm(StackKind.MultiplyByOnes, whole, source, count, -3, shape.Count);
            }
        }

        return null;
    }
}
