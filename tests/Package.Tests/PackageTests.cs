using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace ChannelGen.Package.Tests;

/// <summary>What is in the packages, and what nuget.org shows of them.</summary>
public sealed class PackageTests(Workplace workplace, PackageTests.PyBridge pyBridge)
    : IClassFixture<Workplace>,
        IClassFixture<PackageTests.PyBridge>
{
    private static readonly string[] OfEveryPackage = ["[Content_Types].xml", "_rels/.rels", "README.md", "icon.png"];

    [Fact]
    public void The_package_holds_exactly_this()
    {
        string[] rules =
        [
            .. Directory
                .GetFiles(Path.Combine(Workplace.RepositoryRoot, "docs", "rules"))
                .Select(page => $"docs/rules/{Path.GetFileName(page)}"),
        ];
        Assert.NotEmpty(rules);
        AssertHolds(
            workplace.Package,
            [
                .. rules,
                "ChannelGen.nuspec",
                "analyzers/dotnet/cs/ChannelGen.Analyzers.dll",
                "analyzers/dotnet/cs/ChannelGen.CodeFixes.dll",
                "analyzers/dotnet/cs/ChannelGen.Generator.dll",
                "build/ChannelGen.targets",
                "buildTransitive/ChannelGen.targets",
                "buildTransitive/WeakenVersionNeed.cs",
                "buildTransitive/presets/error.globalconfig",
                "buildTransitive/presets/none.globalconfig",
                "buildTransitive/presets/suggestion.globalconfig",
                "lib/net8.0/ChannelGen.Runtime.dll",
                "lib/net8.0/ChannelGen.Runtime.xml",
            ]
        );
    }

    [Fact]
    public void The_package_of_PyBridge_holds_exactly_this() =>
        AssertHolds(
            pyBridge.Package,
            ["ChannelGen.PyBridge.nuspec", "lib/net8.0/ChannelGen.PyBridge.dll", "lib/net8.0/ChannelGen.PyBridge.xml"]
        );

    [Fact]
    public void Its_only_dependency_is_TorchSharp_up_to_the_next_version_whose_private_fields_may_differ() =>
        Assert.Equal(["net8.0 TorchSharp [0.107.0, 0.108.0)"], Dependencies(workplace.Package));

    [Fact]
    public void PyBridge_depends_on_ChannelGen_and_the_reader() =>
        Assert.Equal(
            [
                $"net8.0 ChannelGen {workplace.Version}",
                "net8.0 TorchSharp [0.107.0, 0.108.0)",
                "net8.0 TorchSharp.PyBridge 1.4.4",
            ],
            Dependencies(pyBridge.Package)
        );

    [Fact]
    public void Both_say_what_they_are_and_where_they_come_from()
    {
        string url = Workplace.Metadata("RepositoryUrl");
        foreach (string package in new[] { workplace.Package, pyBridge.Package })
        {
            XElement metadata = Nuspec(package).Root!.Elements().Single();
            string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
            Assert.StartsWith("ChannelGen", Value("title"));
            Assert.Equal("MIT", Value("license"));
            Assert.Equal("README.md", Value("readme"));
            Assert.Equal("icon.png", Value("icon"));
            Assert.Equal(url, Value("projectUrl"));
            Assert.Equal($"{Workplace.Metadata("DocumentationUrl")}CHANGELOG.md", Value("releaseNotes"));
            Assert.Equal(
                url,
                metadata.Elements().Single(element => element.Name.LocalName == "repository").Attribute("url")!.Value
            );
            Assert.Equal(workplace.Version, Value("version"));
        }
    }

    [Fact]
    public void Every_assembly_has_its_symbols_inside()
    {
        string[] with =
        [
            .. new[] { workplace.Package, pyBridge.Package }
                .SelectMany(Assemblies)
                .Where(assembly =>
                    assembly.Image.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb)
                )
                .Select(assembly => assembly.Name)
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            [
                "ChannelGen.Analyzers.dll",
                "ChannelGen.CodeFixes.dll",
                "ChannelGen.Generator.dll",
                "ChannelGen.PyBridge.dll",
                "ChannelGen.Runtime.dll",
            ],
            with
        );
    }

    [Theory]
    [InlineData("README.md", false)]
    [InlineData("src/PyBridge/README.md", true)]
    public void Every_link_of_a_readme_is_absolute_and_its_file_exists(string page, bool ofPyBridge)
    {
        string source = File.ReadAllText(Path.Combine(Workplace.RepositoryRoot, page));
        LinkInline[] relative = Links(source);
        LinkInline[] links = Links(Text(ofPyBridge ? pyBridge.Package : workplace.Package, "README.md"));
        Assert.NotEmpty(relative);
        Assert.Equal(relative.Length, links.Length);
        foreach ((LinkInline before, LinkInline link) in relative.Zip(links))
        {
            Assert.True(Uri.TryCreate(link.Url, UriKind.Absolute, out Uri? address) && address.Scheme == Uri.UriSchemeHttps, link.Url);
            if (Uri.TryCreate(before.Url, UriKind.Absolute, out _))
            {
                Assert.Equal(before.Url, link.Url);
                continue;
            }

            bool isPicture = before.IsImage || before.Url!.EndsWith(".png", StringComparison.Ordinal);
            string root = Workplace.Metadata(isPicture ? "PicturesUrl" : "DocumentationUrl");
            Assert.StartsWith(root, link.Url);
            string file = Path.Combine(Workplace.RepositoryRoot, link.Url![root.Length..].Split('#')[0]);
            Assert.True(Path.Exists(file), $"{before.Url} became {link.Url}");
        }
    }

    [Fact]
    public void A_fork_changes_the_address_in_one_line()
    {
        string address = Workplace.Metadata("RepositoryUrl")["https://".Length..];
        string[] kinds = [".cs", ".csproj", ".props", ".targets", ".md", ".globalconfig"];
        string[] naming =
        [
            .. Directory
                .EnumerateFiles(Workplace.RepositoryRoot, "*", SearchOption.AllDirectories)
                .Where(file => kinds.Contains(Path.GetExtension(file)))
                .Select(file => Path.GetRelativePath(Workplace.RepositoryRoot, file))
                .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts" or "TestResults"))
                .Where(file => File.ReadAllText(Path.Combine(Workplace.RepositoryRoot, file)).Contains(address, StringComparison.Ordinal)),
        ];
        Assert.Equal(["Directory.Build.props"], naming);
    }

    private static void AssertHolds(string package, string[] files)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        Assert.Equal(
            files.Concat(OfEveryPackage).Order(StringComparer.Ordinal),
            archive
                .Entries.Select(entry => entry.FullName)
                .Where(name => !name.StartsWith("package/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
    }

    private static string[] Dependencies(string package) =>
        [
            .. Nuspec(package)
                .Descendants()
                .Where(element => element.Name.LocalName == "dependency")
                .Select(element =>
                    string.Join(
                        ' ',
                        element.Parent!.Attribute("targetFramework")!.Value,
                        element.Attribute("id")!.Value,
                        element.Attribute("version")!.Value
                    )
                ),
        ];

    private static XDocument Nuspec(string package)
    {
        bool isPyBridge = Path.GetFileName(package).StartsWith("ChannelGen.PyBridge.", StringComparison.Ordinal);
        return XDocument.Parse(Text(package, isPyBridge ? "ChannelGen.PyBridge.nuspec" : "ChannelGen.nuspec"));
    }

    private static string Text(string package, string entry)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        using var reader = new StreamReader(archive.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }

    private static IEnumerable<(string Name, PEReader Image)> Assemblies(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.Name.EndsWith(".dll", StringComparison.Ordinal)))
        {
            using Stream content = entry.Open();
            using var memory = new MemoryStream();
            content.CopyTo(memory);
            memory.Position = 0;
            using var image = new PEReader(memory);
            yield return (entry.Name, image);
        }
    }

    private static LinkInline[] Links(string markdown) =>
        [.. Markdown.Parse(markdown, new MarkdownPipelineBuilder().UseAdvancedExtensions().Build()).Descendants<LinkInline>()];

    /// <summary>The optional package, packed once.</summary>
    public sealed class PyBridge : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("channelgen-pybridge-").FullName;

        public PyBridge()
        {
            Workplace.Pack("src/PyBridge", folder);
            Package = Directory.GetFiles(folder, "*.nupkg").Single();
        }

        public string Package { get; }

        public void Dispose() => Directory.Delete(folder, recursive: true);
    }
}
