namespace ChannelGen.Package.Tests;

/// <summary>What a project may ask of the package by a property: severities, and loading TorchSharp on an older Linux.</summary>
public sealed class BuildPropertyTests(Workplace workplace) : IClassFixture<Workplace>
{
    private const string Library = "libLibTorchSharp.so";
    private const string Missing = "version `GLIBCXX_3.4.32' not found";

    [Fact]
    public void A_severity_for_all_rules()
    {
        string program = workplace.Copy("tests/Consumer/Direct");
        Assert.Equal(2, Build("").AssertSucceeded().Diagnostics.Count);
        Result none = Build("none").AssertSucceeded();
        Assert.Empty(none.Diagnostics);
        Assert.Empty(Build("suggestion").AssertSucceeded().Diagnostics);
        Result error = Build("error");
        Assert.Equal(1, error.ExitCode);
        Assert.Contains("error CG0001", error.Output);
        Result unknown = Build("warn");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("ChannelGenSeverity is 'warn'; wanted error, suggestion or none.", unknown.Output);

        File.WriteAllText(Path.Combine(program, ".editorconfig"), "root = true\n[*.cs]\ndotnet_diagnostic.CG0001.severity = none\n");
        Assert.Empty(Build("error").AssertSucceeded().Diagnostics);

        Result Build(string severity) => Workplace.Dotnet(program, $"build -c Release -p:ChannelGenSeverity={severity}");
    }

    [Fact]
    public void TorchSharp_loads_on_an_older_Linux_where_the_project_asks_for_it()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string program = workplace.Copy("tests/Consumer/NoTorch");
        string built = Path.Combine(program, "bin", "Release", "net10.0");
        string copy = Path.Combine(built, "runtimes", "linux-x64", "native", Library);

        // As TorchSharp's package has it. A system whose libstdc++ is new enough loads it all the same.
        Workplace.Dotnet(program, "build -c Release -p:ChannelGenLoadOnOlderLinux=false").AssertSucceeded();
        byte[] original = File.ReadAllBytes(copy);
        Result plain = Run(built);
        Assert.True(plain.ExitCode == 0 || plain.Error.Contains(Missing, StringComparison.Ordinal), plain.Error);
        Assert.Equal(SystemIsOlder(), plain.ExitCode != 0);

        Workplace.Dotnet(program, "build -c Release").AssertSucceeded();
        AssertDiffersByOneFlag(original, File.ReadAllBytes(copy));
        Assert.Contains("same", Run(built).AssertSucceeded().Output);

        // A second build has nothing to do, and the package cache has what it had.
        string intermediate = Directory.GetFiles(Path.Combine(program, "obj"), Library, SearchOption.AllDirectories).Single();
        DateTime written = File.GetLastWriteTimeUtc(intermediate);
        Workplace.Dotnet(program, "build -c Release").AssertSucceeded();
        Assert.Equal(written, File.GetLastWriteTimeUtc(intermediate));
        string[] cached = Directory.GetFiles(Workplace.PackageCache("torchsharp"), Library, SearchOption.AllDirectories);
        Assert.Equal(original, File.ReadAllBytes(cached.Single()));

        // Published, for any system and for one.
        foreach ((string arguments, string place) in new[] { ("", "runtimes/linux-x64/native/"), ("-r linux-x64 --no-self-contained", "") })
        {
            string published = Path.Combine(program, "published" + arguments.Length);
            Workplace.Dotnet(program, $"publish -c Release {arguments} -o {published}").AssertSucceeded();
            AssertDiffersByOneFlag(original, File.ReadAllBytes(Path.Combine(published, place + Library)));
            Assert.Contains("same", Run(published).AssertSucceeded().Output);
        }
    }

    private static Result Run(string folder) => Workplace.Dotnet(folder, "NoTorch.dll");

    private static void AssertDiffersByOneFlag(byte[] original, byte[] weakened)
    {
        Assert.Equal(original.Length, weakened.Length);
        (byte First, byte Second) changed = Assert.Single(original.Zip(weakened), pair => pair.First != pair.Second);
        Assert.Equal((0, 2), changed);
    }

    /// <summary>Whether the C++ library that programs load here lacks the version.</summary>
    private static bool SystemIsOlder()
    {
        string[] folders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];
        string library = folders.Select(folder => Path.Combine(folder, "libstdc++.so.6")).First(File.Exists);
        return File.ReadAllBytes(library).AsSpan().IndexOf("GLIBCXX_3.4.32\0"u8) < 0;
    }
}
