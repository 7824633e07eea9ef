// Compiled by MSBuild as an inline task (Package.targets), and kept to what its task factory accepts (netstandard2.0).
#nullable enable
using System;
using System.IO;
using System.Text.RegularExpressions;
using Microsoft.Build.Framework;

/// <summary>
/// Copies a Markdown page of the repository for a place outside of it: with its relative links made absolute, and without its
/// comments, which tell the tests about the examples and which not every place hides.
/// </summary>
public sealed class AbsoluteLinks : Microsoft.Build.Utilities.Task
{
    private static readonly Regex FencedCode = new Regex(@"(^```.*?^```)", RegexOptions.Multiline | RegexOptions.Singleline);
    private static readonly Regex Comment = new Regex("<!--.*?-->\n?", RegexOptions.Singleline);
    private static readonly Regex Target = new Regex(@"(?<=\]\()(?![a-z]+:)[^)\s]+", RegexOptions.IgnoreCase);
    private static readonly Regex Picture = new Regex(@"\.(png|svg|gif|jpe?g)$", RegexOptions.IgnoreCase);

    /// <summary>The folder of the repository.</summary>
    [Required]
    public string RepositoryRoot { get; set; } = "";

    /// <summary>The page's path in the repository, with slashes.</summary>
    [Required]
    public string Page { get; set; } = "";

    /// <summary>Where the repository's pages are shown: an address that ends in a slash.</summary>
    [Required]
    public string DocumentationUrl { get; set; } = "";

    /// <summary>Where the repository's pictures are served: an address that ends in a slash.</summary>
    [Required]
    public string PicturesUrl { get; set; } = "";

    /// <summary>The copy.</summary>
    [Required]
    public string Destination { get; set; } = "";

    public override bool Execute()
    {
        string[] parts = FencedCode.Split(File.ReadAllText(Path.Combine(RepositoryRoot, Page)));
        for (int index = 0; index < parts.Length; index += 2)
        {
            parts[index] = Target.Replace(Comment.Replace(parts[index], ""), match => Absolute(match.Value)); // code is at the odd places
        }

        File.WriteAllText(Destination, string.Concat(parts));
        return true;
    }

    private string Absolute(string target) =>
        new Uri(new Uri((Picture.IsMatch(target) ? PicturesUrl : DocumentationUrl) + Page), target).AbsoluteUri;
}
