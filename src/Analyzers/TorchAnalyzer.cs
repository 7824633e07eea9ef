using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers;

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
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
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
