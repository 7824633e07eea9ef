using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Torch;

/// <summary>The symbols of TorchSharp that rules ask for, looked up once per compilation.</summary>
internal sealed class TorchSymbols
{
    private const string TorchName = "TorchSharp";

    private static readonly ConditionalWeakTable<Compilation, Lookup> Lookups = new();

    private readonly HashSet<ISymbol> libraries = new(SymbolEqualityComparer.Default);

    /// <summary>The types whose methods <see cref="TorchApi"/> tells of.</summary>
    private readonly HashSet<ISymbol> owners = new(SymbolEqualityComparer.Default);

    private HashSet<string>? factories;

    private TorchSymbols(
        INamedTypeSymbol tensor,
        INamedTypeSymbol module,
        IAssemblySymbol torch,
        IAssemblySymbol? vision,
        IAssemblySymbol? runtime,
        IEnumerable<IAssemblySymbol> libraries
    )
    {
        this.libraries.UnionWith(libraries);
        Torch = tensor.ContainingType;
        Tensor = tensor;
        Module = module;
        NN = module.ContainingType;
        Convolution = torch.GetTypeByMetadataName("TorchSharp.Modules.Convolution");
        Parameter = torch.GetTypeByMetadataName("TorchSharp.Modules.Parameter");
        ImageIO = vision?.GetTypeByMetadataName("TorchSharp.torchvision+io");
        VisionUtils = vision?.GetTypeByMetadataName("TorchSharp.torchvision+utils");
        Transform = vision?.GetTypeByMetadataName("TorchSharp.torchvision+ITransform");
        Transforms = vision?.GetTypeByMetadataName("TorchSharp.torchvision+transforms");
        TransformsFunctional = vision?.GetTypeByMetadataName("TorchSharp.torchvision+transforms+functional");
        owners.UnionWith(
            new[]
            {
                Torch,
                Tensor,
                NN,
                torch.GetTypeByMetadataName("TorchSharp.torch+nn+functional"),
                torch.GetTypeByMetadataName("TorchSharp.TensorExtensionMethods"),
                ImageIO,
                VisionUtils,
                Transforms,
                TransformsFunctional,
            }.OfType<ISymbol>()
        );
        ChannelConversions = runtime?.GetTypeByMetadataName("ChannelGen.ChannelConversions");
        ChannelViews = runtime?.GetTypeByMetadataName("ChannelGen.ChannelViews");
        GrayscaleInput = runtime?.GetTypeByMetadataName("ChannelGen.GrayscaleInputAttribute");
    }

    public INamedTypeSymbol Torch { get; }

    public INamedTypeSymbol Tensor { get; }

    public INamedTypeSymbol Module { get; }

    public INamedTypeSymbol? NN { get; }

    /// <summary>The names of the methods of torch.nn, which make layers.</summary>
    public HashSet<string> Factories =>
        factories ??= new HashSet<string>(
            NN?.GetMembers().OfType<IMethodSymbol>().Select(static method => method.Name) ?? [],
            StringComparer.Ordinal
        );

    public INamedTypeSymbol? Convolution { get; }

    public INamedTypeSymbol? Parameter { get; }

    public INamedTypeSymbol? ImageIO { get; }

    public INamedTypeSymbol? VisionUtils { get; }

    public INamedTypeSymbol? Transform { get; }

    public INamedTypeSymbol? Transforms { get; }

    public INamedTypeSymbol? TransformsFunctional { get; }

    /// <summary>The extension methods of our own runtime; null where only TorchSharp is referenced.</summary>
    public INamedTypeSymbol? ChannelConversions { get; }

    /// <summary>AsGrayscale of our own runtime; null where only TorchSharp is referenced.</summary>
    public INamedTypeSymbol? ChannelViews { get; }

    /// <summary>The attribute of our own runtime.</summary>
    public INamedTypeSymbol? GrayscaleInput { get; }

    /// <summary>Null in a compilation without TorchSharp, where no rule has anything to do. Looked up once for all rules.</summary>
    public static TorchSymbols? Of(Compilation compilation) =>
        Lookups.GetValue(compilation, static asked => new Lookup(Find(asked))).Symbols;

