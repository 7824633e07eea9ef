using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// A call of a network whose image is stacked: net.forward(stacked) becomes net.AsGrayscale().forward(gray). Nothing about the
/// network changes, so it does not matter where it comes from or who else holds it.
/// </summary>
internal sealed class ViewCall
{
    private const string Name = "AsGrayscale";

    private readonly InvocationExpressionSyntax call;
    private readonly ExpressionSyntax? receiver;
    private readonly string? options;

    private ViewCall(InvocationExpressionSyntax call, ExpressionSyntax? receiver, ITypeSymbol type, string? options)
    {
        this.call = call;
        this.receiver = receiver;
        this.options = options;
        Type = type;
    }

    /// <summary>The network's class, as far as it is known where it is called.</summary>
    public ITypeSymbol Type { get; }

    /// <summary>Other images of the call that are stacked where they are given.</summary>
    private IReadOnlyList<SecondImage> Seconds { get; init; } = [];

    /// <summary>Null unless the argument is the image of the forward or call of a network that can have convolutions.</summary>
    public static ViewCall? Of(ArgumentSyntax argument, GrayImage image, ValueContext context)
    {
        if (
            argument.Parent?.Parent is not InvocationExpressionSyntax call
            || context.Operation(call) is not IInvocationOperation { Instance: { Type: { } type } instance } invocation
            || invocation.Arguments.FirstOrDefault(candidate => candidate.Syntax == argument)?.Parameter is not { Ordinal: var ordinal }
            || context.Symbols.TypedModule(type) is not { } module
            || module.TypeArguments.Length is < 2 or > 7
            || !IsOfModule(invocation.TargetMethod, module, context)
            || !context.Symbols.IsTensor(module.TypeArguments[ordinal])
            || IsInExpressionTree(call, context)
        )
        {
            return null;
        }

        ExpressionSyntax? receiver = (call.Expression as MemberAccessExpressionSyntax)?.Expression;
        return
            receiver is BaseExpressionSyntax
            || (receiver is null && (call.Expression is not IdentifierNameSyntax || instance is not IInstanceReferenceOperation))
            ? null
            : Of(invocation, call, receiver, type, module, ordinal, image, context);
    }

    private static ViewCall? Of(
        IInvocationOperation invocation,
        InvocationExpressionSyntax call,
        ExpressionSyntax? receiver,
        ITypeSymbol type,
        INamedTypeSymbol module,
        int ordinal,
        GrayImage image,
        ValueContext context
    )
    {
        int first = module.TypeArguments.Take(module.TypeArguments.Length - 1).TakeWhile(input => !MayBeImage(input, context)).Count();
        if (Converted.Is(type, receiver))
        {
            return ordinal == first && TakesItsFirst(receiver, module, context) ? new ViewCall(call, receiver, type, null) : null;
        }

        // A view may be of several images; the call is written down once, from the first that is stacked.
        bool isSecond = invocation.Arguments.Any(other =>
            other.Parameter?.Ordinal < ordinal
            && context.Symbols.IsTensor(other.Value.Unwrap().Type)
            && StackDetector.IsStack(other.Value, context)
        );
        if (isSecond || !NetworkKind.MayConvolve(receiver, type, context) || !IsOursInSight(call, type, context))
        {
            return null;
        }

        var options = new List<string>();
        if (image.Copies != 3)
        {
            options.Add($"channels: {image.Copies}");
        }

        IReadOnlyList<SecondImage> seconds = SecondImages(invocation, ordinal, image.Copies, context);
        string?[] names =
        [
            .. seconds.Select(static second => second.Ordinal).Prepend(ordinal).Select(each => NameOf(type, module, each, context)),
        ];
        if (names.Contains(null))
        {
            seconds = [];
        }

        if (ordinal != first || seconds.Count > 0)
        {
            if (names[0] is null)
            {
                return null;
            }

            options.Add($"image: \"{string.Join(", ", names.Take(1 + seconds.Count))}\"");
        }

        return new ViewCall(call, receiver, type, string.Join(", ", options)) { Seconds = seconds };
    }

