using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Pages.Tests;

/// <summary>The pages in docs/api say what the XML documentation says. UPDATE_BASELINES=1 writes them.</summary>
public class ApiPageTests
{
    [Fact]
    public void They_are_those_of_the_assemblies()
    {
        MetadataReference[] ours = [.. ((string[])["ChannelGen.Runtime", "ChannelGen.PyBridge"]).Select(Reference)];
        IEnumerable<MetadataReference> others = Compiler.References.Where(reference => !ours.Any(our => our.Display == reference.Display));
        var compilation = CSharpCompilation.Create("Api", references: ours.Concat(others));
        SortedDictionary<string, string> pages = ApiPage.All(
            ours.Select(reference => (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!)
        );
        Assert.Equal(["ChannelGen", "ChannelGen.Checkpoints", "ChannelGen.PyBridge"], pages.Keys);
        foreach ((string name, string text) in pages)
        {
            string path = Path.Combine(Page.Root, "docs", "api", $"{name}.md");
            if (Environment.GetEnvironmentVariable("UPDATE_BASELINES") == "1")
            {
                File.WriteAllText(path, text);
            }

            Assert.Equal(text, File.ReadAllText(path));
        }
    }

    private static MetadataReference Reference(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, name);
        return MetadataReference.CreateFromFile($"{path}.dll", documentation: XmlDocumentationProvider.CreateFromFile($"{path}.xml"));
    }
}
