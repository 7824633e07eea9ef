using System.Collections.Immutable;
using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Tensors;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Rules;

/// <summary>CG0007: a gray image is given to a network that takes color, or one in color to a network that takes gray.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ImageChannelsAnalyzer : TorchAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Descriptors.ImageChannels);

    private protected override void Register(CompilationStartAnalysisContext context, TorchSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if (
                    call.TargetMethod.Name is "forward" or "call"
                    && call.Instance is { } network
                    && symbols.TypedModule(network.Type) is { } module
                    && call.TargetMethod.Parameters.Length == module.TypeArguments.Length - 1
                    && !IsOwnLayer(network, symbols)
                    && !IsTried(call.Syntax)
                )
                {
                    Check(operation, call, network, new ValueContext(call.SemanticModel!, symbols, operation.CancellationToken));
                }
            },
            OperationKind.Invocation
        );

    private static void Check(OperationAnalysisContext operation, IInvocationOperation call, IOperation network, ValueContext values)
    {
        IArgumentOperation[] tensors = [.. call.Arguments.Where(argument => values.Symbols.IsTensor(argument.Value.Unwrap().Type))];
        bool isWrapper = TorchSymbols.DerivesFromOurs(network.Type, "GrayscaleModule");
        if (isWrapper && tensors.Length > 1)
        {
            // Which of them is the image was said where the network was converted.
            return;
        }

        foreach (IArgumentOperation argument in tensors)
        {
            TensorFacts image = values.Facts(argument.Value);
            if (
                RefusedImage.IsKnown(image)
                && argument.Parameter is { } parameter
                && new RefusedImage(values).WantedBy(network, parameter.Ordinal, image) is { } wanted
            )
            {
                operation.ReportDiagnostic(Report(argument.Value.Syntax, network.Syntax.ToString(), wanted));
            }
        }
    }

    private static Diagnostic Report(SyntaxNode image, string network, long wanted)
    {
        bool isGray = wanted == 3;
        return Diagnostic.Create(
            Descriptors.ImageChannels,
            image.GetLocation(),
            isGray ? ImmutableDictionary<string, string?>.Empty.Add(RefusedImage.GrayKey, "") : null,
            image.ToString(),
            isGray ? "one channel" : "three channels",
            network,
            isGray ? "three" : "one",
            isGray
                ? $"pass it to {network}.AsGrayscale(), which takes one"
                : "make it gray first, with torchvision.transforms.functional.rgb_to_grayscale, or call the network in color"
        );
    }

    /// <summary>A layer that a network calls itself: what it is given is the network's own affair.</summary>
    private static bool IsOwnLayer(IOperation layer, TorchSymbols symbols) =>
        layer.Unwrap() is IMemberReferenceOperation { Instance: IInstanceReferenceOperation, Member.ContainingType: { } type }
        && symbols.IsModule(type);

    /// <summary>Where a failure is caught, or asserted by a test, it may be what is wanted.</summary>
    private static bool IsTried(SyntaxNode call) =>
        call.Ancestors()
            .TakeWhile(static node => node is not MemberDeclarationSyntax)
            .Any(static node =>
                node
                    is TryStatementSyntax { Catches.Count: > 0 }
                        or AnonymousFunctionExpressionSyntax
                    {
                        Parent: ArgumentSyntax
                        {
                            Parent.Parent: InvocationExpressionSyntax
                            {
                                Expression: MemberAccessExpressionSyntax
                                {
                                    Name.Identifier.ValueText: "Throws" or "ThrowsAny" or "ThrowsAsync" or "ThrowsException"
                                }
                            }
                        }
                    }
            );
}
