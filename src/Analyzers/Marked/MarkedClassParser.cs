using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Marked;

/// <summary>Something wrong with a marked class, for the analyzer to report.</summary>
/// <param name="Descriptor">Which.</param>
/// <param name="Arguments">What its message says.</param>
/// <param name="Layers">Layers that could be named instead.</param>
internal sealed record Complaint(DiagnosticDescriptor Descriptor, string[] Arguments, params string[] Layers)
{
    /// <summary>The property of the diagnostic under which the layers travel to the fix, one a line.</summary>
    public const string LayersKey = "layers";
}

/// <summary>What a [GrayscaleInput] asks for, or why it cannot be had.</summary>
/// <param name="Model">What to generate; null if nothing can be.</param>
/// <param name="Complaint">What is wrong; null if nothing is.</param>
internal readonly record struct MarkedClass(WrapperModel? Model, Complaint? Complaint);

/// <summary>Reads a class marked [GrayscaleInput]; the one place for its rules, which the analyzer and the generator share.</summary>
internal static class MarkedClassParser
{
    public const string AttributeName = "ChannelGen.GrayscaleInputAttribute";

    private static readonly SymbolDisplayFormat Qualified = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
    );

    /// <summary>The class form.</summary>
    public static MarkedClass Parse(
        INamedTypeSymbol type,
        AttributeData attribute,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        string name = type.Name;
        if (TooOld(name, compilation) is { } tooOld)
        {
            return tooOld;
        }

        if (attribute.ConstructorArguments.Any(static argument => argument.Kind == TypedConstantKind.Type))
        {
            return Wrong(
                Descriptors.AssemblyForm,
                $"names a type on a class; on '{name}' write [GrayscaleInput] or [GrayscaleInput(\"layer\")]"
            );
        }

        if (type.IsFileLocal)
        {
            return Wrong(Descriptors.NotModule, name, "is local to its file, where nothing can be added to it");
        }

        if (!IsPartial(type, cancellation))
        {
            return Wrong(Descriptors.NotPartial, name);
        }

        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            if (!IsPartial(outer, cancellation))
            {
                return Wrong(Descriptors.ContainerNotPartial, name, outer.Name);
            }
        }

        return Read(type, attribute, isExtension: false, compilation, symbols, cancellation);
    }

    /// <summary>The assembly form, whose class may be of another assembly.</summary>
    public static MarkedClass ParseAssembly(
        AttributeData attribute,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        if (!attribute.ConstructorArguments.Any(static argument => argument.Kind == TypedConstantKind.Type))
        {
            return Wrong(Descriptors.AssemblyForm, "lacks the network's type, as in [assembly: GrayscaleInput(typeof(ResNet), \"conv1\")]");
        }

        if (TypeArgument(attribute) is not { } type)
        {
            return Wrong(Descriptors.AssemblyForm, "names no class");
        }

        type = type.OriginalDefinition;
        if (IsRepeated(attribute, type, compilation))
        {
            return Wrong(Descriptors.AssemblyForm, $"repeats '{type.Name}', which is marked already");
        }

        return TooOld(type.Name, compilation) ?? Read(type, attribute, isExtension: true, compilation, symbols, cancellation);
    }

    /// <summary>What is generated would not compile in a program of an older language; null where it does.</summary>
    private static MarkedClass? TooOld(string name, Compilation compilation) =>
        compilation is CSharpCompilation { LanguageVersion: < LanguageVersion.CSharp9 } old
            ? Wrong(
                Descriptors.NothingGenerated,
                name,
                $"the program is written in C# {old.LanguageVersion.ToDisplayString()}, and what would be generated needs C# 9; "
                    + "set <LangVersion>9.0</LangVersion> or a newer one in the project file"
            )
            : null;

    public static INamedTypeSymbol? TypeArgument(AttributeData attribute) =>
        attribute.ConstructorArguments.FirstOrDefault(static argument => argument.Kind == TypedConstantKind.Type).Value as INamedTypeSymbol;

    private static MarkedClass Read(
        INamedTypeSymbol type,
        AttributeData attribute,
        bool isExtension,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        string name = type.Name;
        if (symbols.TypedModule(type) is not { } module)
        {
            return Wrong(Descriptors.NotModule, name, "does not derive from torch.nn.Module<..., TResult>");
        }

        if (type.IsAbstract || type.IsStatic)
        {
            return Wrong(Descriptors.NotModule, name, "is abstract; mark the classes that derive from it");
        }

        if (module.TypeArguments.Length is < 2 or > 7)
        {
            return Wrong(Descriptors.NotModule, name, "has a forward of more than six inputs");
        }

        int inputs = module.TypeArguments.Length - 1;
        string[] parameters =
            ForwardParameters(type, inputs, compilation, out MethodDeclarationSyntax? forward, cancellation)
            ?? [.. Enumerable.Range(1, inputs).Select(static index => $"input{index}")];
        string? imageName = Named(attribute, "Image");
        int image = imageName is null
            ? module.TypeArguments.Take(inputs).ToList().FindIndex(argument => symbols.IsTensor(argument))
            : Array.IndexOf(parameters, imageName);
        if (image < 0 || !symbols.IsTensor(module.TypeArguments[image]))
        {
            return Wrong(
                Descriptors.NotModule,
                name,
                imageName is null ? "its forward takes no Tensor" : $"its forward has no Tensor '{imageName}'"
            );
        }

        // Where only the name of the layer is wrong, the wrapper is there, so that one mistake does not show as many.
        (string? layer, Direction direction, Complaint? complaint) = Stem(
            type,
            forward,
            image,
            attribute,
            compilation,
            symbols,
            cancellation
        );
        return complaint?.Descriptor == Descriptors.NothingGenerated
            ? new MarkedClass(null, complaint)
            : new MarkedClass(Model(type, module, parameters, image, layer, direction, isExtension, symbols), complaint);
    }

    private static (string? Layer, Direction Direction, Complaint? Complaint) Stem(
        INamedTypeSymbol type,
        MethodDeclarationSyntax? forward,
        int image,
        AttributeData attribute,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        string? named = attribute.ConstructorArguments.FirstOrDefault(static argument => argument.Value is string).Value as string;
        if (!type.IsWrittenIn(compilation))
        {
            return (named, Direction.ToGrayscale, null);
        }

        IReadOnlyList<Layer> layers = new LayerTree(compilation, symbols, cancellation).Of(type, out bool isWhole);
        IReadOnlyList<Layer> all = Layer.Flatten(layers);
        if (named is not null)
        {
            return NamedStem(type.Name, named, all, isWhole);
        }

        HashSet<string> color = Candidates(all, 3);
        HashSet<string> candidates = color.Count > 0 ? color : Candidates(all, 1);
        bool isKnown =
            isWhole
            && all.All(static layer =>
                layer.Kind is not null && layer.Children is not null && (!layer.IsConvolution || layer.InChannels is not null)
            );
        if (isKnown && !all.Any(static layer => layer.IsConvolution) && HasNoConvolution(type, compilation, symbols, cancellation))
        {
            return (
                null,
                Direction.ToGrayscale,
                new Complaint(Descriptors.NothingGenerated, [type.Name, "has no convolution that could take one channel; remove the mark"])
            );
        }

        Direction direction = color.Count == 0 && candidates.Count > 0 && isKnown ? Direction.ToColor : Direction.ToGrayscale;
        if (candidates.Count == 0 || (candidates.Count == 1 && isKnown && direction == Direction.ToGrayscale))
        {
            return (candidates.FirstOrDefault(), direction, null);
        }

        return forward is null
            ? (null, direction, null)
            : StemOfForward(type, layers, direction, ImageFlow.Receivers(forward, image, compilation, symbols, cancellation));
    }

    /// <summary>
    /// Whether nothing in sight convolves. Where the class hands tensors to code that is not its own, that may.
    /// </summary>
    private static bool HasNoConvolution(
        INamedTypeSymbol type,
        Compilation compilation,
        TorchSymbols symbols,
        CancellationToken cancellation
    )
    {
        var search = new ConvolutionSearch(compilation, symbols, cancellation);
        return search.AreAbsent(type) && !search.HandsTensorsOut(type);
    }

    /// <summary>What receives the image in the layers that forward gives it to.</summary>
    private static (string? Layer, Direction Direction, Complaint? Complaint) StemOfForward(
        INamedTypeSymbol type,
        IReadOnlyList<Layer> layers,
        Direction direction,
        IReadOnlyList<string> receivers
    )
    {
        // In each layer that is given the image, its first convolution is what receives it.
        Layer[] stems =
        [
            .. receivers
                .Select(field => layers.FirstOrDefault(layer => layer.Path == field))
                .Select(static layer =>
                    layer?.WithDescendants().FirstOrDefault(static inner => inner.IsConvolution || inner.Children is null)
                )
                .Where(static layer => layer is not null)
                .Select(static layer => layer!),
        ];
        Layer[] ofThree = [.. stems.Where(static layer => layer is { IsConvolution: true, InChannels: 3 })];
        Layer[] ofOne = [.. stems.Where(static layer => layer is { IsConvolution: true, InChannels: 1 })];
        if (ofThree.Length + ofOne.Length != stems.Length || stems.Length == 0)
        {
            // The source does not show some layer on the way: the runtime finds it.
            return (null, direction, null);
        }

        Layer[] found = ofThree.Length > 0 ? ofThree : ofOne;
        direction = ofThree.Length > 0 ? Direction.ToGrayscale : Direction.ToColor;
        return found.Length == 1
            ? (found[0].Path, direction, null)
            : (
                null,
                direction,
                new Complaint(
                    Descriptors.SeveralStems,
                    [type.Name, string.Join(", ", found.Select(static layer => $"'{layer.Path}'")), found[0].Path],
                    [.. found.Select(static layer => layer.Path)]
                )
            );
    }

    private static (string? Layer, Direction Direction, Complaint? Complaint) NamedStem(
        string className,
        string named,
        IReadOnlyList<Layer> all,
        bool isWhole
    )
    {
        Layer? found = all.FirstOrDefault(layer => layer.Path == named);
        string[] suitable =
        [
            .. all.Where(static layer => layer is { IsConvolution: true, InChannels: 3 or 1 }).Select(static layer => layer.Path),
        ];
        if (found is not null)
        {
            if (found.Kind is null || (found.IsConvolution && found.InChannels is null))
            {
                return (named, Direction.ToGrayscale, null);
            }

            return found switch
            {
                { IsConvolution: true, InChannels: 3 } => (named, Direction.ToGrayscale, null),
                { IsConvolution: true, InChannels: 1 } => (named, Direction.ToColor, null),
                { IsConvolution: true } => (
                    named,
                    Direction.ToGrayscale,
                    new Complaint(
                        Descriptors.NotImageConvolution,
                        [className, named, $"a {found.Kind} with {found.InChannels} input channels"],
                        suitable
                    )
                ),
                _ => (
                    named,
                    Direction.ToGrayscale,
                    new Complaint(Descriptors.NotImageConvolution, [className, named, $"a {found.Kind}"], suitable)
                ),
            };
        }

        // Missing for certain only if the source shows every layer on the way.
        bool hidden = !isWhole || all.Any(layer => layer.Children is null && named.StartsWith(layer.Path + ".", StringComparison.Ordinal));
        if (hidden)
        {
            return (named, Direction.ToGrayscale, null);
        }

        string[] convolutions = [.. all.Where(static layer => layer.IsConvolution).Select(static layer => $"'{layer.Path}'").Take(6)];
        string hint =
            convolutions.Length == 0
                ? "; none of its layers is a convolution"
                : $"; its convolutions are {string.Join(", ", convolutions)}";
        return (named, Direction.ToGrayscale, new Complaint(Descriptors.NoSuchLayer, [className, named, hint], suitable));
    }

    /// <summary>The convolutions of so many input channels, by path.</summary>
    private static HashSet<string> Candidates(IReadOnlyList<Layer> all, long channels)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (Layer layer in all)
        {
            if (layer.IsConvolution && layer.InChannels == channels)
            {
                found.Add(layer.Path);
            }
        }

        return found;
    }

    private static WrapperModel Model(
        INamedTypeSymbol type,
        INamedTypeSymbol module,
        string[] parameters,
        int image,
        string? layer,
        Direction direction,
        bool isExtension,
        TorchSymbols symbols
    )
    {
        var containers = new List<string>();
        if (!isExtension)
        {
            for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
            {
                containers.Insert(0, $"partial {Keyword(outer)} {Escaped(outer.Name)}{TypeParameters(outer)}");
            }
        }

        string plainName =
            isExtension && type.ContainingType is not null
                ? string.Join("_", Outers(type).Select(static outer => outer.Name).Append(type.Name))
                : type.Name;
        string method = direction == Direction.ToGrayscale ? "ToGrayscale" : "ToColor";
        return new WrapperModel(
            Namespace(type),
            new EquatableArray<string>(containers),
            Escaped(type.Name),
            plainName,
            QualifiedName(type),
            TypeParameters(type),
            Constraints(type),
            isExtension ? "internal" : Accessibility(type),
            direction,
            new EquatableArray<string>(module.TypeArguments.Select(argument => TypeName(argument, symbols))),
            new EquatableArray<string>(parameters.Select(Escaped)),
            image,
            layer,
            isExtension,
            HidesBase(type, method, symbols),
            HintName(type, plainName)
        );
    }

    // These are asked for each class at each keystroke, so they are put together by hand rather than by ToDisplayString.
    private static string Namespace(INamedTypeSymbol type)
    {
        string name = "";
        for (INamespaceSymbol space = type.ContainingNamespace; !space.IsGlobalNamespace; space = space.ContainingNamespace)
        {
            name = name.Length == 0 ? Escaped(space.Name) : Escaped(space.Name) + "." + name;
        }

        return name;
    }

    private static string QualifiedName(INamedTypeSymbol type)
    {
        string name = Escaped(type.Name) + TypeParameters(type);
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            name = Escaped(outer.Name) + TypeParameters(outer) + "." + name;
        }

        string space = Namespace(type);
        return space.Length == 0 ? "global::" + name : $"global::{space}.{name}";
    }

    private static string TypeName(ITypeSymbol type, TorchSymbols symbols) =>
        type.NullableAnnotation != NullableAnnotation.Annotated && SymbolEqualityComparer.Default.Equals(type, symbols.Tensor)
            ? "global::TorchSharp.torch.Tensor"
            : type.ToDisplayString(Qualified);

    /// <summary>
    /// What the override of forward calls its parameters, and where it is in the source; null if there is none. From the
    /// syntax where there is one: asking for a symbol would bring all members of the class into being, at each keystroke.
    /// </summary>
    private static string[]? ForwardParameters(
        INamedTypeSymbol type,
        int inputs,
        Compilation compilation,
        out MethodDeclarationSyntax? declaration,
        CancellationToken cancellation
    )
    {
        declaration = null;
        for (INamedTypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (!current.IsWrittenIn(compilation))
            {
                IMethodSymbol? method = current
                    .GetMembers("forward")
                    .OfType<IMethodSymbol>()
                    .FirstOrDefault(candidate => candidate.IsOverride && candidate.Parameters.Length == inputs);
                if (method is not null)
                {
                    return [.. method.Parameters.Select(static parameter => parameter.Name)];
                }

                continue;
            }

            foreach (SyntaxReference reference in current.DeclaringSyntaxReferences)
            {
                foreach (MemberDeclarationSyntax member in (reference.GetSyntax(cancellation) as TypeDeclarationSyntax)?.Members ?? default)
                {
                    if (
                        member is MethodDeclarationSyntax { Identifier.ValueText: "forward" } method
                        && method.Modifiers.Any(SyntaxKind.OverrideKeyword)
                        && method.ParameterList.Parameters.Count == inputs
                    )
                    {
                        declaration = method;
                        return [.. method.ParameterList.Parameters.Select(static parameter => parameter.Identifier.ValueText)];
                    }
                }
            }
        }

        return null;
    }

    /// <summary>Whether a base class is marked too, and so has a method of the same name.</summary>
    private static bool HidesBase(INamedTypeSymbol type, string method, TorchSymbols symbols)
    {
        for (INamedTypeSymbol? current = type.BaseType; current is not null && !symbols.IsOwn(current); current = current.BaseType)
        {
            if (current.GetAttributes().Any(IsMark) || current.GetMembers(method).Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsRepeated(AttributeData attribute, INamedTypeSymbol type, Compilation compilation)
    {
        if (SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly) && type.GetAttributes().Any(IsMark))
        {
            return true;
        }

        foreach (AttributeData other in compilation.Assembly.GetAttributes())
        {
            if (
                other.ApplicationSyntaxReference?.Span == attribute.ApplicationSyntaxReference?.Span
                && other.ApplicationSyntaxReference?.SyntaxTree == attribute.ApplicationSyntaxReference?.SyntaxTree
            )
            {
                return false;
            }

            if (
                SymbolEqualityComparer.Default.Equals(other.AttributeClass, attribute.AttributeClass)
                && SymbolEqualityComparer.Default.Equals(TypeArgument(other)?.OriginalDefinition, type)
            )
            {
                return true;
            }
        }

        return false;
    }

    public static bool IsMark(AttributeData attribute) =>
        attribute.AttributeClass is
        {
            Name: "GrayscaleInputAttribute",
            ContainingNamespace: { Name: "ChannelGen", ContainingNamespace.IsGlobalNamespace: true }
        };

    private static bool IsPartial(INamedTypeSymbol type, CancellationToken cancellation) =>
        type.DeclaringSyntaxReferences.Any(reference =>
            reference.GetSyntax(cancellation) is TypeDeclarationSyntax declaration && declaration.Modifiers.Any(SyntaxKind.PartialKeyword)
        );

    private static string? Named(AttributeData attribute, string name)
    {
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value.Value is string value)
            {
                return value;
            }
        }

        return null;
    }

    private static IEnumerable<INamedTypeSymbol> Outers(INamedTypeSymbol type)
    {
        var outers = new Stack<INamedTypeSymbol>();
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            outers.Push(outer);
        }

        return outers;
    }

    private static string Keyword(INamedTypeSymbol type) =>
        type switch
        {
            { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
            { IsRecord: true } => "record",
            { TypeKind: TypeKind.Struct } => "struct",
            { TypeKind: TypeKind.Interface } => "interface",
            _ => "class",
        };

    private static string TypeParameters(INamedTypeSymbol type) =>
        type.TypeParameters.Length == 0
            ? ""
            : $"<{string.Join(", ", type.TypeParameters.Select(static parameter => Escaped(parameter.Name)))}>";

    private static string Constraints(INamedTypeSymbol type)
    {
        var clauses = new List<string>();
        foreach (ITypeParameterSymbol parameter in type.TypeParameters)
        {
            var parts = new List<string>();
            if (parameter.HasUnmanagedTypeConstraint)
            {
                parts.Add("unmanaged");
            }
            else if (parameter.HasValueTypeConstraint)
            {
                parts.Add("struct");
            }
            else if (parameter.HasReferenceTypeConstraint)
            {
                parts.Add(parameter.ReferenceTypeConstraintNullableAnnotation == NullableAnnotation.Annotated ? "class?" : "class");
            }
            else if (parameter.HasNotNullConstraint)
            {
                parts.Add("notnull");
            }

            parts.AddRange(parameter.ConstraintTypes.Select(static constraint => constraint.ToDisplayString(Qualified)));
            if (parameter.HasConstructorConstraint)
            {
                parts.Add("new()");
            }

            if (parts.Count > 0)
            {
                clauses.Add($"where {Escaped(parameter.Name)} : {string.Join(", ", parts)}");
            }
        }

        return string.Join(" ", clauses);
    }

    private static string Accessibility(INamedTypeSymbol type) => SyntaxFacts.GetText(type.DeclaredAccessibility);

    private static string Escaped(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None
            ? "@" + name
            : name;

    /// <summary>Short enough for every file system, and one for each class: the name and a hash of where it is.</summary>
    private static string HintName(INamedTypeSymbol type, string plainName)
    {
        const int LongestName = 60;
        ulong hash = 14695981039346656037; // FNV-1a
        foreach (char letter in QualifiedName(type))
        {
            hash = unchecked((hash ^ letter) * 1099511628211);
        }

        return $"{(plainName.Length > LongestName ? plainName.Substring(0, LongestName) : plainName)}.{hash:x16}.g.cs";
    }

    private static MarkedClass Wrong(DiagnosticDescriptor descriptor, params string[] arguments) =>
        new(null, new Complaint(descriptor, arguments));
}
