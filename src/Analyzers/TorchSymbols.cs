using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers;

/// <summary>The symbols of TorchSharp that rules ask for, looked up once per compilation.</summary>
internal sealed class TorchSymbols
{
    private TorchSymbols(Compilation compilation, INamedTypeSymbol torch, INamedTypeSymbol tensor, INamedTypeSymbol module)
    {
        Torch = torch;
        Tensor = tensor;
        Module = module;
        Functional = compilation.GetTypeByMetadataName("TorchSharp.torch+nn+functional");
        NN = compilation.GetTypeByMetadataName("TorchSharp.torch+nn");
        Convolution = compilation.GetTypeByMetadataName("TorchSharp.Modules.Convolution");
        Parameter = compilation.GetTypeByMetadataName("TorchSharp.Modules.Parameter");
        Sequential = compilation.GetTypeByMetadataName("TorchSharp.Modules.Sequential");
        ImageIO = compilation.GetTypeByMetadataName("TorchSharp.torchvision+io");
        VisionUtils = compilation.GetTypeByMetadataName("TorchSharp.torchvision+utils");
        Transforms = compilation.GetTypeByMetadataName("TorchSharp.torchvision+transforms");
        TransformsFunctional = compilation.GetTypeByMetadataName("TorchSharp.torchvision+transforms+functional");
        Enumerable = compilation.GetTypeByMetadataName("System.Linq.Enumerable");
        ListOfT = compilation.GetTypeByMetadataName("System.Collections.Generic.List`1");
        ChannelConversions = compilation.GetTypeByMetadataName("ChannelGen.ChannelConversions");
    }

    public INamedTypeSymbol Torch { get; }

    public INamedTypeSymbol Tensor { get; }

    public INamedTypeSymbol Module { get; }

    public INamedTypeSymbol? NN { get; }

    public INamedTypeSymbol? Functional { get; }

    public INamedTypeSymbol? Convolution { get; }

    public INamedTypeSymbol? Parameter { get; }

    public INamedTypeSymbol? Sequential { get; }

    public INamedTypeSymbol? ImageIO { get; }

    public INamedTypeSymbol? VisionUtils { get; }

    public INamedTypeSymbol? Transforms { get; }

    public INamedTypeSymbol? TransformsFunctional { get; }

    public INamedTypeSymbol? Enumerable { get; }

    public INamedTypeSymbol? ListOfT { get; }

    /// <summary>The extension methods of our own runtime; null where only TorchSharp is referenced.</summary>
    public INamedTypeSymbol? ChannelConversions { get; }

    /// <summary>Null in a compilation without TorchSharp, where no rule has anything to do.</summary>
    public static TorchSymbols? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("TorchSharp.torch+Tensor") is { } tensor
        && compilation.GetTypeByMetadataName("TorchSharp.torch+nn+Module") is { } module
        && tensor.ContainingType is { } torch
            ? new TorchSymbols(compilation, torch, tensor, module)
            : null;

    public bool IsTensor(ITypeSymbol? type) => Inherits(type, Tensor);

    public bool IsModule(ITypeSymbol? type) => Inherits(type, Module);

    public bool IsConvolution(ITypeSymbol? type) => Convolution is not null && Inherits(type, Convolution);

    public bool IsParameter(ITypeSymbol? type) => Parameter is not null && Inherits(type, Parameter);

    /// <summary>Whether a method is one of TorchSharp's own, TorchVision's included.</summary>
    public bool IsOfTorch(IMethodSymbol method)
    {
        for (INamedTypeSymbol? type = method.ContainingType; type is not null; type = type.ContainingType)
        {
            if (type.ContainingType is null)
            {
                return type.ContainingNamespace is { Name: "TorchSharp" or "Modules" } space
                    && (space.ContainingNamespace.IsGlobalNamespace || space.ContainingNamespace.Name == "TorchSharp");
            }
        }

        return false;
    }

    public static bool Is(ITypeSymbol? type, INamedTypeSymbol? wanted) => wanted is not null && SymbolEqualityComparer.Default.Equals(type?.OriginalDefinition, wanted);

    /// <summary>
    /// The Module&lt;T1, ..., TResult&gt; that a class derives from; null if it derives from Module alone or from none.
    /// </summary>
    public INamedTypeSymbol? TypedModule(ITypeSymbol? type)
    {
        for (INamedTypeSymbol? current = type as INamedTypeSymbol ?? (type as ITypeParameterSymbol)?.ConstraintTypes.OfType<INamedTypeSymbol>().FirstOrDefault(); current is not null; current = current.BaseType)
        {
            if (current is { Name: "Module", IsGenericType: true } && Is(current.ContainingType, NN))
            {
                return current;
            }
        }

        return null;
    }

    private static bool Inherits(ITypeSymbol? type, INamedTypeSymbol wanted)
    {
        if (type is ITypeParameterSymbol parameter)
        {
            return parameter.ConstraintTypes.Any(constraint => Inherits(constraint, wanted));
        }

        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(current, wanted))
            {
                return true;
            }
        }

        return false;
    }
}
