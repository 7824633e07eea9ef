using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>What a layer or a transform makes of a tensor, where the source shows how it was made.</summary>
internal static class Layers
{
    private const int MaximumDepth = 8;

    /// <summary>What comes out of <paramref name="receiver"/> when a tensor of <paramref name="input"/> goes in.</summary>
    public static TensorFacts Facts(IOperation receiver, TensorFacts input, ValueContext context) =>
        Creation(receiver, context, MaximumDepth) is { } creation ? Of(creation, input, context, MaximumDepth) : TensorFacts.Lost;

    /// <summary>The call of a factory that made a layer, followed through variables and fields.</summary>
    public static IInvocationOperation? Creation(IOperation layer, ValueContext context, int depth = MaximumDepth)
    {
        layer = layer.Unwrap();
        if (depth == 0)
        {
            return null;
        }

        switch (layer)
        {
            case IInvocationOperation moved when IsMove(moved, context):
                return Creation(moved.Subject()!, context, depth - 1);
            case IInvocationOperation invocation when context.Symbols.IsOfTorch(invocation.TargetMethod):
                return invocation;
            case IFieldReferenceOperation field when context.FieldValue(field.Field) is { } value:
                return Creation(value, context, depth - 1);
            case ILocalReferenceOperation local
                when context.Definition(local.Local, local.Syntax).Value is { } value && context.Operation(value) is { } written:
                return Creation(written, context, depth - 1);
            default:
                return null;
        }
    }

    /// <summary>The class of a module of the program that is made in sight, followed through variables and fields.</summary>
    public static INamedTypeSymbol? Class(IOperation layer, ValueContext context)
    {
        for (int depth = MaximumDepth; depth > 0; depth--)
        {
            IOperation? next = layer.Unwrap() switch
            {
                ILocalReferenceOperation local when context.Definition(local.Local, local.Syntax).Value is { } value => context.Operation(
                    value
                ),
                IFieldReferenceOperation field => context.FieldValue(field.Field),
                IInvocationOperation moved when IsMove(moved, context) => moved.Subject(),
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            layer = next;
        }

        return (layer.Unwrap() as IObjectCreationOperation)?.Type as INamedTypeSymbol;
    }

    /// <summary>net.to(device), which gives the module itself.</summary>
    private static bool IsMove(IInvocationOperation call, ValueContext context) =>
        call.TargetMethod.Name is "to" or "cuda" or "cpu" or "half" or "float" or "double"
        && context.Symbols.IsModule(call.Subject()?.Type);

    private static TensorFacts Of(IInvocationOperation creation, TensorFacts input, ValueContext context, int depth)
    {
        string name = creation.TargetMethod.Name;
        Effect effect = context.Symbols.EffectOf(creation.TargetMethod);
        int? space = name switch
        {
            "Conv1d" or "ConvTranspose1d" => 1,
            "Conv2d" or "ConvTranspose2d" => 2,
            "Conv3d" or "ConvTranspose3d" => 3,
            _ => null,
        };
        if (space is { } dimensions)
        {
            // A series or a volume is taken to come in batches; an image may come alone.
            TensorFacts result = input.WithoutShape();
            int? rank = input.Rank ?? (dimensions == 2 ? null : dimensions + 2);
            result = rank is { } known ? result.WithRank(known) : result;
            long? channels = creation.Argument("out_channels").Constant();
            return (channels is null ? result.AsLost() : result.AsFound()).WithSize(-1 - dimensions, channels);
        }

        if (TorchSymbols.Is(creation.TargetMethod.ContainingType, context.Symbols.Transforms))
        {
            return name switch
            {
                "Grayscale" => creation.Argument("outputChannels").Constant() == 1
                    ? input.WithSize(-3, 1).AsGray()
                    : input.WithSize(-3, input.Size(-3) == 1 ? 1 : TensorFacts.Several),
                "Normalize" when Sequences.Elements(creation.Argument("means"), context) is { Count: > 1 } means => input.WithSize(
                    -3,
                    means.Count
                ),
                "Normalize" => input,
                _ when effect.HasFlag(Effect.KeepsShape) => input,
                _ when effect.HasFlag(Effect.KeepsChannels) => input.WithoutSpace(),
                _ => TensorFacts.Lost,
            };
        }

        if (effect.HasFlag(Effect.KeepsChannels))
        {
            return input.WithoutSpace();
        }

        switch (name)
        {
            case "Linear":
                TensorFacts features = input.Rank is { } inputRank ? input.WithoutShape().WithRank(inputRank) : input.WithTaken(2);
                return features.AsFound().WithSize(-1, (creation.Argument("outputSize") ?? creation.Argument("out_features")).Constant());
            case "Flatten":
                return creation.Argument("start_dim").Constant() is 1 && creation.Argument("end_dim").Constant() is -1
                    ? input.WithoutShape().WithRank(2)
                    : input.WithTaken(2);
            case "PixelShuffle":
                long? factor = creation.Argument("upscale_factor").Constant();
                return input.Size(-3) is > 0 and { } shuffled && factor is > 0
                    ? input.WithoutSpace().WithSize(-3, shuffled / (factor * factor))
                    : input.WithoutSpace().WithSize(-3, null).AsLost();
        }

        if (effect.HasFlag(Effect.GivesNoImage))
        {
            return TensorFacts.Unknown.AsNoImage();
        }

        return name == "Sequential" && depth > 0 ? OfSequential(creation, input, context, depth) : TensorFacts.Lost;
    }

    private static TensorFacts OfSequential(IInvocationOperation creation, TensorFacts input, ValueContext context, int depth)
    {
        IReadOnlyList<IOperation>? parts = creation.Arguments.Length == 0 ? [] : Sequences.Elements(creation.Arguments[0].Value, context);
        if (parts is null)
        {
            return TensorFacts.Lost;
        }

        foreach (IOperation part in parts)
        {
            IOperation layer = part.Unwrap() is ITupleOperation { Elements: [_, var named] } ? named : part;
            if (Creation(layer, context) is not { } made)
            {
                return TensorFacts.Lost;
            }

            input = Of(made, input, context, depth - 1);
        }

        return input;
    }
}
