using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <content>What arrays, lists, dictionaries and tuples hold.</content>
internal sealed partial class TensorInference
{
    /// <summary>
    /// Whether a collection, a tuple or a task comes in from outside as it is, as a method's own parameter does or what a data
    /// loader gives: then what it holds is as free as a parameter.
    /// </summary>
    private bool IsFromOutside(IOperation operation, int depth)
    {
        operation = operation.Unwrap();
        if (depth <= 0)
        {
            return false;
        }

        if (context.Symbols.IsDataLoader(operation.Type))
        {
            return true;
        }

        switch (operation)
        {
            case ILocalReferenceOperation or IParameterReferenceOperation:
                VariableHistory history = context.History(operation.Variable()!, operation.Syntax);
                Definition definition = history.At(operation.Syntax);
                if (history.Mutations.Count > 0)
                {
                    return false;
                }

                return definition.Write switch
                {
                    null => operation is IParameterReferenceOperation && history.Writes.Count == 0,
                    { Site: ParameterSyntax } => given.AreFromOutside(operation.Variable()!),
                    { Site: ForEachStatementSyntax loop } => context.Operation(loop.Expression) is { } collection
                        && IsFromOutside(collection, depth - 1),
                    { Value: { } value } => context.Operation(value) is { } written && IsFromOutside(written, depth - 1),
                    _ => false,
                };
            case IArrayElementReferenceOperation element:
                return IsFromOutside(element.ArrayReference, depth - 1);
            case IPropertyReferenceOperation { Property.IsIndexer: true, Instance: { } instance }:
                return IsFromOutside(instance, depth - 1);
            case IFieldReferenceOperation { Instance: { Type.IsTupleType: true } tuple }:
                return IsFromOutside(tuple, depth - 1);
            case IAwaitOperation wait:
                return IsFromOutside(wait.Operation, depth - 1);
            default:
                return false;
        }
    }

    /// <summary>(x, 1).Item1, where the source shows the tuple, or it comes from outside.</summary>
    private TensorFacts OfTupleElement(IOperation tuple, IFieldReferenceOperation field, int depth)
    {
        IOperation whole = Written(tuple);
        if (
            whole is ITupleOperation { Elements: var elements }
            && tuple.Type is INamedTypeSymbol { TupleElements: var fields }
            && fields.IndexOf(field.Field, 0, SymbolEqualityComparer.Default) is >= 0 and var index
            && index < elements.Length
        )
        {
            return Of(elements[index], depth - 1);
        }

        return IsFromOutside(tuple, depth) ? TensorFacts.Unknown
            : Of(tuple, depth - 1).IsNoImage ? TensorFacts.Lost.AsNoImage()
            : TensorFacts.Lost;
    }

    /// <summary>One of several tensors: those that the source shows, that a method gave, or that come from outside.</summary>
    private TensorFacts OfElement(IOperation element, IOperation collection, IReadOnlyList<IOperation> indices, int depth)
    {
        if (Sequences.Elements(collection, context) is { } elements)
        {
            return indices is [var index] && index.Constant() is >= 0 and { } position && position < elements.Count
                ? Of(elements[(int)position], depth - 1)
                : OfAll(elements, depth);
        }

        if (IsFromOutside(element, depth))
        {
            return TensorFacts.Unknown;
        }

        return Written(collection) is IInvocationOperation { TargetMethod.Name: "meshgrid" }
            ? TensorFacts.Lost.AsNoImage()
            : TensorFacts.Lost;
    }

    /// <summary>Whichever element of a collection a loop is at.</summary>
    private TensorFacts OfAnyElement(IOperation collection, int depth) =>
        Sequences.Elements(collection, context) is { } elements ? OfAll(elements, depth)
        : IsFromOutside(collection, depth) ? TensorFacts.Unknown
        : TensorFacts.Lost;
}
