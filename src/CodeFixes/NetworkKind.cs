using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Whether a module can be a network that convolves its image. A loss, an activation or a network of linear layers cannot; what
/// is only known as Module&lt;Tensor, Tensor&gt; can, and one of several tensors may as well be a loss.
/// </summary>
internal static class NetworkKind
{
    private const int MaximumDepth = 6;

    public static bool MayConvolve(ExpressionSyntax? receiver, ITypeSymbol type, ValueContext context)
    {
        IInvocationOperation? creation =
            receiver is not null && context.Operation(receiver) is { } operation ? Layers.Creation(operation, context) : null;
        if (creation is not null && creation.Type is { } made)
        {
            return !IsKnownWithout(creation, made, context, MaximumDepth);
        }

        if (receiver is not null && Created(receiver, context) is { } created)
        {
            type = created;
        }

        if (context.Symbols.TypedModule(type) is { } typed && SymbolEqualityComparer.Default.Equals(typed, type))
        {
            return typed.TypeArguments.Length == 2;
        }

        return !IsTypeWithout(type, context, MaximumDepth);
    }

    /// <summary>The class of a local or field that holds a new object of the program's own.</summary>
    private static ITypeSymbol? Created(ExpressionSyntax receiver, ValueContext context)
    {
        IOperation? value = context.Operation(receiver.Bare())?.Unwrap() switch
        {
            ILocalReferenceOperation local when context.Definition(local.Local, local.Syntax).Value is { } written => context.Operation(
                written
            ),
            IFieldReferenceOperation field => context.FieldValue(field.Field),
            IObjectCreationOperation creation => creation,
            _ => null,
        };
        return value?.Unwrap() is IObjectCreationOperation { Type: { } type } ? type : null;
    }

    private static bool IsKnownWithout(IInvocationOperation creation, ITypeSymbol made, ValueContext context, int depth)
    {
        if (depth == 0)
        {
            return false;
        }

        if (creation.TargetMethod.Name != "Sequential")
        {
            return context.Symbols.IsModule(made) && IsTypeWithout(made, context, depth);
        }

        if (creation.Arguments.Length == 0 || Sequences.Elements(creation.Arguments[0].Value, context) is not { Count: > 0 } parts)
        {
            return false;
        }

        return parts.All(part =>
        {
            IOperation layer = part.Unwrap() is ITupleOperation { Elements: [_, var named] } ? named.Unwrap() : part.Unwrap();
            return Layers.Creation(layer, context) is { Type: { } type } inner
                ? IsKnownWithout(inner, type, context, depth - 1)
                : layer is IObjectCreationOperation { Type: { } created } && IsTypeWithout(created, context, depth - 1);
        });
    }

    /// <summary>Whether it is known of a class that it has no convolution.</summary>
    private static bool IsTypeWithout(ITypeSymbol type, ValueContext context, int depth)
    {
        if (IsLoss(type, context))
        {
            return true;
        }

        if (context.Symbols.IsOwn(type))
        {
            return type is
            {
                Name: not ("Sequential" or "ModuleList" or "ModuleDict"),
                ContainingType: null,
                ContainingNamespace.Name: "Modules"
            }
                && !context.Symbols.IsConvolution(type);
        }

        return depth > 0 && type is INamedTypeSymbol named && IsClassWithout(named, context, depth);
    }

    private static bool IsLoss(ITypeSymbol type, ValueContext context)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current.Name == "Loss" && context.Symbols.IsOwn(current))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a class whose whole source is in this compilation makes no convolution and is given no module.</summary>
    private static bool IsClassWithout(INamedTypeSymbol type, ValueContext context, int depth)
    {
        for (INamedTypeSymbol? current = type; current is not null && !context.Symbols.IsOwn(current); current = current.BaseType)
        {
            if (current.DeclaringSyntaxReferences.IsEmpty)
            {
                return false;
            }

            foreach (SyntaxReference reference in current.DeclaringSyntaxReferences)
            {
                if (
                    context.Model.Compilation.ModelOf(reference.SyntaxTree) is not { } model
                    || !IsDeclarationWithout(reference.GetSyntax(context.Cancellation), model, context, depth)
                )
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsDeclarationWithout(SyntaxNode declaration, SemanticModel model, ValueContext context, int depth)
    {
        foreach (SyntaxNode node in declaration.DescendantNodes())
        {
            switch (node)
            {
                case ParameterSyntax { Type: { } given } when context.Symbols.IsModule(model.GetTypeInfo(given, context.Cancellation).Type):
                    return false;
                case ObjectCreationExpressionSyntax or ImplicitObjectCreationExpressionSyntax:
                    if (
                        model.GetTypeInfo(node, context.Cancellation).Type is { } created
                        && context.Symbols.IsModule(created)
                        && !IsContainer(created)
                        && !IsTypeWithout(created, context, depth - 1)
                    )
                    {
                        return false;
                    }

                    break;
                case InvocationExpressionSyntax call when model.GetSymbolInfo(call, context.Cancellation).Symbol is IMethodSymbol method:
                    bool convolves =
                        context.Symbols.IsOfTorch(method) && method.Name.StartsWith("conv", StringComparison.OrdinalIgnoreCase);
                    if (
                        convolves
                        || (
                            context.Symbols.IsModule(method.ReturnType)
                            && !IsContainer(method.ReturnType)
                            && !IsTypeWithout(method.ReturnType, context, depth - 1)
                            && !(context.Symbols.IsModule(method.ContainingType) && context.Symbols.IsOwn(method.ContainingType))
                        )
                    )
                    {
                        return false;
                    }

                    break;
            }
        }

        return true;
    }

    private static bool IsContainer(ITypeSymbol type) =>
        type.Name is "Sequential" or "ModuleList" or "ModuleDict" && type.ContainingNamespace.Name == "Modules";
}
