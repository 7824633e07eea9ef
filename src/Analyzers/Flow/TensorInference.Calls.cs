using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <content>What methods of the program give.</content>
internal sealed partial class TensorInference
{
    /// <summary>What a method of the program gives for the arguments of a call, or of its kind a local function.</summary>
    private TensorFacts OfCall(IInvocationOperation call, int depth) =>
        Follow(call, depth) is { } inside && inside.Callee.Returns is { Count: > 0 } returns
            ? inside.Inference.OfAll(returns, depth)
            : TensorFacts.Lost;

    /// <summary>What a method of the program assigns to its out parameter.</summary>
    private TensorFacts OfOut(ArgumentSyntax argument, int depth) =>
        argument.Parent?.Parent is InvocationExpressionSyntax syntax
        && context.Operation(syntax) is IInvocationOperation call
        && call.Arguments.FirstOrDefault(candidate => candidate.Syntax == argument)?.Parameter?.OriginalDefinition is { } parameter
        && Follow(call, depth) is { } inside
        && inside.Inference.context.History(parameter, inside.Callee.Body) is var history
            ? inside.Inference.OfWrites(parameter, history, history.Writes, depth)
            : TensorFacts.Lost;

    private (Callee Callee, TensorInference Inference)? Follow(IInvocationOperation call, int depth)
    {
        if (depth <= 1 || given.Depth >= Arguments.MaximumDepth || Callee.Of(call.TargetMethod, context) is not { } callee)
        {
            return null;
        }

        Arguments arguments = given.Into(callee.Method);
        foreach (IArgumentOperation argument in call.Arguments)
        {
            if (argument.Parameter?.OriginalDefinition is { } parameter)
            {
                arguments.Add(
                    parameter,
                    context.Symbols.IsTensor(parameter.Type) ? Of(argument.Value, depth - 1) : TensorFacts.Lost,
                    !context.Symbols.IsTensor(parameter.Type) && IsFromOutside(argument.Value, depth - 1)
                );
            }
        }

        return (callee, new TensorInference(callee.Context, arguments));
    }
}
