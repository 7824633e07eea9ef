using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Torch;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChannelGen.Analyzers.Marked;

/// <summary>A layer as its making shows it in the source.</summary>
/// <param name="Path">As in the state_dict.</param>
/// <param name="Kind">The factory or class that made it; null if the source does not show it.</param>
/// <param name="InChannels">Of a convolution, where the number is known.</param>
/// <param name="Children">The layers inside; null if the source does not show them.</param>
internal sealed record Layer(string Path, string? Kind, long? InChannels, IReadOnlyList<Layer>? Children)
{
    public bool IsConvolution => Kind is "Conv1d" or "Conv2d" or "Conv3d" or "ConvTranspose1d" or "ConvTranspose2d" or "ConvTranspose3d";

    /// <summary>The layer and all inside of it, each before its own.</summary>
    public IReadOnlyList<Layer> WithDescendants() => Flatten([this]);

    /// <inheritdoc cref="WithDescendants"/>
    public static IReadOnlyList<Layer> Flatten(IReadOnlyList<Layer> layers)
    {
        var all = new List<Layer>(layers.Count);
        AddTo(all, layers);
        return all;
    }

    private static void AddTo(List<Layer> all, IReadOnlyList<Layer> layers)
    {
        foreach (Layer layer in layers)
        {
            all.Add(layer);
            if (layer.Children is { Count: > 0 } children)
            {
                AddTo(all, children);
            }
        }
    }
}

/// <summary>
/// Reads the layers of a network from its source: fields, what initializers and constructors put into them, Sequential with
/// its names, methods of the class that make layers, and classes of the same program. Nothing is run.
/// </summary>
internal sealed class LayerTree
{
    private const int MaximumDepth = 6;
    private static readonly IReadOnlyDictionary<string, long?> NoArguments = new Dictionary<string, long?>();

    private readonly Compilation compilation;
    private readonly TorchSymbols symbols;
    private readonly CancellationToken cancellation;

    /// <summary>Of the file that was asked about last; what it has bound is asked for again.</summary>
    private SemanticModel? model;

    /// <summary>The type whose code is being read.</summary>
    private INamedTypeSymbol? reading;

    public LayerTree(Compilation compilation, TorchSymbols symbols, CancellationToken cancellation)
    {
        this.compilation = compilation;
        this.symbols = symbols;
        this.cancellation = cancellation;
    }

    /// <summary>
    /// The layers of a class by the field that holds them. <paramref name="isWhole"/> is false where more may be registered
    /// in ways that the source does not show.
    /// </summary>
    public IReadOnlyList<Layer> Of(INamedTypeSymbol type, out bool isWhole) => Of(type, "", NoArguments, MaximumDepth, out isWhole);

    private IReadOnlyList<Layer> Of(
        INamedTypeSymbol type,
        string prefix,
        IReadOnlyDictionary<string, long?> arguments,
        int depth,
        out bool isWhole
    )
    {
        isWhole = true;
        INamedTypeSymbol? before = reading;
        var layers = new List<Layer>();
        for (
            INamedTypeSymbol? current = type;
            current is not null && !(symbols.IsOwn(current) && IsModuleItself(current));
            current = current.BaseType
        )
        {
            if (!current.IsWrittenIn(compilation))
            {
                isWhole = false;
                break;
            }

            reading = current;
            MemberDeclarationSyntax[] members =
            [
                .. current.DeclaringSyntaxReferences.SelectMany(reference =>
                    (reference.GetSyntax(cancellation) as TypeDeclarationSyntax)?.Members ?? default
                ),
            ];
            Dictionary<string, ExpressionSyntax?> made = Assignments(members, layers, prefix, arguments, depth, ref isWhole);
            foreach (MemberDeclarationSyntax member in members)
            {
                if (member is FieldDeclarationSyntax { Declaration.Type: not PredefinedTypeSyntax } field && !IsStatic(field))
                {
                    foreach (VariableDeclaratorSyntax variable in field.Declaration.Variables)
                    {
                        AddField(field, variable, made);
                    }
                }

                // An auto-property is registered under the name of its backing field, which no one writes.
                isWhole &= !GivesModule(member);
            }
        }

        reading = before;
        return layers;

        void AddField(FieldDeclarationSyntax field, VariableDeclaratorSyntax variable, Dictionary<string, ExpressionSyntax?> made)
        {
            string path = prefix + (field.AttributeLists.Count == 0 ? variable.Identifier.ValueText : ComponentName(variable));
            ExpressionSyntax? value = variable.Initializer?.Value;
            if (value is null)
            {
                made.TryGetValue(variable.Identifier.ValueText, out value);
            }

            // What a factory of torch.nn made is a layer; the field's type is asked only of others, since that binds it.
            Layer layer = value is null ? new Layer(path, null, null, null) : Make(value, path, arguments, depth);
            if (
                layer.Kind is not null
                || symbols.IsModule((Model(variable).GetDeclaredSymbol(variable, cancellation) as IFieldSymbol)?.Type)
            )
            {
                layers.Add(layer);
            }
        }
    }

