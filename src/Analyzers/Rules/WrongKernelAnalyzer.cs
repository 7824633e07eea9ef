using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Rules;

/// <summary>
/// CG0003: a gray kernel that is not the sum of the color kernels. A color kernel that is three times the gray one is a stack,
/// and reported by <see cref="StackingAnalyzer"/>, which has recognized it.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class WrongKernelAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Descriptors.WrongKernel);

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        if (symbols.Convolution is null)
        {
            return;
        }

        context.RegisterOperationAction(
            operation =>
            {
                if (
                    WrongKernel.MayBe(operation.Operation, symbols)
                    && WrongKernel.Recognize(
                        operation.Operation,
                        new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken)
                    )
                        is { } kernel
                )
                {
                    operation.ReportDiagnostic(kernel.ToDiagnostic());
                }
            },
            OperationKind.Invocation,
            OperationKind.Binary,
            OperationKind.PropertyReference
        );
    }
}
