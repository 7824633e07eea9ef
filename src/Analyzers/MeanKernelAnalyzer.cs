using System.Collections.Immutable;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers;

/// <summary>CG0003: the mean of the color kernels, put into a layer, where their sum is right.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class MeanKernelAnalyzer : TorchAnalyzer
{
    private const int MaximumDepth = 8;

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Descriptors.MeanKernel);

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        if (symbols.Convolution is null)
        {
            return;
        }

        context.RegisterOperationAction(
            operation =>
            {
                var mean = (IInvocationOperation)operation.Operation;
                if (mean.TargetMethod.Name != "mean" || !mean.Flag("keepdim") || mean.Subject() is not { } weight || !symbols.IsOfTorch(mean.TargetMethod))
                {
                    return;
                }

                var values = new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
                if (Integers.Constants(Integers.Arguments(mean, values)) is [1 or -3]
                    && IsKernel(weight, values, MaximumDepth)
                    && GoesIntoLayer(mean, values, MaximumDepth))
                {
                    operation.ReportDiagnostic(Diagnostic.Create(Descriptors.MeanKernel, mean.Syntax.GetLocation(), weight.Syntax.ToString()));
                }
            },
            OperationKind.Invocation);
    }

    /// <summary>A convolution's weight, or a state dictionary's, also through copies of it.</summary>
    private static bool IsKernel(IOperation operation, ValueContext context, int depth)
    {
        operation = operation.Unwrap();
        return depth > 0 && operation switch
        {
            IPropertyReferenceOperation property when IsWeight(property, context) => true,
            IPropertyReferenceOperation { Arguments: [var key] } entry => IsWeightEntry(entry, key, context),
            IInvocationOperation { TargetMethod.Name: "detach" or "clone" or "to" or "cpu" or "cuda" or "float" or "double" or "alias" } copy when copy.Subject() is { } subject => IsKernel(subject, context, depth - 1),
            ILocalReferenceOperation local => context.Definition(local.Local, local.Syntax).Value is { } value && context.Operation(value) is { } written && IsKernel(written, context, depth - 1),
            _ => false,
        };
    }

    private static bool GoesIntoLayer(IOperation value, ValueContext context, int depth)
    {
        IOperation use = value;
        while (depth-- > 0)
        {
            switch (use.Parent)
            {
                case IConversionOperation or IParenthesizedOperation:
                    use = use.Parent;
                    continue;
                case IInvocationOperation { TargetMethod.Name: "detach" or "clone" or "to" or "cpu" or "cuda" or "contiguous" or "requires_grad_" or "with_requires_grad" or "DetachFromDisposeScope" or "MoveToOuterDisposeScope" or "float" or "half" } copy when copy.Instance == use:
                    use = copy;
                    continue;
                case IArgumentOperation { Parent: IObjectCreationOperation { Type: { } type } creation } when context.Symbols.IsParameter(type):
                    use = creation;
                    continue;
                case IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "Parameter" } factory }:
                    use = factory;
                    continue;
                case IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "copy_" or "set_", Instance: { } target } }:
                    return IsKernel(target, context, MaximumDepth);
                case ISimpleAssignmentOperation assignment when assignment.Value == use:
                    return assignment.Target is IPropertyReferenceOperation property
                        && (IsWeight(property, context) || (property.Arguments.Length == 1 && IsWeightEntry(property, property.Arguments[0], context)));
                case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                    int rest = depth;
                    return context.History(declarator.Symbol, use.Syntax).Reads.Any(read => context.Operation(read) is { } operation && GoesIntoLayer(operation, context, rest));
                default:
                    return false;
            }
        }

        return false;
    }

    private static bool IsWeight(IPropertyReferenceOperation property, ValueContext context) =>
        property.Property.Name == "weight" && context.Symbols.IsConvolution(property.Property.ContainingType);

    /// <summary>stateDict["conv1.weight"]</summary>
    private static bool IsWeightEntry(IPropertyReferenceOperation entry, IArgumentOperation key, ValueContext context) =>
        entry.Property.IsIndexer
        && context.Symbols.IsTensor(entry.Type)
        && key.Value.ConstantValue is { HasValue: true, Value: string name }
        && name.EndsWith("weight", StringComparison.Ordinal);
}
