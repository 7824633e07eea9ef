using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Rules;

/// <summary>
/// CG0001 and CG0002: a grayscale tensor is copied into the channels; CG0003: so is a gray kernel; CG0004: a tensor that was copied is
/// normalized per channel.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StackingAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(
            Descriptors.Stacked,
            Descriptors.PerhapsStacked,
            Descriptors.WrongKernel,
            Descriptors.NormalizedStack,
            Descriptors.InvalidOption
        );

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols)
    {
        var options = new Options(context.Options.AnalyzerConfigOptionsProvider);
        context.RegisterOperationAction(
            operation =>
            {
                var invocation = (IInvocationOperation)operation.Operation;
                if (StackForms.IsName(invocation.TargetMethod.Name))
                {
                    ValueContext values = Values(operation);
                    ReportStack(operation, StackForms.Recognize(invocation, Copies(operation), values), values);
                }

                if (NormalizedStack.MayBe(invocation, symbols))
                {
                    ValueContext values = Values(operation);
                    ReportNormalization(operation, NormalizedStack.Recognize(invocation, Copies(operation), values), values);
                }
            },
            OperationKind.Invocation
        );
        context.RegisterOperationAction(
            operation =>
            {
                var binary = (IBinaryOperation)operation.Operation;
                if (
                    NormalizedStack.IsKind(binary.OperatorKind)
                    && symbols.IsTensor(binary.Type)
                    && symbols.IsTensor(binary.LeftOperand.Unwrap().Type)
                    && symbols.IsTensor(binary.RightOperand.Unwrap().Type)
                )
                {
                    ValueContext values = Values(operation);
                    ReportStack(operation, StackForms.Recognize(binary, Copies(operation), values), values);
                    ReportNormalization(operation, NormalizedStack.Recognize(binary, Copies(operation), values), values);
                }
            },
            OperationKind.Binary
        );
        context.RegisterOperationAction(
            operation =>
            {
                var assignment = (ICompoundAssignmentOperation)operation.Operation;
                if (NormalizedStack.IsKind(assignment.OperatorKind) && symbols.IsTensor(assignment.Type))
                {
                    ValueContext values = Values(operation);
                    ReportNormalization(operation, NormalizedStack.Recognize(assignment, Copies(operation), values), values);
                }
            },
            OperationKind.CompoundAssignment
        );
        context.RegisterCompilationEndAction(end =>
        {
            foreach (string value in options.InvalidCopies)
            {
                end.ReportDiagnostic(Diagnostic.Create(Descriptors.InvalidOption, Location.None, Options.CopiesKey, value));
            }
        });

        ValueContext Values(OperationAnalysisContext operation) =>
            new(operation.Operation.SemanticModel!, symbols, operation.CancellationToken);
        ImmutableArray<long> Copies(OperationAnalysisContext operation) => options.Copies(operation.Operation.Syntax.SyntaxTree);
    }

    private static void ReportStack(OperationAnalysisContext context, StackForm? form, ValueContext values)
    {
        if (form is null)
        {
            return;
        }

        if (WrongKernel.Recognize(form, values) is { } kernel)
        {
            context.ReportDiagnostic(kernel.ToDiagnostic());
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
        context.ReportDiagnostic(
            Diagnostic.Create(
                Descriptors.Stacked,
                form.Operation.Syntax.GetLocation(),
                replacement?.ToProperties() ?? ImmutableDictionary<string, string?>.Empty,
                name,
                form.Copies,
                facts.IsGuarded ? ", if it has one" : ""
            )
        );
    }

    private static void ReportNormalization(OperationAnalysisContext context, StackForm? normalized, ValueContext values)
    {
        if (normalized is not null && !StackUses.AreAside(normalized.Operation, values) && !StackUses.AreAside(context.Operation, values))
        {
            context.ReportDiagnostic(
                Diagnostic.Create(Descriptors.NormalizedStack, context.Operation.Syntax.GetLocation(), normalized.Source.Syntax.ToString())
            );
        }
    }
}
