using System.Runtime.CompilerServices;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.Analyzers.Flow;

/// <summary>
/// Whether a module still has the layers that it was made with: whether nothing that can be seen puts others into it, changes
/// their weights, converts it, or hands it to code that could.
/// </summary>
internal static class ModuleUses
{
    private static readonly ConditionalWeakTable<Compilation, Program> Programs = new();

    /// <summary>Whether every mention of a module that is made in sight leaves its layers as they were made.</summary>
    public static bool AreHarmless(IOperation module, ValueContext context) =>
        module.Unwrap() switch
        {
            ILocalReferenceOperation or IParameterReferenceOperation => VariableUses
                .Of(module.Variable()!, VariableHistory.MemberOf(module.Syntax), context.Model, context.Cancellation)
                .All(use => IsHarmless(use, context.Model)),
            IFieldReferenceOperation { Field: var field } => Scopes(field, context).All(scope => AreHarmless(field, scope, context)),
            IObjectCreationOperation => true,
            IInvocationOperation call => !context.Symbols.IsModule(call.Subject()?.Type) || AreHarmless(call.Subject()!, context),
            _ => false,
        };

    /// <summary>
    /// Whether a module that comes from elsewhere in the program can be taken to be of the class that its type says, with its
    /// layers as they were made: no class derives from that, and nowhere does the program name what converts or hooks a module.
    /// </summary>
    public static bool AreAsDeclared(INamedTypeSymbol type, ValueContext context)
    {
        Program program = Programs.GetValue(context.Model.Compilation, asked => new Program(asked, context.Symbols));
        return !program.ChangesModules && !program.Bases.Contains(type);
    }

    private static IEnumerable<SyntaxNode> Scopes(IFieldSymbol field, ValueContext context) =>
        field.DeclaredAccessibility == Accessibility.Private
            ? field.ContainingType.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(context.Cancellation))
            : context.Model.Compilation.SyntaxTrees.Select(tree => tree.GetRoot(context.Cancellation));

    private static bool AreHarmless(IFieldSymbol field, SyntaxNode scope, ValueContext context) =>
        context.In(scope.SyntaxTree)?.Model is { } model
        && scope
            .DescendantNodes()
            .OfType<IdentifierNameSyntax>()
            .Where(name => name.Identifier.ValueText == field.Name)
            .Where(name => SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(name, context.Cancellation).Symbol, field))
            .All(name => IsHarmless(name, model));

    private static bool IsHarmless(IdentifierNameSyntax use, SemanticModel model)
    {
        ExpressionSyntax module = use.Parent is MemberAccessExpressionSyntax self && self.Name == use ? self : use;
        return module.Parent switch
        {
            MemberAccessExpressionSyntax member => IsHarmless(member, model),
            AssignmentExpressionSyntax assignment => assignment.Left == module,
            ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } => call.Expression
                is IdentifierNameSyntax { Identifier.ValueText: "nameof" or "register_module" or "add_module" },
            _ => false,
        };
    }

    /// <summary>What is asked of a module, or done to it, without another layer or weight coming of it.</summary>
    private static bool IsHarmless(MemberAccessExpressionSyntax member, SemanticModel model) =>
        member.Name.Identifier.ValueText switch
        {
            "forward" or "call" or "eval" or "train" or "to" or "cuda" or "cpu" or "half" or "float" or "double" => true,
            "parameters" or "named_parameters" or "buffers" or "named_buffers" or "modules" or "named_modules" => true,
            "children" or "named_children" or "state_dict" or "save" or "load" or "load_state_dict" or "zero_grad" => true,
            "Dispose" or "GetName" or "ToString" or "training" or "requires_grad_" => true,
            "in_channels" or "out_channels" => member.Parent is not AssignmentExpressionSyntax,
            "weight" or "bias" => member.Parent
                is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "shape" or "dtype" or "device" }
                || (
                    Outermost(member).Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call }
                    && model.GetSymbolInfo(call).Symbol is { ContainingType.Name: "init" }
                ),
            _ => false,
        };

    /// <summary>An expression with the parentheses and ! around it.</summary>
    private static SyntaxNode Outermost(SyntaxNode expression) =>
        expression.Parent is ParenthesizedExpressionSyntax or PostfixUnaryExpressionSyntax ? Outermost(expression.Parent) : expression;

    /// <summary>
    /// What a whole program does to modules. Read once, when it is first asked for, which is where a call is about to be reported.
    /// </summary>
    private sealed class Program
    {
        public Program(Compilation compilation, TorchSymbols symbols)
        {
            ChangesModules = compilation.SyntaxTrees.Any(tree =>
                !tree.FilePath.EndsWith(".g.cs", StringComparison.Ordinal)
                && tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().Any(name => Changes(name, compilation, symbols))
            );
            foreach (INamedTypeSymbol type in Types(compilation.Assembly.GlobalNamespace))
            {
                if (type.BaseType is { } baseType)
                {
                    Bases.Add(baseType.OriginalDefinition);
                }
            }
        }

        public bool ChangesModules { get; }

        /// <summary>Whether a name is that of a method that converts or hooks a module. A namesake of the program gives none.</summary>
        private static bool Changes(SimpleNameSyntax name, Compilation compilation, TorchSymbols symbols) =>
            name.Identifier.ValueText is "ToGrayscale" or "ToColor" or "RestoreColor" or "ToChannels" or "register_forward_pre_hook"
            && (
                compilation.ModelOf(name.SyntaxTree)?.GetSymbolInfo(name).Symbol is not IMethodSymbol method
                || !SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, compilation.Assembly)
                || symbols.IsModule(method.ReturnType)
            );

        public HashSet<ISymbol> Bases { get; } = new(SymbolEqualityComparer.Default);

        private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol container) =>
            container
                .GetMembers()
                .OfType<INamespaceOrTypeSymbol>()
                .SelectMany(static member => member is INamedTypeSymbol type ? Types(member).Append(type) : Types(member));
    }
}