    /// <summary>Whether a member is a property that is, or gives, a module.</summary>
    private bool GivesModule(MemberDeclarationSyntax member) =>
        member is PropertyDeclarationSyntax { Type: not PredefinedTypeSyntax } property
        && !IsStatic(property)
        && Model(property).GetDeclaredSymbol(property, cancellation) is { GetMethod: not null } declared
        && symbols.IsModule(declared.Type);

    private static bool IsStatic(MemberDeclarationSyntax member) =>
        member.Modifiers.Any(SyntaxKind.StaticKeyword) || member.Modifiers.Any(SyntaxKind.ConstKeyword);

    private bool IsModuleItself(INamedTypeSymbol type) =>
        type.Name is "Module" or "HookableModule" && (type.ContainingType is { } outer && TorchSymbols.Is(outer, symbols.NN))
        || type.SpecialType == SpecialType.System_Object;

    /// <summary>What constructors assign to fields, null where they do it twice; and what they register by name.</summary>
    private Dictionary<string, ExpressionSyntax?> Assignments(
        MemberDeclarationSyntax[] members,
        List<Layer> registered,
        string prefix,
        IReadOnlyDictionary<string, long?> arguments,
        int depth,
        ref bool isWhole
    )
    {
        var made = new Dictionary<string, ExpressionSyntax?>(StringComparer.Ordinal);
        foreach (MemberDeclarationSyntax member in members)
        {
            if (member is not ConstructorDeclarationSyntax constructor || IsStatic(constructor))
            {
                continue;
            }

            foreach (SyntaxNode node in ((SyntaxNode?)constructor.Body ?? constructor.ExpressionBody)?.DescendantNodes() ?? [])
            {
                if (
                    node is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } assignment
                    && FieldName(assignment.Left) is { } name
                )
                {
                    made[name] = made.ContainsKey(name) ? null : assignment.Right;
                }
                else if (
                    node is InvocationExpressionSyntax { ArgumentList.Arguments: [var key, var module, ..] } call
                    && MethodName(call) is "register_module" or "add_module"
                )
                {
                    if (key.Expression is LiteralExpressionSyntax { Token.Value: string layer })
                    {
                        registered.Add(Make(module.Expression, prefix + layer, arguments, depth));
                    }
                    else
                    {
                        isWhole = false;
                    }
                }
            }
        }