    /// <summary>
    /// Asks the three assemblies that could have the types, not the compilation, which would ask every reference for each.
    /// </summary>
    private static TorchSymbols? Find(Compilation compilation)
    {
        // The names first, which are at hand: in a compilation without TorchSharp no assembly's symbol comes into being.
        ImmutableArray<AssemblyIdentity> names = compilation.SourceModule.ReferencedAssemblies;
        if (!names.Any(static name => name.Name == TorchName))
        {
            return null;
        }

        IAssemblySymbol? torch = null;
        IAssemblySymbol? vision = null;
        IAssemblySymbol? runtime = null;
        var libraries = new List<IAssemblySymbol>();
        ImmutableArray<IAssemblySymbol> assemblies = compilation.SourceModule.ReferencedAssemblySymbols;
        for (int index = 0; index < names.Length; index++)
        {
            switch (names[index].Name)
            {
                case TorchName:
                    torch = assemblies[index];
                    break;
                case "TorchVision":
                    vision = assemblies[index];
                    libraries.Add(vision);
                    break;
                case "TorchAudio" or "TorchText":
                    libraries.Add(assemblies[index]);
                    break;
                case "ChannelGen.Runtime":
                    runtime = assemblies[index];
                    break;
            }
        }

        return
            torch?.GetTypeByMetadataName("TorchSharp.torch+Tensor") is { } tensor
            && torch.GetTypeByMetadataName("TorchSharp.torch+nn+Module") is { } module
            ? new TorchSymbols(tensor, module, torch, vision, runtime, libraries)
            : null;
    }

    public bool IsTensor(ITypeSymbol? type) => Inherits(type, Tensor);

    public bool IsModule(ITypeSymbol? type) => Inherits(type, Module);

    public bool IsConvolution(ITypeSymbol? type) => Convolution is not null && Inherits(type, Convolution);

    public bool IsParameter(ITypeSymbol? type) => Parameter is not null && Inherits(type, Parameter);

    /// <summary>
    /// Whether a method is one of TorchSharp's own, TorchVision's and its like included: by the assembly, since a program may
    /// have namespaces of the same names.
    /// </summary>
    public bool IsOfTorch(IMethodSymbol method) =>
        method.ContainingAssembly is { } assembly && (IsTorch(assembly) || libraries.Contains(assembly));

    /// <summary>Whether a method is one that <see cref="TorchApi"/> tells of: by the type that declares it.</summary>
    public bool IsOfApi(IMethodSymbol method) =>
        owners.Contains(method.ContainingType)
        || (IsOfTorch(method) && (IsModule(method.ContainingType) || Is(method.ContainingType, Transform)));

    /// <summary>The types that are asked for a method by its name.</summary>
    public IEnumerable<INamedTypeSymbol> ApiOwners => owners.OfType<INamedTypeSymbol>().Append(Module);

    /// <summary>Whether a type is TorchSharp's loader of data, or derives from it: what it gives comes from outside the program.</summary>
    public bool IsDataLoader(ITypeSymbol? type)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (current.Name == "DataLoader" && IsOwn(current))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a type is TorchSharp's own: no class of a program is found among its bases.</summary>
    public bool IsOwn(ITypeSymbol type) => IsTorch(type.ContainingAssembly);

    /// <summary>Whether a type is a wrapper of our own runtime, of whatever number of inputs, or one that is generated from it.</summary>
    public static bool DerivesFromOurs(ITypeSymbol? type, string wrapper)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (
                current.Name == wrapper
                && current.ContainingNamespace is { Name: "ChannelGen", ContainingNamespace.IsGlobalNamespace: true }
            )
            {
                return true;
            }
        }

        return false;
    }

    public static bool Is(ITypeSymbol? type, INamedTypeSymbol? wanted) =>
        wanted is not null && SymbolEqualityComparer.Default.Equals(type?.OriginalDefinition, wanted);

    /// <summary>
    /// The Module&lt;T1, ..., TResult&gt; that a class derives from; null if it derives from Module alone or from none.
    /// </summary>
    public INamedTypeSymbol? TypedModule(ITypeSymbol? type)
    {
        for (
            INamedTypeSymbol? current =
                type as INamedTypeSymbol ?? (type as ITypeParameterSymbol)?.ConstraintTypes.OfType<INamedTypeSymbol>().FirstOrDefault();
            current is not null;
            current = current.BaseType
        )
        {
            if (current is { Name: "Module", IsGenericType: true } && Is(current.ContainingType, NN))
            {
                return current;
            }
        }

        return null;
    }

    public static bool IsEnumerable(ITypeSymbol? type) =>
        type is
        {
            Name: "Enumerable",
            ContainingNamespace: { Name: "Linq", ContainingNamespace: { Name: "System", ContainingNamespace.IsGlobalNamespace: true } }
        };

    public static bool IsList(ITypeSymbol? type) =>
        type is INamedTypeSymbol
        {
            Name: "List",
            Arity: 1,
            ContainingNamespace:
            {
                Name: "Generic",
                ContainingNamespace:
                { Name: "Collections", ContainingNamespace: { Name: "System", ContainingNamespace.IsGlobalNamespace: true } }
            }
        };

    private bool IsTorch(IAssemblySymbol? assembly) => SymbolEqualityComparer.Default.Equals(assembly, Tensor.ContainingAssembly);

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

    private sealed class Lookup(TorchSymbols? symbols)
    {
        public TorchSymbols? Symbols { get; } = symbols;
    }
}
