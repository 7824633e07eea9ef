using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ChannelGen.Package.Tests;

/// <summary>
/// What the compiler extensions ask of the compiler that loads them: no more than Roslyn 4.8.0 has, so that they load in the
/// .NET 8 SDK, in Visual Studio 2022 17.8 and in everything newer.
/// </summary>
public sealed class CompatibilityTests(Workplace workplace) : IClassFixture<Workplace>
{
    private static readonly Dictionary<string, Version> Roslyn480 = new()
    {
        ["netstandard"] = new(2, 0, 0, 0),
        ["Microsoft.CodeAnalysis"] = new(4, 8, 0, 0),
        ["Microsoft.CodeAnalysis.CSharp"] = new(4, 8, 0, 0),
        ["Microsoft.CodeAnalysis.Workspaces"] = new(4, 8, 0, 0),
        ["Microsoft.CodeAnalysis.CSharp.Workspaces"] = new(4, 8, 0, 0),
        ["System.Collections.Immutable"] = new(7, 0, 0, 0),
        ["System.Memory"] = new(4, 0, 1, 2),
        ["System.Runtime.CompilerServices.Unsafe"] = new(6, 0, 0, 0),
        ["System.Threading.Tasks.Extensions"] = new(4, 2, 0, 1),
        ["System.Reflection.Metadata"] = new(7, 0, 0, 0),
        ["ChannelGen.Analyzers"] = new(int.MaxValue, 0, 0, 0), // built with them
    };

    [Theory]
    [InlineData("ChannelGen.Analyzers", false)]
    [InlineData("ChannelGen.Generator", false)]
    [InlineData("ChannelGen.CodeFixes", true)]
    public void They_refer_to_nothing_newer(string name, bool mayUseWorkspaces)
    {
        using ZipArchive package = ZipFile.OpenRead(workplace.Package);
        using Stream entry = package.GetEntry($"analyzers/dotnet/cs/{name}.dll")!.Open();
        using var content = new MemoryStream();
        entry.CopyTo(content);
        content.Position = 0;
        using var image = new PEReader(content);
        MetadataReader metadata = image.GetMetadataReader();
        Assert.NotEmpty(metadata.AssemblyReferences);
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            AssemblyReference reference = metadata.GetAssemblyReference(handle);
            string referenced = metadata.GetString(reference.Name);
            Assert.True(
                Roslyn480.TryGetValue(referenced, out Version? newest) && reference.Version <= newest,
                $"{name} refers to {referenced} {reference.Version}"
            );
            Assert.True(mayUseWorkspaces || !referenced.EndsWith("Workspaces", StringComparison.Ordinal));
        }
    }
}
