using System.IO.Compression;
using System.Runtime.InteropServices;
using ChannelGen.Package.Tests;

namespace ChannelGen.Pages.Tests;

/// <summary>
/// A folder as a newcomer has it: empty, with a feed that has the packages that the pages name, and nothing of this repository. The
/// property that lets TorchSharp load on an older Linux is set, because the host of the tests may be one.
/// </summary>
internal static class NewcomersFolder
{
    private const string TorchSharpVersion = "0.107.0";

    public static string Make(Workplace workplace, string name)
    {
        string folder = workplace.Empty(name);
        File.Delete(Path.Combine(folder, "Directory.Packages.props"));
        File.Delete(Path.Combine(folder, "Directory.Build.targets"));
        if (Directory.GetFiles(workplace.Feed, "TorchSharp-cpu.*").Length == 0)
        {
            AddBackend(workplace.Feed);
            Workplace.Pack("src/PyBridge", workplace.Feed);
        }

        return folder;
    }

    /// <summary>
    /// TorchSharp-cpu with the libtorch of this host alone: the real one names that of three systems, more than a gigabyte.
    /// </summary>
    private static void AddBackend(string feed)
    {
        string native =
            OperatingSystem.IsWindows() ? "libtorch-cpu-win-x64"
            : OperatingSystem.IsMacOS() ? "libtorch-cpu-osx-arm64"
            : $"libtorch-cpu-linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        string versions = File.ReadAllText(Path.Combine(Page.Root, "Directory.Packages.props"));
        string version = System.Text.RegularExpressions.Regex.Match(versions, $"Include=\"{native}\" Version=\"([^\"]+)\"").Groups[1].Value;
        using ZipArchive package = ZipFile.Open(Path.Combine(feed, $"TorchSharp-cpu.{TorchSharpVersion}.nupkg"), ZipArchiveMode.Create);
        using var writer = new StreamWriter(package.CreateEntry("TorchSharp-cpu.nuspec").Open());
        writer.Write(
            $"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata>
                <id>TorchSharp-cpu</id>
                <version>{TorchSharpVersion}</version>
                <authors>stand-in</authors>
                <description>TorchSharp and the libtorch of this host.</description>
                <dependencies>
                  <group targetFramework="net8.0">
                    <dependency id="TorchSharp" version="{TorchSharpVersion}" />
                    <dependency id="{native}" version="{version}" />
                  </group>
                </dependencies>
              </metadata>
            </package>
            """
        );
    }
}
