using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Stacks;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>A call of a network with an image.</summary>
internal sealed class NetworkCall
{
    private readonly InvocationExpressionSyntax call;
    private readonly ExpressionSyntax receiver;
    private readonly ITypeSymbol type;

    private NetworkCall(InvocationExpressionSyntax call, ExpressionSyntax receiver, ITypeSymbol type)
    {
        this.call = call;
        this.receiver = receiver;
        this.type = type;
    }

    /// <summary>Whether the network takes one channel already.</summary>
    public bool IsGray => Converted.Is(type, receiver);

    /// <summary>Null unless the argument is the image of a forward or call of a network that takes its image first.</summary>
    public static NetworkCall? Of(ArgumentSyntax argument, ValueContext context)
    {
        if (
            argument.Parent?.Parent
                is not InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "forward" or "call" } member
                } call
            || context.Operation(call) is not IInvocationOperation invocation
            || invocation.Arguments.FirstOrDefault(candidate => candidate.Syntax == argument)?.Parameter is not { Ordinal: 0 }
            || context.Model.GetTypeInfo(member.Expression, context.Cancellation).Type is not { } type
            || context.Symbols.TypedModule(type) is not { } module
            || module.TypeArguments.Length != invocation.Arguments.Length + 1
            || !context.Symbols.IsTensor(module.TypeArguments[0])
        )
        {
            return null;
        }

        return new NetworkCall(call, member.Expression, type);
    }

    /// <summary>
    /// The other calls of the network, which have to be converted with this one for the program to compute what it computed;
    /// null where that cannot be said of the network.
    /// </summary>
    public IReadOnlyList<InvocationExpressionSyntax>? OthersToConvert(ValueContext context)
    {
        if (IsGray)
        {
            return [];
        }

        ISymbol? network = context.Model.GetSymbolInfo(receiver.Bare(), context.Cancellation).Symbol;
        return
            receiver.Bare() is IdentifierNameSyntax or MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax }
            && network is ILocalSymbol or IFieldSymbol
            && call.Expression is MemberAccessExpressionSyntax
            && !IsPartOfNetwork(network, context)
            && !IsConvolution(context)
            && !DoesMoreWithItsImage(context)
            && MadeHere.Is(network, receiver, context)
            && !WritesToItsImage(network, context)
            ? OtherCalls(network, context)
            : null;
    }

    /// <summary>Whether a call whose image is normalized first may be converted: it must be the only one.</summary>
    public bool MayConvertNormalized(ValueContext context) =>
        OthersToConvert(context) is { Count: 0 } && Converted.Wrapper(receiver, call, context) is null;

    /// <summary>net becomes net.ToGrayscale(), or the wrapper that the code has of it already.</summary>
    public void ConvertReceiver(SourceChange change, ValueContext context, string options = "")
    {
        if (!IsGray)
        {
            string converted =
                options.Length == 0 && Converted.Wrapper(receiver, call, context) is { } wrapper
                    ? wrapper
                    : $"{receiver.WithoutTrivia()}.ToGrayscale({options})";
            change.Edit(receiver, _ => SyntaxFactory.ParseExpression(converted).WithTriviaFrom(receiver));
        }
    }

    /// <summary>The network's class if it could be marked.</summary>
    public INamedTypeSymbol? MarkableClass(ValueContext context) =>
        IsGray || Converted.Wrapper(receiver, call, context) is not null ? null : Converted.MarkableClass(type, context);

    /// <summary>Whether ToGrayscale cannot be called where the call stands, because a using is missing.</summary>
    public bool NeedsUsing(ValueContext context) =>
        !IsGray
        && Converted.Wrapper(receiver, call, context) is null
        && context.Model.LookupSymbols(call.SpanStart, type, "ToGrayscale", includeReducedExtensionMethods: true).IsEmpty;

    /// <summary>
    /// In a network's own methods a layer or an inner network would be converted at each call, and its state_dict with it.
    /// </summary>
    private bool IsPartOfNetwork(ISymbol network, ValueContext context)
    {
        ISymbol? member = context.Model.GetEnclosingSymbol(call.SpanStart, context.Cancellation);
        while (member is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction })
        {
            member = member.ContainingSymbol;
        }

        return context.Symbols.IsModule(member?.ContainingType)
            && (
                (network is IFieldSymbol or IPropertySymbol && !network.IsStatic)
                || member is IMethodSymbol { IsOverride: true, Name: "forward" }
            );
    }

    /// <summary>A bare layer's input need not be an image.</summary>
    private bool IsConvolution(ValueContext context) => context.Symbols.IsConvolution(type);

    /// <summary>
    /// A network whose own forward stacks or asks for the number of channels takes gray images as it is; one that picks
    /// channels, or treats them differently, needs all three. Of a class whose source is elsewhere, the runtime finds out.
    /// </summary>
    private bool DoesMoreWithItsImage(ValueContext context)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            foreach (
                IMethodSymbol forward in current.GetMembers("forward").OfType<IMethodSymbol>().Where(static method => !method.IsAbstract)
            )
            {
                foreach (SyntaxReference reference in forward.DeclaringSyntaxReferences)
                {
                    if (reference.GetSyntax(context.Cancellation) is not MethodDeclarationSyntax declaration)
                    {
                        return true;
                    }

                    if (context.Model.Compilation.ModelOf(declaration.SyntaxTree) is not { } model)
                    {
                        continue;
                    }

                    var inside = new ValueContext(model, context.Symbols, context.Cancellation);
                    if (
                        !ImageFlow.GoesIntoLayersOnly(declaration, 0, inside)
                        || declaration
                            .DescendantNodes()
                            .Any(node =>
                                AsksForChannels(node)
                                || (
                                    node is InvocationExpressionSyntax
                                    && inside.Operation(node) is { } operation
                                    && StackDetector.IsStack(operation, inside)
                                )
                            )
                    )
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>
    /// A network that changes its image in place would change the gray tensor that it is given now: nothing may read that later.
    /// </summary>
    private bool WritesToItsImage(ISymbol network, ValueContext context)
    {
        bool mayWrite = MadeHere
            .Sources(network, type, receiver, context)
            .Any(source =>
                source
                    .DescendantNodesAndSelf()
                    .Any(static node =>
                        node is ArgumentSyntax
                        {
                            NameColon.Name.Identifier.ValueText: "inplace",
                            Expression: not LiteralExpressionSyntax { RawKind: (int)SyntaxKind.FalseLiteralExpression },
                        }
                                or ArgumentSyntax
                        {
                            Expression: LiteralExpressionSyntax { RawKind: (int)SyntaxKind.TrueLiteralExpression },
                            NameColon: null
                        }
                                or InvocationExpressionSyntax
                        {
                            Expression: MemberAccessExpressionSyntax
                            {
                                Name.Identifier.ValueText: "relu_" or "add_" or "sub_" or "mul_" or "div_" or "clamp_"
                            }
                        }
                    )
            );
        return mayWrite
            && call.ArgumentList.DescendantNodes()
                .OfType<IdentifierNameSyntax>()
                .Select(name => context.Model.GetSymbolInfo(name, context.Cancellation).Symbol)
                .Any(symbol =>
                    symbol is IParameterSymbol
                    || (symbol is ILocalSymbol local && context.Symbols.IsTensor(local.Type) && IsUsedLater(local, context))
                );
    }

    private bool IsUsedLater(ILocalSymbol local, ValueContext context)
    {
        VariableHistory history = context.History(local, call);
        return history
            .Reads.Concat<SyntaxNode>(history.Escapes)
            .Concat(history.Mutations)
            .Any(use => !call.Span.Contains(use.Span) && (use.SpanStart > call.SpanStart || Scopes.ShareLoop(use, call)));
    }

    private static bool AsksForChannels(SyntaxNode node) =>
        node
            is ElementAccessExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" } }
                or InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "size" } }
        && node.Ancestors()
            .TakeWhile(static ancestor => ancestor is not StatementSyntax || ancestor is IfStatementSyntax)
            .Any(static ancestor =>
                ancestor is IfStatementSyntax or ConditionalExpressionSyntax or SwitchExpressionSyntax or IsPatternExpressionSyntax
            );

    /// <summary>
    /// All other calls of the network in the same member, or of a field's in the same class; null if something else there gets
    /// hold of it, and could give it an image in color.
    /// </summary>
    private IReadOnlyList<InvocationExpressionSyntax>? OtherCalls(ISymbol network, ValueContext context)
    {
        // A field that other code can see, in another class or another part of this one, may be used there.
        if (
            network is IFieldSymbol field
            && (field.DeclaredAccessibility != Accessibility.Private || field.ContainingType.DeclaringSyntaxReferences.Length != 1)
        )
        {
            return null;
        }

        SyntaxNode scope =
            network is IFieldSymbol
                ? network.ContainingType.DeclaringSyntaxReferences[0].GetSyntax(context.Cancellation)
                : VariableHistory.MemberOf(call);
        var calls = new List<InvocationExpressionSyntax>();
        foreach (IdentifierNameSyntax identifier in scope.DescendantNodes().OfType<IdentifierNameSyntax>())
        {
            if (
                identifier.Identifier.ValueText != network.Name
                || !SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(identifier, context.Cancellation).Symbol, network)
            )
            {
                continue;
            }

            ExpressionSyntax reference =
                identifier.Parent is MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } self && self.Name == identifier
                    ? self
                    : identifier;
            if (network is ILocalSymbol && VariableHistory.FunctionOf(reference) != VariableHistory.FunctionOf(call))
            {
                // A lambda may run at any time.
                return null;
            }

            if (
                reference.Parent is MemberAccessExpressionSyntax
                {
                    Name.Identifier.ValueText: "forward" or "call",
                    Parent: InvocationExpressionSyntax other
                } member
                && member.Expression == reference
            )
            {
                if (other != call)
                {
                    calls.Add(other);
                }
            }
            else if (!IsHarmless(reference, context))
            {
                return null;
            }
        }

        return calls;
    }

    /// <summary>Whether a mention of the network gives it no image, and nothing else that could a hold on it.</summary>
    private static bool IsHarmless(ExpressionSyntax reference, ValueContext context)
    {
        switch (reference.Parent)
        {
            case MemberAccessExpressionSyntax { Name.Identifier.ValueText: "forward" or "call" }:
                return false;
            case MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax invocation } member when member.Expression == reference:
                // What hands out parameters, keeps or reads a file of them, or hooks the network relies on its color form.
                return context.Model.GetSymbolInfo(invocation, context.Cancellation).Symbol is IMethodSymbol method
                    && (
                        method.Name == "ToGrayscale"
                        || (
                            context.Symbols.IsOfTorch(method)
                            && (
                                method.Name is "eval" or "train" or "Dispose" or "GetName" or "ToString"
                                || (method.Name is "to" or "cuda" or "cpu" && StaysItself(reference, invocation))
                            )
                        )
                    );
            case MemberAccessExpressionSyntax { Name.Identifier.ValueText: "training" or "name" } member:
                return member.Expression == reference;
            case AssignmentExpressionSyntax assignment:
                return assignment.Left == reference && assignment.Parent is ExpressionStatementSyntax;
            case ArgumentSyntax
            {
                Parent.Parent: InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: "nameof" } }
            }:
                return true;
            default:
                return reference.Parent
                    is BinaryExpressionSyntax
                        or IsPatternExpressionSyntax
                        or UsingStatementSyntax
                        or LockStatementSyntax;
        }
    }

    /// <summary>net.to(device); and net = net.to(device);</summary>
    private static bool StaysItself(ExpressionSyntax reference, InvocationExpressionSyntax invocation) =>
        invocation.Parent is ExpressionStatementSyntax
        || (
            invocation.Parent is AssignmentExpressionSyntax assignment
            && SyntaxFactory.AreEquivalent(assignment.Left.Bare(), reference.Bare())
        );
}
