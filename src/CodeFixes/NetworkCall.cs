using ChannelGen.Analyzers;
using ChannelGen.Analyzers.Inference;
using ChannelGen.Analyzers.Marked;
using ChannelGen.Analyzers.Stacking;
using ChannelGen.Analyzers.Values;
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
    public bool IsGray => IsWrapper(type) || (receiver.Bare() is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToGrayscale" } });

    /// <summary>Null unless the argument is the image of a forward or call of a network that takes its image first.</summary>
    public static NetworkCall? Of(ArgumentSyntax argument, ValueContext context)
    {
        if (argument.Parent?.Parent is not InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "forward" or "call" } member } call
            || context.Operation(call) is not IInvocationOperation invocation
            || invocation.Arguments.FirstOrDefault(candidate => candidate.Syntax == argument)?.Parameter is not { Ordinal: 0 }
            || context.Model.GetTypeInfo(member.Expression, context.Cancellation).Type is not { } type
            || context.Symbols.TypedModule(type) is not { } module
            || module.TypeArguments.Length != invocation.Arguments.Length + 1
            || !context.Symbols.IsTensor(module.TypeArguments[0]))
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
        return receiver.Bare() is IdentifierNameSyntax or MemberAccessExpressionSyntax
            && network is ILocalSymbol or IParameterSymbol or IFieldSymbol or IPropertySymbol
            && !IsPartOfNetwork(network, context)
            && !IsConvolution(context)
            && !DoesMoreWithItsImage(context)
            && !IsAlias(network, context)
                ? OtherCalls(network, context)
                : null;
    }

    /// <summary>Whether a call whose image is normalized first may be converted: it must be the only one.</summary>
    public bool MayConvertNormalized(ValueContext context) => OthersToConvert(context) is { Count: 0 } && ExistingWrapper(context) is null;

    /// <summary>net becomes net.ToGrayscale(), or the wrapper that the code has of it already.</summary>
    public void ConvertReceiver(Dictionary<SyntaxNode, SyntaxNode> replacements, ValueContext context, string options = "")
    {
        if (!IsGray)
        {
            string converted = options.Length == 0 && ExistingWrapper(context) is { } wrapper ? wrapper : $"{receiver.WithoutTrivia()}.ToGrayscale({options})";
            replacements[receiver] = SyntaxFactory.ParseExpression(converted).WithTriviaFrom(receiver);
        }
    }

    /// <summary>The network's class if it is written in this project, and is not marked but could be.</summary>
    public INamedTypeSymbol? MarkableClass(ValueContext context) =>
        !IsGray
        && type is INamedTypeSymbol { IsAbstract: false, IsFileLocal: false } named
        && named.IsWrittenIn(context.Model.Compilation)
        && !named.GetAttributes().Any(MarkedClassParser.IsMark)
        && ExistingWrapper(context) is null
            ? named
            : null;

    /// <summary>Whether ToGrayscale is not in sight where the call stands.</summary>
    public bool NeedsUsing(ValueContext context) =>
        !IsGray && ExistingWrapper(context) is null && context.Model.LookupSymbols(call.SpanStart, type, "ToGrayscale", includeReducedExtensionMethods: true).IsEmpty;

    private static bool IsWrapper(ITypeSymbol type)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current is { Name: "GrayscaleModule", ContainingNamespace: { Name: "ChannelGen", ContainingNamespace.IsGlobalNamespace: true } })
            {
                return true;
            }
        }

        return false;
    }

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
            && ((network is IFieldSymbol or IPropertySymbol && !network.IsStatic) || member is IMethodSymbol { IsOverride: true, Name: "forward" });
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
            foreach (IMethodSymbol forward in current.GetMembers("forward").OfType<IMethodSymbol>().Where(static method => !method.IsAbstract))
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
                    if (!ImageFlow.GoesIntoLayersOnly(declaration, 0, inside)
                        || declaration.DescendantNodes().Any(node => AsksForChannels(node) || (node is InvocationExpressionSyntax && inside.Operation(node) is { } operation && StackDetector.IsStack(operation, inside))))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>Another name for a network that has one already, under which it may be given images in color.</summary>
    private bool IsAlias(ISymbol network, ValueContext context) =>
        network is ILocalSymbol && context.Definition(network, receiver).Value?.Bare() is IdentifierNameSyntax or MemberAccessExpressionSyntax or ElementAccessExpressionSyntax;

    private static bool AsksForChannels(SyntaxNode node) =>
        node is ElementAccessExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" } } or InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "size" } }
        && node.Ancestors().TakeWhile(static ancestor => ancestor is not StatementSyntax || ancestor is IfStatementSyntax).Any(static ancestor => ancestor is IfStatementSyntax or ConditionalExpressionSyntax or SwitchExpressionSyntax or IsPatternExpressionSyntax);

    /// <summary>
    /// All other calls of the network in the same member, or of a field's in the same class; null if something else there gets
    /// hold of it, and could give it an image in color.
    /// </summary>
    private IReadOnlyList<InvocationExpressionSyntax>? OtherCalls(ISymbol network, ValueContext context)
    {
        SyntaxNode scope = network is IFieldSymbol or IPropertySymbol
            ? (SyntaxNode?)call.FirstAncestorOrSelf<TypeDeclarationSyntax>() ?? call.SyntaxTree.GetRoot()
            : VariableHistory.MemberOf(call);
        var calls = new List<InvocationExpressionSyntax>();
        foreach (IdentifierNameSyntax identifier in scope.DescendantNodes().OfType<IdentifierNameSyntax>())
        {
            if (identifier.Identifier.ValueText != network.Name || !SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(identifier, context.Cancellation).Symbol, network))
            {
                continue;
            }

            ExpressionSyntax reference = identifier.Parent is MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } self && self.Name == identifier ? self : identifier;
            if (reference.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "forward" or "call", Parent: InvocationExpressionSyntax other } member && member.Expression == reference)
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
                // A method that is given a tensor may run the network; one that gives a module gives the network itself, as to() does.
                return context.Model.GetSymbolInfo(invocation, context.Cancellation).Symbol is IMethodSymbol method
                    && (method.Name == "ToGrayscale"
                        || ((context.Symbols.IsOfTorch(method) || (!method.IsExtensionMethod && !method.Parameters.Any(parameter => context.Symbols.IsTensor(parameter.Type))))
                            && (!context.Symbols.IsModule(method.ReturnType) || StaysItself(reference, invocation))));
            case MemberAccessExpressionSyntax member:
                return member.Expression == reference;
            case AssignmentExpressionSyntax assignment:
                return assignment.Left == reference;
            case ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax passed }:
                return passed.Expression is IdentifierNameSyntax { Identifier.ValueText: "nameof" }
                    || (context.Model.GetSymbolInfo(passed, context.Cancellation).Symbol is IMethodSymbol target && VariableHistory.ReadsOnly(target));
            default:
                return reference.Parent is BinaryExpressionSyntax or IsPatternExpressionSyntax or UsingStatementSyntax or LockStatementSyntax or InterpolationSyntax;
        }
    }

    /// <summary>net.to(device); and net = net.to(device);</summary>
    private static bool StaysItself(ExpressionSyntax reference, InvocationExpressionSyntax invocation) =>
        invocation.Parent is ExpressionStatementSyntax
        || (invocation.Parent is AssignmentExpressionSyntax assignment && SyntaxFactory.AreEquivalent(assignment.Left.Bare(), reference.Bare()));

    /// <summary>A local that holds net.ToGrayscale() wherever the call is reached.</summary>
    private string? ExistingWrapper(ValueContext context)
    {
        if (context.Model.GetSymbolInfo(receiver.Bare(), context.Cancellation).Symbol is not { } network)
        {
            return null;
        }

        for (SyntaxNode? node = call; node is not null and not MemberDeclarationSyntax; node = node.Parent)
        {
            IEnumerable<StatementSyntax> before = node.Parent is BlockSyntax block ? block.Statements.TakeWhile(statement => statement != node)
                : node is GlobalStatementSyntax { Parent: CompilationUnitSyntax file } ? file.Members.OfType<GlobalStatementSyntax>().TakeWhile(global => global != node).Select(static global => global.Statement)
                : [];
            foreach (StatementSyntax statement in before)
            {
                if (statement is LocalDeclarationStatementSyntax { Declaration.Variables: [{ Initializer.Value: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToGrayscale" } member, ArgumentList.Arguments.Count: 0 } } declarator] }
                    && SymbolEqualityComparer.Default.Equals(context.Model.GetSymbolInfo(member.Expression, context.Cancellation).Symbol, network)
                    && context.Model.GetDeclaredSymbol(declarator, context.Cancellation) is ILocalSymbol wrapper
                    && context.History(wrapper, call).Writes.Count == 1
                    && (network is not (ILocalSymbol or IParameterSymbol) || context.Definition(network, declarator).Write == context.Definition(network, call).Write))
                {
                    return declarator.Identifier.Text;
                }
            }
        }

        return null;
    }
}