        return made;
    }

    private Layer Make(ExpressionSyntax value, string path, IReadOnlyDictionary<string, long?> arguments, int depth)
    {
        var unknown = new Layer(path, null, null, null);
        value = value.Bare();
        if (depth == 0)
        {
            return unknown;
        }

        switch (value)
        {
            case InvocationExpressionSyntax call:
                return MakeByCall(call, path, arguments, depth) ?? unknown;
            case BaseObjectCreationExpressionSyntax creation:
                return MakeByConstructor(creation, path, arguments, depth) ?? unknown;
            case AssignmentExpressionSyntax assignment:
                return Make(assignment.Right, path, arguments, depth);
            default:
                return unknown;
        }
    }

    private Layer? MakeByCall(InvocationExpressionSyntax call, string path, IReadOnlyDictionary<string, long?> arguments, int depth)
    {
        if (WrittenFactory(call) is { } written)
        {
            return MakeByFactory(written, call, path, arguments, depth);
        }

        if (Model(call).GetSymbolInfo(call, cancellation).Symbol is not IMethodSymbol method)
        {
            return null;
        }

        if (TorchSymbols.Is(method.ContainingType, symbols.NN))
        {
            return MakeByFactory(method.Name, call, path, arguments, depth);
        }

        if (
            method.Name is "to" or "cuda" or "cpu" or "half" or "double"
            && call.Expression is MemberAccessExpressionSyntax moved
            && symbols.IsOfTorch(method)
        )
        {
            return Make(moved.Expression, path, arguments, depth - 1);
        }

        // A method of the program that makes a layer: what it returns, with the numbers that it is given.
        if (method.DeclaringSyntaxReferences.Length != 1 || !method.IsWrittenIn(compilation))
        {
            return null;
        }

        SyntaxNode declaration = method.DeclaringSyntaxReferences[0].GetSyntax(cancellation);
        ExpressionSyntax? result = declaration switch
        {
            MethodDeclarationSyntax { ExpressionBody.Expression: var expression } => expression,
            LocalFunctionStatementSyntax { ExpressionBody.Expression: var expression } => expression,
            MethodDeclarationSyntax { Body.Statements: [ReturnStatementSyntax { Expression: { } expression }] } => expression,
            LocalFunctionStatementSyntax { Body.Statements: [ReturnStatementSyntax { Expression: { } expression }] } => expression,
            _ => null,
        };
        if (result is null)
        {
            return null;
        }

        INamedTypeSymbol? before = reading;
        reading = method.ContainingType;
        Layer made = Make(result, path, Bind(call.ArgumentList, method, arguments), depth - 1);
        reading = before;
        return made;
    }

    private Layer MakeByFactory(
        string factory,
        InvocationExpressionSyntax call,
        string path,
        IReadOnlyDictionary<string, long?> arguments,
        int depth
    ) =>
        factory == "Sequential" ? new Layer(path, factory, null, SequentialChildren(call, path, arguments, depth))
        : factory.StartsWith("Conv", StringComparison.Ordinal) ? new Layer(path, factory, InChannels(call, arguments), [])
        : new Layer(path, factory, null, factory is "ModuleList" or "ModuleDict" ? null : []);

    /// <summary>
    /// The factory of torch.nn that a call means, where its name and place say so without binding it: a generator asks again
    /// at each keystroke, and which of a factory's overloads it is makes no difference. Null where the call must be bound to
    /// know.
    /// </summary>
    private string? WrittenFactory(InvocationExpressionSyntax call)
    {
        bool isFactory = call.Expression switch
        {
            IdentifierNameSyntax name => IsImported(name),
            MemberAccessExpressionSyntax { Name: IdentifierNameSyntax } member => IsFactories(member.Expression)
                || TorchSymbols.Is(Model(call).GetSymbolInfo(member.Expression, cancellation).Symbol as ITypeSymbol, symbols.NN),
            _ => false,
        };
        return isFactory ? MethodName(call) : null;
    }

    /// <summary>
    /// Whether a plain name is a factory through "using static TorchSharp.torch.nn": no type around the call has a member of
    /// the name, and no other static import could bring one. Where that is in doubt, the call is bound.
    /// </summary>
    private bool IsImported(IdentifierNameSyntax name)
    {
        string text = name.Identifier.ValueText;
        if (!symbols.Factories.Contains(text))
        {
            return false;
        }

        bool isImported = false;
        foreach (SyntaxNode ancestor in name.Ancestors())
        {
            SyntaxList<UsingDirectiveSyntax> usings = ancestor switch
            {
                CompilationUnitSyntax file => file.Usings,
                BaseNamespaceDeclarationSyntax space => space.Usings,
                _ => default,
            };
            foreach (UsingDirectiveSyntax directive in usings)
            {
                if (!directive.StaticKeyword.IsKind(SyntaxKind.None))
                {
                    bool ofFactories =
                        directive.Name is QualifiedNameSyntax { Right.Identifier.ValueText: "nn", Left: { } outer } && IsTorch(outer);
                    isImported |= ofFactories;
                    if (!ofFactories && !IsTorch(directive.Name))
                    {
                        return false;
                    }
                }
            }

            if (
                ancestor is BaseMethodDeclarationSyntax method
                && method.DescendantNodes().Any(node => node is LocalFunctionStatementSyntax local && local.Identifier.ValueText == text)
            )
            {
                return false;
            }
        }

        return isImported && !HasMember(text);

        static bool IsTorch(NameSyntax? name) =>
            name is QualifiedNameSyntax
            {
                Right.Identifier.ValueText: "torch",
                Left: IdentifierNameSyntax { Identifier.ValueText: "TorchSharp" }
            };
    }

    /// <summary>torch.nn, written out or through a using of the file; false where it would have to be bound to know.</summary>
    private bool IsFactories(ExpressionSyntax expression)
    {
        string written = expression.ToString();
        (string? needed, bool isStatic) = written switch
        {
            "TorchSharp.torch.nn" or "global::TorchSharp.torch.nn" => ((string?)null, false),
            "torch.nn" => ("TorchSharp", false),
            "nn" => ("TorchSharp.torch", true),
            _ => ("", false),
        };
        return needed != ""
            && !HasMember(written.Split('.')[0])
            && (
                needed is null
                || expression.SyntaxTree.GetRoot(cancellation) is CompilationUnitSyntax file
                    && file.Usings.Any(directive =>
                        directive.Alias is null
                        && directive.StaticKeyword.IsKind(SyntaxKind.None) != isStatic
                        && directive.Name?.ToString() == needed
                    )
            );
    }

    /// <summary>Whether the type that is being read, one around it or one that it derives from, has a member of the name.</summary>
    private bool HasMember(string name)
    {
        for (INamedTypeSymbol? outer = reading; outer is not null; outer = outer.ContainingType)
        {
            for (INamedTypeSymbol? type = outer; type is not null && !symbols.IsOwn(type); type = type.BaseType)
            {
                // Their names only: the members themselves need not come into being.
                if (type.MemberNames.Contains(name) || !type.GetTypeMembers(name).IsEmpty)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The first parameter of every convolution's factory.</summary>
    private long? InChannels(InvocationExpressionSyntax call, IReadOnlyDictionary<string, long?> arguments)
    {
        foreach (ArgumentSyntax argument in call.ArgumentList.Arguments)
        {
            if (
                argument.NameColon is null
                    ? argument == call.ArgumentList.Arguments[0]
                    : argument.NameColon.Name.Identifier.ValueText == "in_channels"
            )
            {
                return argument.Expression is LiteralExpressionSyntax { Token.Value: int literal }
                    ? literal
                    : Number(argument.Expression, arguments);
            }
        }

        return null;
    }

    private Layer? MakeByConstructor(
        BaseObjectCreationExpressionSyntax creation,
        string path,
        IReadOnlyDictionary<string, long?> arguments,
        int depth
    )
    {
        if (
            Model(creation).GetSymbolInfo(creation, cancellation).Symbol is not IMethodSymbol { ContainingType: { } type } constructor
            || !symbols.IsModule(type)
            || !type.IsWrittenIn(compilation)
        )
        {
            return null;
        }

        IReadOnlyList<Layer> children = Of(
            type,
            path + ".",
            Bind(creation.ArgumentList, constructor, arguments),
            depth - 1,
            out bool isWhole
        );
        return new Layer(path, type.Name, null, isWhole ? children : null);
    }

    private IReadOnlyList<Layer>? SequentialChildren(
        InvocationExpressionSyntax call,
        string path,
        IReadOnlyDictionary<string, long?> arguments,
        int depth
    )
    {
        IEnumerable<ExpressionSyntax> parts = call.ArgumentList.Arguments.Select(static argument => argument.Expression);
        if (call.ArgumentList.Arguments is [{ Expression: var only }])
        {
            parts = only.Bare() switch
            {
                ImplicitArrayCreationExpressionSyntax array => array.Initializer.Expressions,
                ArrayCreationExpressionSyntax { Initializer: { } initializer } => initializer.Expressions,
                CollectionExpressionSyntax collection when collection.Elements.All(static element => element is ExpressionElementSyntax) =>
                    collection.Elements.Select(static element => ((ExpressionElementSyntax)element).Expression),
                ObjectCreationExpressionSyntax or CollectionExpressionSyntax or IdentifierNameSyntax => [],
                _ => parts,
            };
        }

        var children = new List<Layer>();
        foreach (ExpressionSyntax part in parts)
        {
            (string name, ExpressionSyntax module) =
                part.Bare() is TupleExpressionSyntax { Arguments: [var key, var named] }
                && Model(key).GetConstantValue(key.Expression, cancellation) is { HasValue: true, Value: string text }
                    ? (text, named.Expression)
                    : (children.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), part);
            children.Add(Make(module, $"{path}.{name}", arguments, depth - 1));
        }

        // Parts that the source does not show come from elsewhere.
        return children.Count == 0 ? null : children;
    }

    /// <summary>The numbers that a call gives to parameters.</summary>
    private Dictionary<string, long?> Bind(ArgumentListSyntax? list, IMethodSymbol method, IReadOnlyDictionary<string, long?> outer)
    {
        var bound = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (IParameterSymbol parameter in method.Parameters)
        {
            bound[parameter.Name] = Number(list, method, parameter.Name, outer);
        }

        return bound;
    }

    private long? Number(ArgumentListSyntax? list, IMethodSymbol method, string parameter, IReadOnlyDictionary<string, long?> arguments)
    {
        IParameterSymbol? wanted = method.Parameters.FirstOrDefault(candidate => candidate.Name == parameter);
        if (wanted is null)
        {
            return null;
        }

        int position = 0;
        foreach (ArgumentSyntax argument in list?.Arguments ?? default)
        {
            if (argument.NameColon?.Name.Identifier.ValueText == parameter || (argument.NameColon is null && position == wanted.Ordinal))
            {
                return Number(argument.Expression, arguments);
            }

            position++;
        }

        return wanted.HasExplicitDefaultValue ? ToNumber(wanted.ExplicitDefaultValue) : null;
    }

    private long? Number(ExpressionSyntax expression, IReadOnlyDictionary<string, long?> arguments)
    {
        if (Model(expression).GetConstantValue(expression, cancellation) is { HasValue: true } constant)
        {
            return ToNumber(constant.Value);
        }

        return
            expression.Bare() is IdentifierNameSyntax name
            && arguments.TryGetValue(name.Identifier.ValueText, out long? value)
            && Model(name).GetSymbolInfo(name, cancellation).Symbol is IParameterSymbol
            ? value
            : null;
    }

    private static long? ToNumber(object? value) =>
        value switch
        {
            int number => number,
            long number => number,
            _ => null,
        };

    private static string? FieldName(ExpressionSyntax target) =>
        target switch
        {
            IdentifierNameSyntax name => name.Identifier.ValueText,
            MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } member => member.Name.Identifier.ValueText,
            _ => null,
        };

    private static string? MethodName(InvocationExpressionSyntax call) =>
        call.Expression switch
        {
            IdentifierNameSyntax name => name.Identifier.ValueText,
            MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
            _ => null,
        };

    private string ComponentName(VariableDeclaratorSyntax variable)
    {
        foreach (AttributeData attribute in Model(variable).GetDeclaredSymbol(variable, cancellation)!.GetAttributes())
        {
            if (attribute.AttributeClass is { Name: "ComponentNameAttribute" })
            {
                foreach (KeyValuePair<string, TypedConstant> named in attribute.NamedArguments)
                {
                    if (named is { Key: "Name", Value.Value: string name })
                    {
                        return name;
                    }
                }
            }
        }

        return variable.Identifier.ValueText;
    }

    private SemanticModel Model(SyntaxNode node)
    {
        if (model?.SyntaxTree != node.SyntaxTree)
        {
            model =
                compilation.ModelOf(node.SyntaxTree)
                ?? throw new InvalidOperationException(
                    $"'{node.SyntaxTree.FilePath}' is another project's; only what this one holds is read."
                );
        }

        return model;
    }
}
