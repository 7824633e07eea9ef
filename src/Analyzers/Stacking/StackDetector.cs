using System.Collections.Immutable;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Stacking;

/// <summary>Whether an expression is a stack at all, for those who ask about expressions other than the one reported.</summary>
internal static class StackDetector
{
    private static readonly ImmutableArray<long> Copies = ImmutableArray.Create(3L);

    public static bool IsStack(IOperation operation, ValueContext context) =>
        operation.Unwrap() switch
        {
            IInvocationOperation invocation when StackForms.IsName(invocation.TargetMethod.Name) => Judge(StackForms.Recognize(invocation, Copies, context), context),
            IInvocationOperation { Instance: { } instance } invocation when TensorMethods.KeepShape.Contains(invocation.TargetMethod.Name) => IsStack(instance, context),
            IBinaryOperation binary => Judge(StackForms.Recognize(binary, Copies, context), context),
            ILocalReferenceOperation local => context.Definition(local.Local, local.Syntax).Value is { } value && context.Operation(value) is { } written && IsStack(written, context),
            _ => false,
        };

    private static bool Judge(StackForm? form, ValueContext context) =>
        form is not null && StackJudge.Judge(form, TensorInference.Facts(form.Source, context)).Certainty == Certainty.Sure;
}
