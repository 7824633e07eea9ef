using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// Whether a network is certain to refuse an image because of its channels: its forward is gone through with what is known of the
/// image, as far as the first convolution that is reached on every way.
/// </summary>
internal sealed class RefusedImage(ValueContext context)
{
    /// <summary>The property of a diagnostic whose image is the gray one.</summary>
    public const string GrayKey = "gray";

    private const int MaximumDepth = 6;

    /// <summary>Whether the channels of an image are known for sure, and are those of a gray image or of one in color.</summary>
    public static bool IsKnown(TensorFacts image) =>
        image is { IsLost: false, IsUncertain: false, IsGuarded: false, IsNoImage: false, Taken: 0, Rank: null or 3 or 4 }
        && image.Size(-3) is 1 or 3;

    /// <summary>
    /// How many channels a network takes where it is certain to fail on an image of others; null where nothing is certain.
    /// </summary>
    /// <param name="network">The network that is called.</param>
    /// <param name="ordinal">The parameter of its forward that is given the image.</param>
    /// <param name="image">What is known of the image.</param>
    public long? WantedBy(IOperation network, int ordinal, TensorFacts image) => WantedBy(network, ordinal, image, MaximumDepth);

    private long? WantedBy(IOperation network, int ordinal, TensorFacts image, int depth)
    {
        network = network.Unwrap();
        if (depth == 0 || !IsKnown(image))
        {
            return null;
        }

        if (TorchSymbols.DerivesFromOurs(network.Type, "GrayscaleModule"))
        {
            return image.Size(-3) == 3 && ModuleUses.AreHarmless(network, context) ? 1 : null;
        }

        if (Layers.Creation(network, context) is { } creation)
        {
            return WantedByMade(creation, image, depth) is { } wanted && ModuleUses.AreHarmless(network, context) ? wanted : null;
        }

        if (Layers.Class(network, context) is { } made)
        {
            return WantedByForward(made, ordinal, image, depth) is { } wanted && ModuleUses.AreHarmless(network, context) ? wanted : null;
        }

        return network.Type is INamedTypeSymbol type
            && WantedByForward(type, ordinal, image, depth) is { } declared
            && ModuleUses.AreHarmless(network, context)
            && ModuleUses.AreAsDeclared(type.OriginalDefinition, context)
            ? declared
            : null;
    }

    /// <summary>Of a layer that a factory made.</summary>
    private long? WantedByMade(IInvocationOperation creation, TensorFacts image, int depth)
    {
        if (context.Symbols.Does(creation.TargetMethod, Effect.Convolves))
        {
            return creation.TargetMethod.Name is "Conv2d" or "ConvTranspose2d"
                && creation.Argument("in_channels").Constant(context) is (1 or 3) and { } channels
                && channels != image.Size(-3)
                ? channels
                : null;
        }

        // All networks of torchvision are made for color.
        if (creation.TargetMethod.ContainingType is { Name: "models", ContainingType.Name: "torchvision" })
        {
            return image.Size(-3) == 1 ? 3 : null;
        }

        if (
            creation.TargetMethod.Name != "Sequential"
            || creation.Arguments.Length == 0
            || context.Elements(creation.Arguments[0].Value) is not { } parts
        )
        {
            return null;
        }

        foreach (IOperation part in parts)
        {
            IOperation layer = part.Unwrap() is ITupleOperation { Elements: [_, var named] } ? named : part;
            if (WantedBy(layer, 0, image, depth - 1) is { } wanted)
            {
                return wanted;
            }

            image = Layers.Facts(layer, image, context);
        }

        return null;
    }

    /// <summary>Of a class of the program, by its own forward.</summary>
    private long? WantedByForward(INamedTypeSymbol type, int ordinal, TensorFacts image, int depth)
    {
        if (
            ForwardOf(type) is not { DeclaringSyntaxReferences: [var reference] } forward
            || ordinal >= forward.Parameters.Length
            || context.In(reference.SyntaxTree) is not { } inside
            || reference.GetSyntax(context.Cancellation) is not MethodDeclarationSyntax declaration
        )
        {
            return null;
        }

        IParameterSymbol parameter = forward.Parameters[ordinal];
        IEnumerable<SyntaxNode> certain = declaration.ExpressionBody is { } arrow ? [arrow.Expression] : Certain(declaration.Body);
        foreach (InvocationExpressionSyntax syntax in certain.SelectMany(Calls))
        {
            if (
                inside.Operation(syntax) is IInvocationOperation { Instance: { } layer, Arguments: [var argument, ..] }
                && context.Symbols.IsModule(layer.Type)
                && new RefusedImage(inside).WantedBy(
                    layer,
                    argument.Parameter?.Ordinal ?? 0,
                    inside.Facts(argument.Value, parameter, image),
                    depth - 1
                )
                    is { } wanted
            )
            {
                return wanted;
            }
        }

        return null;
    }

    /// <summary>The forward that runs: the class's own, or the nearest of a base class of the program.</summary>
    private IMethodSymbol? ForwardOf(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? current = type; current is not null && !context.Symbols.IsOwn(current); current = current.BaseType)
        {
            IEnumerable<IMethodSymbol> own = current.OriginalDefinition.GetMembers("forward").OfType<IMethodSymbol>();
            if (own.FirstOrDefault(static method => method.IsOverride) is { } forward)
            {
                return forward;
            }
        }

        return null;
    }

    /// <summary>The statements of a body, or what they compute, that every run reaches: up to the first that may leave it.</summary>
    private static IEnumerable<SyntaxNode> Certain(BlockSyntax? body)
    {
        foreach (StatementSyntax statement in body?.Statements ?? default)
        {
            switch (statement)
            {
                case LocalDeclarationStatementSyntax or ExpressionStatementSyntax:
                    yield return statement;
                    break;
                case ReturnStatementSyntax:
                    yield return statement;
                    yield break;
                case UsingStatementSyntax { Statement: BlockSyntax inner }:
                    foreach (SyntaxNode certain in Certain(inner))
                    {
                        yield return certain;
                    }

                    if (MayLeave(inner))
                    {
                        yield break;
                    }

                    break;
                case LocalFunctionStatementSyntax:
                    break;
                default:
                    if (MayLeave(statement))
                    {
                        yield break;
                    }

                    break;
            }
        }
    }

    private static bool MayLeave(SyntaxNode statement) =>
        statement
            .DescendantNodesAndSelf(static node => node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax))
            .Any(static node => node is ReturnStatementSyntax or ThrowStatementSyntax or ThrowExpressionSyntax or GotoStatementSyntax);

    /// <summary>The calls of layers in an expression that are made whatever its conditions are.</summary>
    private static IEnumerable<InvocationExpressionSyntax> Calls(SyntaxNode certain) =>
        certain
            .DescendantNodesAndSelf(static node =>
                node
                    is not (
                        AnonymousFunctionExpressionSyntax
                        or ConditionalExpressionSyntax
                        or ConditionalAccessExpressionSyntax
                        or SwitchExpressionSyntax
                    )
                && !node.IsKind(SyntaxKind.LogicalAndExpression)
                && !node.IsKind(SyntaxKind.LogicalOrExpression)
                && !node.IsKind(SyntaxKind.CoalesceExpression)
            )
            .OfType<InvocationExpressionSyntax>()
            .Where(static call =>
                call.Expression
                    is MemberAccessExpressionSyntax
                {
                    Name.Identifier.ValueText: "call" or "forward",
                    Expression: not BaseExpressionSyntax
                }
            );
}