    /// <summary>Writes the call down; false where that cannot be done without changing its meaning.</summary>
    public bool AddTo(SourceChange change, ValueContext context)
    {
        if (call.ArgumentList.Arguments.Any(static argument => argument.NameColon is not null))
        {
            if (Positional(context) is not { } order)
            {
                return false;
            }

            change.Edit(call.ArgumentList, changed => InOrder((ArgumentListSyntax)changed, order));
        }

        if (options is null)
        {
            return true;
        }

        foreach (SecondImage second in Seconds)
        {
            change.Replace(second.Stacked, second.Image.Source, gray => second.Image.Write(gray, second.Stacked));
        }

        string? wrapper = receiver is null ? null : Converted.Wrapper(receiver, call, context);
        if (wrapper is not null)
        {
            change.Edit(receiver!, changed => SyntaxFactory.IdentifierName(wrapper).WithTriviaFrom(changed));
            return true;
        }

        change.NeedsUsing |= Found(call, Type, context).IsEmpty;
        if (receiver is not null)
        {
            change.Edit(
                receiver,
                changed => GrayImage.Call(((ExpressionSyntax)changed).WithoutTrivia(), Name, options).WithTriviaFrom(changed)
            );
        }
        else
        {
            change.Edit(
                call.Expression,
                changed =>
                    SyntaxFactory
                        .MemberAccessExpression(
                            SyntaxKind.SimpleMemberAccessExpression,
                            GrayImage.Call(SyntaxFactory.ThisExpression(), Name, options),
                            ((SimpleNameSyntax)changed).WithoutTrivia()
                        )
                        .WithTriviaFrom(changed)
            );
        }

        return true;
    }

    /// <summary>The network's class if it could be marked.</summary>
    public INamedTypeSymbol? MarkableClass(ValueContext context) => options is null ? null : Converted.MarkableClass(Type, context);

    /// <summary>Of two images that are stacked in one call, the view is given both gray.</summary>
    private static IReadOnlyList<SecondImage> SecondImages(IInvocationOperation call, int first, long copies, ValueContext context)
    {
        var images = new List<SecondImage>();
        foreach (IArgumentOperation argument in call.Arguments)
        {
            if (
                argument.Parameter is { } parameter
                && parameter.Ordinal > first
                && argument.Value.Unwrap() is { Syntax: ExpressionSyntax stacked } value
                && StackForms.Recognize(value, context) is { } form
                && form.Copies == copies
                && form.Source.Syntax is ExpressionSyntax source
                && stacked.Span.Contains(source.Span)
                && TensorInference.Facts(form.Source, context) is var facts
                && StackJudge.Judge(form, facts) is { Certainty: Certainty.Sure } verdict
                && Replacement.Of(form, verdict, facts, context) is { } replacement
                && !(replacement.TakesAnyRank && Ranks.IsOther(source, context))
            )
            {
                images.Add(new SecondImage(parameter.Ordinal, stacked, GrayImage.Of(source, replacement, context)));
            }
        }

        return [.. images.OrderBy(static image => image.Ordinal)];
    }

    /// <summary>A tensor, or a list of some: what a view takes for the image if no other is named.</summary>
    private static bool MayBeImage(ITypeSymbol input, ValueContext context) =>
        context.Symbols.IsTensor(input)
        || (input is IArrayTypeSymbol array && context.Symbols.IsTensor(array.ElementType))
        || (input is INamedTypeSymbol named && named.TypeArguments.Any(context.Symbols.IsTensor));

    /// <summary>Whether a method is the forward or call that every network has, not one of the program's own of that name.</summary>
    private static bool IsOfModule(IMethodSymbol method, INamedTypeSymbol module, ValueContext context)
    {
        IMethodSymbol root = method;
        while (root.OverriddenMethod is { } overridden)
        {
            root = overridden;
        }

        return method.Name is "forward" or "call"
            && method.Parameters.Length == module.TypeArguments.Length - 1
            && SymbolEqualityComparer.Default.Equals(root.ContainingType, module)
            && context.Symbols.IsOwn(root.ContainingType);
    }

    /// <summary>A tree of an expression takes no call with optional arguments.</summary>
    private static bool IsInExpressionTree(SyntaxNode call, ValueContext context) =>
        call.Ancestors()
            .OfType<AnonymousFunctionExpressionSyntax>()
            .Any(lambda =>
                context.Model.GetTypeInfo(lambda, context.Cancellation).ConvertedType
                    is { Name: "Expression", ContainingNamespace.Name: "Expressions" }
            );

