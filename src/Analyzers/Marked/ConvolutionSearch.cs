using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Marked;

/// <summary>Looks for convolutions in the source of a class, of its bases and of the classes of its layers.</summary>
internal sealed class ConvolutionSearch(Compilation compilation, TorchSymbols symbols, CancellationToken cancellation)
{
    private const int MaximumDepth = 6;

    /// <summary>
    /// Whether it is known of a class of modules that it has no convolution. It is not where the class is given a module, or
    /// where part of its source, or of a layer's, is elsewhere.
    /// </summary>
    public bool AreAbsent(ITypeSymbol type) => AreAbsent(type, MaximumDepth);

    /// <summary>
    /// Whether a class hands tensors to methods of the program that are not its own: what these do with them is not searched.
    /// </summary>
    public bool HandsTensorsOut(INamedTypeSymbol type) =>
        Declarations(type).Any(part =>
            part.Declaration.DescendantNodes()
                .OfType<InvocationExpressionSyntax>()
                .Any(call =>
                    part.Model.GetSymbolInfo(call, cancellation).Symbol is not IMethodSymbol method
                    || !(
                        symbols.IsOfTorch(method)
                        || symbols.IsModule(method.ContainingType)
                        || !(symbols.IsTensor(method.ReturnType) || method.Parameters.Any(given => symbols.IsTensor(given.Type)))
                    )
                )
        );

    private bool AreAbsent(ITypeSymbol type, int depth)
    {
        if (IsLoss(type))
        {
            return true;
        }

        if (symbols.IsOwn(type))
        {
            return type is { ContainingType: null, ContainingNamespace.Name: "Modules" }
                && !IsContainer(type)
                && !symbols.IsConvolution(type);
        }

        return depth > 0
            && type is INamedTypeSymbol named
            && Own(named).All(current => current.IsWrittenIn(compilation))
            && Declarations(named).All(part => IsWithout(part.Declaration, part.Model, depth));
    }

    private bool IsLoss(ITypeSymbol type)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current.Name == "Loss" && symbols.IsOwn(current))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A class and those of its bases that are not TorchSharp's.</summary>
    private IEnumerable<INamedTypeSymbol> Own(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? current = type; current is not null && !symbols.IsOwn(current); current = current.BaseType)
        {
            yield return current;
        }
    }

    private IEnumerable<(SyntaxNode Declaration, SemanticModel Model)> Declarations(INamedTypeSymbol type) =>
        from current in Own(type)
        from reference in current.DeclaringSyntaxReferences
        let model = compilation.ModelOf(reference.SyntaxTree)
        where model is not null
        select (reference.GetSyntax(cancellation), model);

    private bool IsWithout(SyntaxNode declaration, SemanticModel model, int depth) =>
        declaration
            .DescendantNodes()
            .All(node =>
                node switch
                {
                    ParameterSyntax { Type: { } given } => !symbols.IsModule(model.GetTypeInfo(given, cancellation).Type),
                    BaseObjectCreationExpressionSyntax => model.GetTypeInfo(node, cancellation).Type is not { } created
                        || !symbols.IsModule(created)
                        || IsWithout(created, depth),
                    InvocationExpressionSyntax call => model.GetSymbolInfo(call, cancellation).Symbol is not IMethodSymbol method
                        || IsWithout(method, depth),
                    _ => true,
                }
            );

    /// <summary>Whether a call convolves nothing and gives no module that could. What a module gives of itself is the module.</summary>
    private bool IsWithout(IMethodSymbol method, int depth) =>
        !(symbols.IsOfTorch(method) && method.Name.StartsWith("conv", StringComparison.OrdinalIgnoreCase))
        && (
            !symbols.IsModule(method.ReturnType)
            || IsWithout(method.ReturnType, depth)
            || (symbols.IsModule(method.ContainingType) && symbols.IsOwn(method.ContainingType))
        );

    private bool IsWithout(ITypeSymbol module, int depth) => IsContainer(module) || AreAbsent(module, depth - 1);

    /// <summary>What holds the layers that it is given.</summary>
    private static bool IsContainer(ITypeSymbol type) =>
        type.Name is "Sequential" or "ModuleList" or "ModuleDict" && type.ContainingNamespace.Name == "Modules";
}
