using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ChannelGen.CodeFixes;

/// <summary>
/// Whether a network is made where it is used, so that nothing else can have got hold of it: one that comes from a method, a
/// service or another variable may be used elsewhere in color.
/// </summary>
internal static class MadeHere
{
    private const int MaximumDepth = 4;

    public static bool Is(ISymbol network, SyntaxNode use, ValueContext context) =>
        Makings(network, use, context) is { Count: > 0 } makings && makings.All(making => IsNew(making, network, context, MaximumDepth));

    /// <summary>Where it is made, and the classes that are written in this compilation.</summary>
    public static IEnumerable<SyntaxNode> Sources(ISymbol network, ITypeSymbol type, SyntaxNode use, ValueContext context)
    {
        foreach (IOperation making in Makings(network, use, context) ?? [])
        {
            yield return making.Syntax;
        }

        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            foreach (
                SyntaxReference reference in current.DeclaringSyntaxReferences.Where(_ => current.IsWrittenIn(context.Model.Compilation))
            )
            {
                yield return reference.GetSyntax(context.Cancellation);
            }
        }
    }

    /// <summary>All that the variable is ever given; null if that cannot be told.</summary>
    private static IReadOnlyList<IOperation>? Makings(ISymbol network, SyntaxNode use, ValueContext context)
    {
        if (network is IFieldSymbol field)
        {
            return context.FieldValue(field) is { } value ? [value] : null;
        }

        var makings = new List<IOperation>();
        foreach (Write write in context.History(network, use).Writes)
        {
            if (write.Value is not { } value || context.Operation(value) is not { } operation)
            {
                return null;
            }

            makings.Add(operation);
        }

        return makings;
    }

    /// <summary>new Net(), resnet18(), Sequential(...), also on another device, and the network itself there.</summary>
    private static bool IsNew(IOperation making, ISymbol network, ValueContext context, int depth)
    {
        switch (making.Unwrap())
        {
            case IObjectCreationOperation creation:
                return !creation.Arguments.Any(argument => context.Symbols.IsModule(argument.Value.Unwrap().Type));
            case IInvocationOperation { TargetMethod.Name: "to" or "cuda" or "cpu" or "half" or "float" or "double" or "bfloat16" } moved
                when depth > 0 && moved.Subject() is { } subject && context.Symbols.IsModule(subject.Type):
                return SymbolEqualityComparer.Default.Equals(subject.Variable(), network) || IsNew(subject, network, context, depth - 1);
            case IInvocationOperation { Instance: null } factory when context.Symbols.IsOfTorch(factory.TargetMethod):
                return factory.Arguments.All(argument =>
                    Parts(argument.Value, context).All(part => IsNew(part, network, context, depth - 1))
                );
            default:
                return false;
        }
    }

    /// <summary>The modules among what a factory is given.</summary>
    private static IEnumerable<IOperation> Parts(IOperation argument, ValueContext context)
    {
        argument = argument.Unwrap();
        if (argument.ConstantValue.HasValue || argument is IDefaultValueOperation)
        {
            // Left out, or null.
            yield break;
        }

        if (
            !context.Symbols.IsModule(argument.Type)
            && Sequences.Elements(argument, context) is null
            && HoldsModules(argument.Type, context)
        )
        {
            // A list of which nothing is known: as good as a module from elsewhere.
            yield return argument;
        }

        IEnumerable<IOperation> elements = context.Symbols.IsModule(argument.Type)
            ? [argument]
            : Sequences.Elements(argument, context) ?? [];
        foreach (IOperation element in elements)
        {
            IOperation part = element.Unwrap() is ITupleOperation { Elements: [_, var named] } ? named.Unwrap() : element.Unwrap();
            if (context.Symbols.IsModule(part.Type))
            {
                yield return part;
            }
        }
    }

    private static bool HoldsModules(ITypeSymbol? type, ValueContext context) =>
        type switch
        {
            IArrayTypeSymbol array => context.Symbols.IsModule(array.ElementType) || HoldsModules(array.ElementType, context),
            INamedTypeSymbol named => named.TypeArguments.Any(argument =>
                context.Symbols.IsModule(argument) || HoldsModules(argument, context)
            ),
            _ => false,
        };
}