    /// <summary>Whether the one image that a view or a wrapper takes is the first: of two it may be another that was named.</summary>
    private static bool TakesItsFirst(ExpressionSyntax? receiver, INamedTypeSymbol module, ValueContext context) =>
        module.TypeArguments.Take(module.TypeArguments.Length - 1).Count(context.Symbols.IsTensor) == 1
        || (
            receiver?.Bare() is InvocationExpressionSyntax made
            && !made.ArgumentList.Arguments.Any(static argument =>
                argument.Expression is not LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NumericLiteralExpression }
            )
        );

    private static bool IsOursInSight(SyntaxNode call, ITypeSymbol type, ValueContext context) =>
        Found(call, type, context)
            .All(symbol =>
                TorchSymbols.Is(symbol.ContainingType, context.Symbols.ChannelViews)
                || (symbol is IMethodSymbol { ReturnType: { } view } && Converted.IsView(view))
            );

    private static System.Collections.Immutable.ImmutableArray<ISymbol> Found(SyntaxNode call, ITypeSymbol type, ValueContext context) =>
        context.Model.LookupSymbols(call.SpanStart, type, Name, includeReducedExtensionMethods: true);

    /// <summary>What the network's own forward calls the image.</summary>
    private static string? NameOf(ITypeSymbol type, INamedTypeSymbol module, int ordinal, ValueContext context)
    {
        for (ITypeSymbol? current = type; current is not null && !context.Symbols.IsOwn(current); current = current.BaseType)
        {
            if (
                current
                    .GetMembers("forward")
                    .OfType<IMethodSymbol>()
                    .FirstOrDefault(method => method.IsOverride && IsOfModule(method, module, context)) is
                { } forward
            )
            {
                return forward.Parameters[ordinal].Name;
            }
        }

        return null;
    }

    /// <summary>
    /// The arguments in the order of the parameters: those of a view need not have the names of the network's. Null where that
    /// would change the order in which something happens.
    /// </summary>
    private int[]? Positional(ValueContext context)
    {
        if (context.Operation(call) is not IInvocationOperation invocation)
        {
            return null;
        }

        ArgumentSyntax[] written = [.. call.ArgumentList.Arguments];
        int[] ordinals =
        [
            .. written.Select(argument =>
                invocation.Arguments.FirstOrDefault(candidate => candidate.Syntax == argument)?.Parameter?.Ordinal ?? -1
            ),
        ];
        bool isInOrder = ordinals.SequenceEqual(ordinals.OrderBy(static ordinal => ordinal));
        return ordinals.Contains(-1) || (!isInOrder && !written.All(argument => OnlyComputes(argument.Expression, context)))
            ? null
            : [.. Enumerable.Range(0, written.Length).OrderBy(index => ordinals[index])];
    }

    private static bool OnlyComputes(ExpressionSyntax expression, ValueContext context) =>
        expression
            .DescendantNodesAndSelf()
            .All(node =>
                node switch
                {
                    AssignmentExpressionSyntax or AwaitExpressionSyntax or BaseObjectCreationExpressionSyntax or ThrowExpressionSyntax =>
                        false,
                    InvocationExpressionSyntax invocation => context.Model.GetSymbolInfo(invocation, context.Cancellation).Symbol
                        is IMethodSymbol method
                        && (
                            context.Symbols.IsTensor(method.ContainingType) || TorchSymbols.Is(method.ContainingType, context.Symbols.Torch)
                        )
                        && !method.Name.EndsWith("_", StringComparison.Ordinal)
                        && !method.Name.StartsWith("rand", StringComparison.Ordinal)
                        && method.Name is not ("normal" or "Dispose"),
                    PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax => node.Kind()
                        is not (
                            SyntaxKind.PreIncrementExpression
                            or SyntaxKind.PreDecrementExpression
                            or SyntaxKind.PostIncrementExpression
                            or SyntaxKind.PostDecrementExpression
                        ),
                    _ => true,
                }
            );

    private static ArgumentListSyntax InOrder(ArgumentListSyntax list, int[] order) =>
        list.WithArguments(
            SyntaxFactory.SeparatedList(
                order.Select((index, place) => list.Arguments[index].WithNameColon(null).WithTriviaFrom(list.Arguments[place])),
                list.Arguments.GetSeparators()
            )
        );

    private sealed record SecondImage(int Ordinal, ExpressionSyntax Stacked, GrayImage Image);
}
