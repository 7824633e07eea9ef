using System.Text.RegularExpressions;

namespace ChannelGen.Pages.Tests;

/// <summary>Every link within the repository leads to a file that is there, and to a heading that is on it.</summary>
public class LinkTests
{
    private static readonly Page[] Pages = [.. Page.All(), Page.Read("CHANGELOG.md")];

    [Fact]
    public void Every_link_resolves()
    {
        int anchors = 0;
        foreach (Page page in Pages)
        {
            foreach (Match link in Regex.Matches(WithoutBlocks(page), @"\]\(([^)#\s]*)(?:#([^)\s]*))?\)"))
            {
                string target = link.Groups[1].Value;
                if (target.StartsWith("http", StringComparison.Ordinal))
                {
                    continue;
                }

                string path = target.Length == 0 ? page.Name : Path.Combine(Path.GetDirectoryName(page.Name)!, target);
                Assert.True(Path.Exists(Path.Combine(Page.Root, path)), $"{page.Name} links to {target}, which does not exist.");
                if (link.Groups[2].Success)
                {
                    anchors++;
                    string file = Path.GetRelativePath(Page.Root, Path.GetFullPath(Path.Combine(Page.Root, path))).Replace('\\', '/');
                    Assert.True(
                        Anchors(Page.Read(file)).Contains(link.Groups[2].Value),
                        $"{page.Name} links to {file}#{link.Groups[2].Value}, where no such heading is."
                    );
                }
            }
        }

        Assert.True(anchors > 10);
    }

    [Fact]
    public void Every_page_is_linked_from_another()
    {
        string[] linked =
        [
            .. Pages.SelectMany(page =>
                Regex
                    .Matches(page.Text, @"\]\(([^)#\s]+)")
                    .Select(link => Path.GetFullPath(Path.Combine(Page.Root, Path.GetDirectoryName(page.Name)!, link.Groups[1].Value)))
            ),
        ];
        Assert.All(
            Page.All(),
            page => Assert.True(page.Name == "README.md" || linked.Contains(Path.Combine(Page.Root, page.Name)), page.Name)
        );
    }

    /// <summary>The anchors that GitHub gives the headings of a page.</summary>
    private static HashSet<string> Anchors(Page page)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Regex.Matches(WithoutBlocks(page), "^#{1,6} (.+)$", RegexOptions.Multiline))
        {
            string text = Regex.Replace(heading.Groups[1].Value, @"\[([^\]]*)\]\([^)]*\)", "$1");
            string slug = Regex.Replace(text.ToLowerInvariant(), @"[^\p{L}\p{N}\p{M} _-]", "").Replace(' ', '-');
            string anchor = slug;
            for (int copy = 1; !anchors.Add(anchor); copy++)
            {
                anchor = $"{slug}-{copy}";
            }
        }

        return anchors;
    }

    private static string WithoutBlocks(Page page) =>
        Regex.Replace(page.Text, "^```.*?^```$", "", RegexOptions.Multiline | RegexOptions.Singleline);
}
