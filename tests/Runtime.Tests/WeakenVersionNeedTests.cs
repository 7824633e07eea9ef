using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace ChannelGen.Runtime.Tests;

/// <summary>The build step that lets a host with an older libstdc++ load TorchSharp.</summary>
public sealed class WeakenVersionNeedTests : IDisposable
{
    private const string Version = "GLIBCXX_3.4.32";
    private readonly string folder = Directory.CreateTempSubdirectory("elf-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_need_is_made_weak_and_nothing_else_changes()
    {
        byte[] image = Elf("libstdc++.so.6", "GLIBCXX_3.4.30", Version);
        byte[] before = [.. image];
        Assert.True(ElfVersionNeeds.TryWeaken(image, Version));
        Assert.Single(Enumerable.Range(0, image.Length), index => image[index] != before[index]);
        Assert.Equal(2, image.Zip(before).Single(pair => pair.First != pair.Second).First);
    }

    [Fact]
    public void An_entry_that_is_weak_already_is_left()
    {
        byte[] image = Elf("libstdc++.so.6", Version);
        Assert.True(ElfVersionNeeds.TryWeaken(image, Version));
        byte[] before = [.. image];
        Assert.False(ElfVersionNeeds.TryWeaken(image, Version));
        Assert.Equal(before, image);
    }

    [Fact]
    public void A_file_without_the_entry_is_left()
    {
        byte[] image = Elf("libstdc++.so.6", "GLIBCXX_3.4.30", "GLIBCXX_3.4.320");
        byte[] before = [.. image];
        Assert.False(ElfVersionNeeds.TryWeaken(image, Version));
        Assert.Equal(before, image);
    }

    [Fact]
    public void A_file_that_is_not_ELF_is_left()
    {
        foreach (
            byte[] image in (byte[][])
                [
                    [],
                    "no"u8.ToArray(),
                    Encoding.ASCII.GetBytes(new string('x', 500) + Version),
                ]
        )
        {
            Assert.False(ElfVersionNeeds.TryWeaken(image, Version));
        }
    }

    [Fact]
    public void A_file_that_is_cut_short_anywhere_is_left()
    {
        byte[] whole = Elf("libstdc++.so.6", Version);
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            ElfVersionNeeds.TryWeaken(cut, Version);
        }
    }

    [Fact]
    public void The_task_writes_a_new_file_where_the_host_lacks_the_version()
    {
        string library = Write("lib.so", Elf("libstdc++.so.6", Version));
        string original = Path.Combine(folder, "original.so");
        File.CreateSymbolicLink(Path.Combine(folder, "unrelated"), library);
        DateTime written = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(library, written);
        byte[] before = File.ReadAllBytes(library);
        File.Copy(library, original);

        Write("host/libstdc++.so.6", Encoding.ASCII.GetBytes("...GLIBCXX_3.4.30\0GLIBCXX_3.4.320\0..."));
        Assert.True(Task(library).Execute());
        Assert.NotEqual(before, File.ReadAllBytes(library));
        Assert.Equal(written, File.GetLastWriteTimeUtc(library));
        Assert.Equal(before, File.ReadAllBytes(original));
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));

        byte[] once = File.ReadAllBytes(library);
        Assert.True(Task(library).Execute());
        Assert.Equal(once, File.ReadAllBytes(library));
    }

    [Fact]
    public void The_task_does_nothing_where_the_host_has_the_version_or_is_unknown()
    {
        string library = Write("lib.so", Elf("libstdc++.so.6", Version));
        byte[] before = File.ReadAllBytes(library);
        Assert.True(Task(library).Execute());
        Assert.Equal(before, File.ReadAllBytes(library));
        Write("host/libstdc++.so.6", Encoding.ASCII.GetBytes("...GLIBCXX_3.4.32\0..."));
        Assert.True(Task(library).Execute());
        Assert.Equal(before, File.ReadAllBytes(library));
    }

    [Fact]
    public void A_hard_link_into_the_package_cache_keeps_the_caches_file()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string cached = Write("cache.so", Elf("libstdc++.so.6", Version));
        string output = Path.Combine(folder, "output.so");
        System.Diagnostics.Process.Start("ln", $"\"{cached}\" \"{output}\"").WaitForExit();
        byte[] before = File.ReadAllBytes(cached);
        Write("host/libstdc++.so.6", "none"u8.ToArray());
        Assert.True(Task(output).Execute());
        Assert.Equal(before, File.ReadAllBytes(cached));
        Assert.NotEqual(before, File.ReadAllBytes(output));
    }

    [Fact]
    public void Files_that_do_not_exist_are_passed_over() => Assert.True(Task(Path.Combine(folder, "none.so")).Execute());

    private WeakenVersionNeed Task(string file) =>
        new()
        {
            BuildEngine = new SilentEngine(),
            Files = [new TaskItem(file)],
            HostLibrary = "libstdc++.so.6",
            Version = Version,
            HostFolders = [Path.Combine(folder, "host")],
        };

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A small ELF file that needs versions of one library: header, names, needs, two section headers.</summary>
    private static byte[] Elf(string library, params string[] versions)
    {
        var names = new List<byte> { 0 };
        int Name(string text)
        {
            int offset = names.Count;
            names.AddRange(Encoding.ASCII.GetBytes(text + "\0"));
            return offset;
        }

        int libraryName = Name(library);
        int[] versionNames = [.. versions.Select(Name)];
        int namesStart = 64;
        int needsStart = namesStart + names.Count;
        int needsLength = 16 + (16 * versions.Length);
        int sectionsStart = needsStart + needsLength;
        byte[] image = new byte[sectionsStart + 128];
        using var stream = new MemoryStream(image);
        using var writer = new BinaryWriter(stream);
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]);
        stream.Position = 40;
        writer.Write((long)sectionsStart);
        stream.Position = 58;
        writer.Write((ushort)64);
        writer.Write((ushort)2);
        stream.Position = namesStart;
        writer.Write([.. names]);
        writer.Write((ushort)1);
        writer.Write((ushort)versions.Length);
        writer.Write(libraryName);
        writer.Write(16);
        writer.Write(0);
        for (int index = 0; index < versions.Length; index++)
        {
            writer.Write(0x12345678);
            writer.Write((ushort)0);
            writer.Write((ushort)(index + 2));
            writer.Write(versionNames[index]);
            writer.Write(index == versions.Length - 1 ? 0 : 16);
        }

        stream.Position = sectionsStart + 24;
        writer.Write((long)namesStart);
        stream.Position = sectionsStart + 64 + 4;
        writer.Write(0x6ffffffe);
        stream.Position = sectionsStart + 64 + 24;
        writer.Write((long)needsStart);
        stream.Position = sectionsStart + 64 + 40;
        writer.Write(0);
        return image;
    }

    private sealed class SilentEngine : IBuildEngine
    {
        public bool ContinueOnError => false;

        public int LineNumberOfTaskNode => 0;

        public int ColumnNumberOfTaskNode => 0;

        public string ProjectFileOfTaskNode => "";

        public bool BuildProjectFile(
            string projectFileName,
            string[] targetNames,
            System.Collections.IDictionary globalProperties,
            System.Collections.IDictionary targetOutputs
        ) => false;

        public void LogCustomEvent(CustomBuildEventArgs e) { }

        public void LogErrorEvent(BuildErrorEventArgs e) => Assert.Fail(e.Message);

        public void LogMessageEvent(BuildMessageEventArgs e) { }

        public void LogWarningEvent(BuildWarningEventArgs e) => Assert.Fail(e.Message);
    }
}
