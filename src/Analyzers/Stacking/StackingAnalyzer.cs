using System.Collections.Immutable;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacking;

/// <summary>CG0001 and CG0002: a grayscale tensor is copied into the channels; CG0004: and then normalized per channel.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StackingAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(Descriptors.Stacked, Descriptors.PerhapsStacked, Descriptors.NormalizedStack, Descriptors.InvalidOption);

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        var options = new Options(context.Options.AnalyzerConfigOptionsProvider);
        context.RegisterOperationAction(
            operation =>
            {
                var invocation = (IInvocationOperation)operation.Operation;
                if (StackForms.IsName(invocation.TargetMethod.Name))
                {
                    var values = new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
                    Report(operation, StackForms.Recognize(invocation, options.Copies(invocation.Syntax.SyntaxTree), values), values);
                }
            },
            OperationKind.Invocation);
        context.RegisterOperationAction(
            operation =>
            {
                var binary = (IBinaryOperation)operation.Operation;
                if (binary.OperatorKind == BinaryOperatorKind.Multiply && symbols.IsTensor(binary.Type))
                {
                    var values = new ValueContext(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
                    Report(operation, StackForms.Recognize(binary, options.Copies(binary.Syntax.SyntaxTree), values), values);
                }
            },
            OperationKind.Binary);
        context.RegisterCompilationEndAction(end =>
        {
            foreach (string value in options.InvalidCopies)
            {
                end.ReportDiagnostic(Diagnostic.Create(Descriptors.InvalidOption, Location.None, Options.CopiesKey, value));
            }
        });
    }

    private static void Report(OperationAnalysisContext context, StackForm? form, ValueContext values)
    {
        if (form is null)
        {
            return;
        }

        TensorFacts facts = TensorInference.Facts(form.Source, values);
        Verdict verdict = StackJudge.Judge(form, facts);
        if (verdict.Certainty == Certainty.None || StackUses.AreAside(form.Operation, values))
        {
            return;
        }

        string name = form.Source.Syntax.ToString();
        if (verdict.Certainty == Certainty.Perhaps)
        {
            context.ReportDiagnostic(Diagnostic.Create(Descriptors.PerhapsStacked, form.Operation.Syntax.GetLocation(), name, form.Copies));
            return;
        }

        Replacement? replacement = Replacement.Of(form, verdict, facts, values);
        context.ReportDiagnostic(Diagnostic.Create(
            Descriptors.Stacked,
            form.Operation.Syntax.GetLocation(),
            replacement?.ToProperties() ?? ImmutableDictionary<string, string?>.Empty,
            name,
            form.Copies,
            facts.IsGuarded ? ", if it has one" : ""));
        if (NormalizedStack.Find(form, values) is { } normalization)
        {
            context.ReportDiagnostic(Diagnostic.Create(Descriptors.NormalizedStack, normalization.Syntax.GetLocation(), name));
        }
    }
}
