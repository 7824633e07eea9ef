using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using ChannelGen.Analyzers.Stacks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ChannelGen.Analyzers.Rules;

/// <summary>What .editorconfig says, read once for each file; values that mean nothing are reported once and ignored.</summary>
internal sealed class Options
{
    public const string CopiesKey = "dotnet_code_quality.CG0001.copies";

    private readonly AnalyzerConfigOptionsProvider provider;
    private readonly ConcurrentDictionary<SyntaxTree, ImmutableArray<long>> copies = new();
    private readonly ConcurrentDictionary<string, byte> invalid = new(StringComparer.Ordinal);

    public Options(AnalyzerConfigOptionsProvider provider) => this.provider = provider;

    /// <summary>The numbers of copies that count as stacking.</summary>
    public ImmutableArray<long> Copies(SyntaxTree tree) => copies.GetOrAdd(tree, Read);

    /// <summary>The values that mean nothing, in a stable order.</summary>
    public IEnumerable<string> InvalidCopies => invalid.Keys.OrderBy(static value => value, StringComparer.Ordinal);

    private ImmutableArray<long> Read(SyntaxTree tree)
    {
        if (!provider.GetOptions(tree).TryGetValue(CopiesKey, out string? text))
        {
            return StackForms.ThreeCopies;
        }

        var numbers = ImmutableArray.CreateBuilder<long>();
        foreach (string part in text.Split(','))
        {
            if (!long.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number < 2)
            {
                invalid.TryAdd(text, 0);
                return StackForms.ThreeCopies;
            }

            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }
}
