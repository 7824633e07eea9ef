using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Rules;

/// <summary>CG0003: the mean of the color kernels, put into a layer, where their sum is right.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class MeanKernelAnalyzer : TorchAnalyzer
{
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
                if (
                    mean.TargetMethod.Name != "mean"
                    || mean.Subject() is not { } weight
                    || Kept(mean) is not { } kept
                    || !symbols.IsOfTorch(mean.TargetMethod)
                )
                {
                    return;
                }

                var values = new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
                if (
                    Integers.Constants(Integers.Arguments(mean, values), values) is [1 or -3]
                    && Kernels.IsKernel(weight, values)
                    && Kernels.GoIntoLayer(kept, values)
                )
                {
                    operation.ReportDiagnostic(
                        Diagnostic.Create(Descriptors.MeanKernel, mean.Syntax.GetLocation(), weight.Syntax.ToString())
                    );
                }
            },
            OperationKind.Invocation
        );
    }

    /// <summary>The mean with its dimension of one left in: by keepdim, or put back by unsqueeze(1).</summary>
    private static IOperation? Kept(IInvocationOperation mean) =>
        mean.Flag("keepdim") ? mean
        : mean.Parent is IInvocationOperation { TargetMethod.Name: "unsqueeze" } unsqueeze
        && unsqueeze.Instance == mean
        && unsqueeze.Argument("dim").Constant() == 1
            ? unsqueeze
        : null;
}
