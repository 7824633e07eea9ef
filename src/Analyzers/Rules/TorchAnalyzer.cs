using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Rules;

/// <summary>
/// What all rules have in common, so that a rule is only its rule: concurrent, generated code left alone, nothing registered
/// in a compilation without TorchSharp.
/// </summary>
public abstract class TorchAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public sealed override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();

        // Generated code is not analyzed. What is reported therefore lies outside of it, and the compiler is spared looking:
        // for None it would search the whole file for a GeneratedCode attribute at each first diagnostic.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.RegisterCompilationStartAction(start =>
        {
            if (TorchSymbols.Of(start.Compilation) is { } symbols)
            {
                Register(start, symbols);
            }
        });
    }

    private protected abstract void Register(CompilationStartAnalysisContext context, TorchSymbols symbols);
}
