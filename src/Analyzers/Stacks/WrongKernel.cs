using System.Collections.Immutable;
using System.Globalization;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacks;

/// <summary>A kernel that is put into a layer of another number of channels and does not give it the same activations.</summary>
/// <param name="Whole">The expression.</param>
/// <param name="Weight">The kernel that it is made of.</param>
/// <param name="Fault">What is wrong with it.</param>
internal sealed record WrongKernel(IOperation Whole, IOperation Weight, string Fault)
{
    /// <summary>The property of the diagnostic that says which part of the expression is the right kernel already.</summary>
    private const string SumKey = "sum";
    private const string WeightKey = "weight";

    /// <summary>Whether the sum of the weight's channels is what it should be.</summary>
    private bool ShouldBeSum { get; init; }

    /// <summary>The part of the expression that is the sum already.</summary>
    private IOperation? Sum { get; init; }

    /// <summary>Whether an operation could make such a kernel; asked first, of every one, because it costs next to nothing.</summary>
    public static bool MayBe(IOperation operation, TorchSymbols symbols) =>
        operation switch
        {
            IInvocationOperation call => KernelChannels.IsStep(call.TargetMethod.Name) && symbols.IsTensor(call.Type),
            IBinaryOperation binary => NormalizedStack.IsKind(binary.OperatorKind) && symbols.IsTensor(binary.Type),
            IPropertyReferenceOperation indexer => indexer.Property.IsIndexer && symbols.IsTensor(indexer.Instance?.Type),
            _ => false,
        };

    /// <summary>A kernel of one channel that is made of three in another way than by their sum.</summary>
    public static WrongKernel? Recognize(IOperation operation, ValueContext context)
    {
        // mean([1]).unsqueeze(1) is reported at the mean.
        bool isMean = operation is IInvocationOperation { TargetMethod.Name: "mean" };
        IOperation whole = isMean && operation.Parent is IInvocationOperation { TargetMethod.Name: "unsqueeze" } put ? put : operation;
        if (
            (!isMean && operation is IInvocationOperation { Instance: IInvocationOperation { TargetMethod.Name: "mean" } })
            || KernelChannels.Of(whole, context) is not { HasChannel: true } kernel
            || FaultOf(kernel.Factors) is not { } fault
            || !Kernels.GoIntoLayer(whole, context)
            || IsChangedLater(operation, context)
            || (kernel.Factors.Contains(0) && OthersArePicked(operation, kernel, context))
        )
        {
            return null;
        }

        return new WrongKernel(operation, kernel.Weight, fault) { ShouldBeSum = true, Sum = SumIn(operation, context) };
    }

    /// <summary>A kernel of one channel that is copied for each channel of color as it is.</summary>
    public static WrongKernel? Recognize(StackForm form, ValueContext context) =>
        (form.Arity > 0 ? form.Arity + form.Dimension == 1 : form.Dimension is 1 or -3)
        && Kernels.IsKernel(form.Source, context)
        && Kernels.ChannelsOf(form.Source, context) is null or 1
        && Kernels.GoIntoLayer(form.Operation, context)
        && !IsChangedLater(form.Operation, context)
            ? new WrongKernel(
                form.Operation,
                form.Source,
                string.Format(
                    CultureInfo.InvariantCulture,
                    "is copied {0} times as it is, which gives {0} times the activations; divide the copies by {0}",
                    form.Copies
                )
            )
            : null;

    public Diagnostic ToDiagnostic()
    {
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (Sum is not null)
        {
            properties = properties.Add(SumKey, Place(Sum.Syntax));
        }
        else if (ShouldBeSum && Whole.Syntax.Span.Contains(Weight.Syntax.Span))
        {
            properties = properties.Add(WeightKey, Place(Weight.Syntax));
        }

        return Diagnostic.Create(Descriptors.WrongKernel, Whole.Syntax.GetLocation(), properties, Weight.Syntax.ToString(), Fault);
    }

    /// <summary>What a fix finds in a diagnostic: the part that is the sum, or else the weight that has to be summed.</summary>
    public static (ExpressionSyntax? Sum, ExpressionSyntax? Weight) Parts(Diagnostic diagnostic, SyntaxNode whole)
    {
        return (Part(SumKey), Part(WeightKey));

        ExpressionSyntax? Part(string key) =>
            diagnostic.Properties.TryGetValue(key, out string? place)
                ? whole.DescendantNodes().OfType<ExpressionSyntax>().FirstOrDefault(part => Place(part) == place)
                : null;
    }

    private static string Place(SyntaxNode node) =>
        string.Format(CultureInfo.InvariantCulture, "{0}+{1}", node.SpanStart, node.Span.Length);

    private static string? FaultOf(double[] factors)
    {
        bool isMean = factors.All(static factor => IsAbout(factor, 1 / 3.0));
        return isMean ? "is averaged over its channels, which gives a third of the activations; sum them"
            : factors.Count(static factor => factor == 0) == 2 && factors.Contains(1)
                ? "loses all of its channels but one, and what the others see; sum them"
            : factors.All(static factor => factor > 0) && IsAbout(factors.Sum(), 1)
                ? "is summed with weights that are those of an image's colors, not of kernels; sum its channels as they are"
            : null;
    }

    private static bool IsAbout(double number, double wanted) => Math.Abs(number - wanted) < 0.005;

    /// <summary>Of sum / 3, the sum.</summary>
    private static IOperation? SumIn(IOperation operation, ValueContext context)
    {
        IOperation? part = operation switch
        {
            IBinaryOperation { OperatorKind: BinaryOperatorKind.Divide } quotient => quotient.LeftOperand,
            IInvocationOperation { TargetMethod.Name: "div" or "divide" or "true_divide", Instance: { } divided } => divided,
            _ => null,
        };
        return part is not null
            && KernelChannels.Of(part, context) is { HasChannel: true } kernel
            && kernel.Factors.All(static factor => IsAbout(factor, 1))
            ? part
            : null;
    }

    /// <summary>Whether a weight is scaled in place in the same member: then the kernel may well be what it should be.</summary>
    private static bool IsChangedLater(IOperation operation, ValueContext context) =>
        VariableHistory
            .MemberOf(operation.Syntax)
            .DescendantNodes()
            .Any(node =>
                node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member }
                && member.Name.Identifier.ValueText is "mul_" or "div_" or "multiply_" or "divide_"
                && context.Operation(member.Expression) is { } changed
                && Kernels.IsKernel(changed, context)
            );

    /// <summary>Whether other channels of the same kernel are picked as well: then it is taken apart on purpose.</summary>
    private static bool OthersArePicked(IOperation operation, KernelChannels kernel, ValueContext context) =>
        VariableHistory
            .MemberOf(operation.Syntax)
            .DescendantNodes()
            .Where(static node => node is InvocationExpressionSyntax or ElementAccessExpressionSyntax)
            .Any(node =>
                context.Operation(node) is { } other
                && MayBe(other, context.Symbols)
                && KernelChannels.Of(other, context) is { } picked
                && picked.Factors.Contains(0)
                && !picked.Factors.SequenceEqual(kernel.Factors)
                && SyntaxFactory.AreEquivalent(picked.Weight.Syntax, kernel.Weight.Syntax)
            );
}
