using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace ChannelGen.Package.Tests;

/// <summary>Packs the package once and gives programs a folder with a feed that has it.</summary>
public sealed class Workplace : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("channelgen-").FullName;

    public Workplace()
    {
        Pack("src/Runtime", Feed);
        Package = Directory.GetFiles(Feed, "ChannelGen.*.nupkg").Single();
        Version = Path.GetFileNameWithoutExtension(Package)["ChannelGen.".Length..];
    }

    public static string RepositoryRoot => Metadata("RepositoryRoot");

    public string Package { get; }

    public string Version { get; }

    /// <summary>Where the repository's own restore has put a package.</summary>
    public static string PackageCache(string id) => Path.Combine(Metadata("NuGetPackageRoot"), id);

    public string Feed => Path.Combine(folder, "feed");

    /// <summary>A copy of a folder of the repository, outside of it, that restores from the feed alone.</summary>
    public string Copy(string relative)
    {
        string target = Path.Combine(folder, relative.Replace('/', '-'));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot, relative), "*", SearchOption.AllDirectories))
        {
            string inside = Path.GetRelativePath(Path.Combine(RepositoryRoot, relative), file);
            if (inside.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            {
                continue;
            }

            string copy = Path.Combine(target, inside);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Prepare(target);
    }

    /// <summary>An empty folder that restores from the feed alone.</summary>
    public string Empty(string name) => Prepare(Directory.CreateDirectory(Path.Combine(folder, name)).FullName);

    /// <summary>Packs a project that is built already.</summary>
    public static void Pack(string project, string target) =>
        Dotnet(RepositoryRoot, $"pack {project} -c {Metadata("Configuration")} --no-build -o \"{target}\"").AssertSucceeded();

    public static Result Dotnet(string directory, string arguments) => Run(directory, "dotnet", arguments);

    /// <summary>Runs a program to its end, in an environment that is not the test host's where builds would notice.</summary>
    public static Result Run(string directory, string program, string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Run(directory, start);
    }

    /// <summary>The same; <paramref name="meanwhile"/> is given what was written so far, and may type.</summary>
    public static Result Run(string directory, ProcessStartInfo start, Action<string, StreamWriter>? meanwhile = null)
    {
        start.WorkingDirectory = directory;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = meanwhile is not null;

        // What the test host was started with must not leak into the builds.
        foreach (
            string name in start
                .Environment.Keys.Where(name =>
                    name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) && name != "MSBUILDDISABLENODEREUSE"
                )
                .ToArray()
        )
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment.Remove("CI");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        var output = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = process.StandardOutput.Read(buffer)) > 0;)
        {
            output.Append(buffer, 0, read);
            meanwhile?.Invoke(output.ToString(), process.StandardInput);
        }

        process.WaitForExit();
        string command = $"{start.FileName} {start.Arguments}{string.Join(' ', start.ArgumentList)}";
        return new Result(process.ExitCode, output.ToString(), error.Result, command);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>
    /// Sources: the feed alone, and what the repository's own restore has fetched. The package goes to a folder of its own, so
    /// that an older one is never used by mistake. libtorch is the host's, made loadable as for our own projects.
    /// </summary>
    private string Prepare(string target)
    {
        string versions = File.ReadAllText(Path.Combine(RepositoryRoot, "Directory.Packages.props"));
        File.WriteAllText(
            Path.Combine(target, "NuGet.config"),
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path.Combine(folder, "packages")}" /></config>
              <packageSources><clear /><add key="feed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="fetched" value="{Metadata("NuGetPackageRoot")}" /></fallbackPackageFolders>
            </configuration>
            """
        );
        File.WriteAllText(
            Path.Combine(target, "Directory.Packages.props"),
            versions.Replace(
                "</Project>",
                $"""  <ItemGroup><PackageVersion Include="ChannelGen" Version="{Version}" /></ItemGroup></Project>"""
            )
        );
        File.WriteAllText(
            Path.Combine(target, "Directory.Build.props"),
            """
            <Project>
              <PropertyGroup>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                <CreateHardLinksForPublishFilesIfPossible>true</CreateHardLinksForPublishFilesIfPossible>
                <ChannelGenLoadOnOlderLinux>true</ChannelGenLoadOnOlderLinux>
              </PropertyGroup>
            </Project>
            """
        );
        string backend = Path.Combine(RepositoryRoot, "build", "LibTorch.targets");
        File.WriteAllText(
            Path.Combine(target, "Directory.Build.targets"),
            $"""<Project><Import Project="{backend}" Condition="'$(OutputType)' == 'Exe'" /></Project>"""
        );
        return target;
    }

    public static string Metadata(string key) =>
        typeof(Workplace).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}

/// <summary>What a command gave.</summary>
public sealed record Result(int ExitCode, string Output, string Error, string Command)
{
    public Result AssertSucceeded()
    {
        Assert.True(ExitCode == 0, $"{Command} gave {ExitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>The warnings and errors of a build, each once: id, file and line.</summary>
    public IReadOnlyList<string> Diagnostics =>
        [
            .. System
                .Text.RegularExpressions.Regex.Matches(Output, @"([^/\\\s]+)\((\d+),\d+\): (?:warning|error) ([A-Z]+\d+)")
                .Select(match => $"{match.Groups[3].Value} {match.Groups[1].Value}:{match.Groups[2].Value}")
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
