using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace ChannelGen.Pages.Tests;

/// <summary>
/// The page of a namespace: its types and their members, from the symbols of the assemblies and their XML documentation. Types and
/// methods that exist for one to six inputs stand there once, in their shortest form.
/// </summary>
internal static class ApiPage
{
    private static readonly SymbolDisplayFormat Signature = SymbolDisplayFormat
        .CSharpShortErrorMessageFormat.WithMemberOptions(
            SymbolDisplayMemberOptions.IncludeParameters
                | SymbolDisplayMemberOptions.IncludeType
                | SymbolDisplayMemberOptions.IncludeModifiers
                | SymbolDisplayMemberOptions.IncludeRef
                | SymbolDisplayMemberOptions.IncludeConstantValue
        )
        .WithParameterOptions(
            SymbolDisplayParameterOptions.IncludeType
                | SymbolDisplayParameterOptions.IncludeName
                | SymbolDisplayParameterOptions.IncludeDefaultValue
                | SymbolDisplayParameterOptions.IncludeExtensionThis
        )
        .WithGenericsOptions(SymbolDisplayGenericsOptions.IncludeTypeParameters)
        .WithMiscellaneousOptions(
            SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
        );

    /// <summary>The namespaces that have something for a program to use, and their pages.</summary>
    public static SortedDictionary<string, string> All(IEnumerable<IAssemblySymbol> assemblies)
    {
        var pages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (
            IGrouping<string, INamedTypeSymbol> types in assemblies
                .SelectMany(assembly => Types(assembly.GlobalNamespace))
                .Where(IsForUsers)
                .GroupBy(type => type.ContainingNamespace.ToDisplayString())
        )
        {
            pages[types.Key] = Of(types.Key, [.. types]);
        }

        return pages;
    }

    private static string Of(string name, INamedTypeSymbol[] types)
    {
        var page = new StringBuilder($"# {name}\n");
        foreach (
            IGrouping<string, INamedTypeSymbol> family in types
                .GroupBy(type => type.Name)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
        )
        {
            INamedTypeSymbol type = family.MinBy(member => member.Arity)!;
            page.Append($"\n## {type.Name}\n");
            Declaration(page, $"{Kind(type)} {type.ToDisplayString(Signature)}");
            if (family.Count() > 1)
            {
                page.Append("\nThere is one of these for each number of inputs of a network, one to six.\n");
            }

            Describe(page, type);
            foreach (
                IGrouping<string, ISymbol> members in Members(type)
                    .GroupBy(member => member.Name)
                    .OrderBy(Rank)
                    .ThenBy(group => group.Key, StringComparer.Ordinal)
            )
            {
                ISymbol member = members.MinBy(overload => (overload as IMethodSymbol)?.Arity ?? 0)!;
                page.Append($"\n### {type.Name}.{(member.Name == ".ctor" ? "constructor" : member.Name)}\n");
                foreach (
                    ISymbol overload in members.Where(overload => (overload as IMethodSymbol)?.Arity == (member as IMethodSymbol)?.Arity)
                )
                {
                    Declaration(page, overload.ToDisplayString(Signature));
                    Describe(page, overload);
                }
            }
        }

        return page.ToString();
    }

    private static int Rank(IGrouping<string, ISymbol> members) =>
        members.First() switch
        {
            IMethodSymbol { MethodKind: MethodKind.Constructor } => 0,
            IFieldSymbol => 1,
            IPropertySymbol => 2,
            _ => 3,
        };

    private static IEnumerable<ISymbol> Members(INamedTypeSymbol type) =>
        type.GetMembers()
            .Where(member =>
                member.DeclaredAccessibility == Accessibility.Public
                && member is IFieldSymbol or IPropertySymbol or IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.Constructor }
                && IsForUsers(member)
            );

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space
            .GetTypeMembers()
            .Where(type => type.DeclaredAccessibility == Accessibility.Public)
            .Concat(space.GetNamespaceMembers().SelectMany(Types));

    /// <summary>What is documented by itself, and not hidden because generated code alone calls it.</summary>
    private static bool IsForUsers(ISymbol symbol) =>
        Documentation(symbol) is { } xml
        && xml.Element("summary") is not null
        && !symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "EditorBrowsableAttribute");

    private static void Declaration(StringBuilder page, string text) => page.Append($"\n```csharp\n{text}\n```\n");

    private static void Describe(StringBuilder page, ISymbol symbol)
    {
        XElement xml = Documentation(symbol)!;
        page.Append($"\n{Text(xml.Element("summary")!)}\n");
        if (xml.Element("remarks") is { } remarks)
        {
            page.Append($"\n{Text(remarks)}\n");
        }

        string[] lines =
        [
            .. xml.Elements("param").Select(parameter => $"- `{parameter.Attribute("name")!.Value}`: {Text(parameter)}"),
            .. xml.Elements("returns").Select(returns => $"- Returns: {Text(returns)}"),
            .. xml.Elements("exception").Select(exception => $"- Throws `{Name(exception)}`: {Text(exception)}"),
        ];
        if (lines.Length > 0)
        {
            page.Append($"\n{string.Join('\n', lines)}\n");
        }
    }

    /// <summary>The elements stand in a member element or by themselves, depending on where the text comes from.</summary>
    private static XElement? Documentation(ISymbol symbol)
    {
        string? text = symbol.GetDocumentationCommentXml();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var doc = XElement.Parse($"<doc>{text}</doc>");
        return doc.Element("member") ?? doc;
    }

    private static string Text(XElement element)
    {
        var text = new StringBuilder();
        foreach (XNode node in element.Nodes())
        {
            text.Append(
                node switch
                {
                    XText plain => plain.Value,
                    XElement { Name.LocalName: "para" } paragraph => $"\n\n{Text(paragraph)}\n\n",
                    XElement { Name.LocalName: "see" or "seealso" or "paramref" or "typeparamref" } reference => $"`{Name(reference)}`",
                    XElement { Name.LocalName: "c" or "code" } code => $"`{code.Value}`",
                    XElement other => Text(other),
                    _ => "",
                }
            );
        }

        string[] paragraphs = [.. Regex.Split(text.ToString(), @"\n\s*\n").Select(part => Regex.Replace(part, @"\s+", " ").Trim())];
        return string.Join("\n\n", paragraphs.Where(part => part.Length > 0));
    }

    /// <summary>What a reference is to, by its last name: a member with its type.</summary>
    private static string Name(XElement reference)
    {
        string target = (reference.Attribute("cref") ?? reference.Attribute("name") ?? reference.Attribute("langword"))!.Value;
        bool isMember = target.Length > 1 && target[1] == ':' && target[0] is 'M' or 'P' or 'F';
        string name = Regex.Replace(Regex.Replace(target, @"^[A-Z]:", ""), @"\(.*$|``?\d+|\{[^}]*\}", "");
        string[] parts = name.Split('.');
        return string.Join('.', parts[^(isMember && parts.Length > 1 ? 2 : 1)..]);
    }

    private static string Kind(INamedTypeSymbol type) =>
        type switch
        {
            { TypeKind: TypeKind.Enum } => "enum",
            { TypeKind: TypeKind.Interface } => "interface",
            { TypeKind: TypeKind.Struct, IsRecord: true } => "record struct",
            { IsRecord: true } => "record",
            { IsStatic: true } => "static class",
            _ => "class",
        };
}
