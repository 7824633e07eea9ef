using System.Text;
using Microsoft.Build.Framework;

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
    public void The_task_writes_a_weakened_copy_and_only_reads_the_library()
    {
        string library = Write("lib.so", Elf("libstdc++.so.6", Version));
        string copy = Path.Combine(folder, "deep", "copy.so");
        byte[] before = File.ReadAllBytes(library);
        for (int run = 0; run < 2; run++)
        {
            Assert.True(Task(library, copy).Execute());
            Assert.Equal(before, File.ReadAllBytes(library));
            Assert.Single(File.ReadAllBytes(copy).Zip(before), pair => pair.First != pair.Second);
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(copy)!));
        }
    }

    [Fact]
    public void A_copy_that_is_linked_elsewhere_is_replaced_and_not_written_into()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string library = Write("lib.so", Elf("libstdc++.so.6", Version));
        string elsewhere = Write("elsewhere.so", "another"u8.ToArray());
        string copy = Path.Combine(folder, "copy.so");
        System.Diagnostics.Process.Start("ln", $"\"{elsewhere}\" \"{copy}\"").WaitForExit();
        Assert.True(Task(library, copy).Execute());
        Assert.Equal("another"u8.ToArray(), File.ReadAllBytes(elsewhere));
    }

    [Fact]
    public void A_library_that_needs_nothing_of_it_is_copied_as_it_is()
    {
        string library = Write("lib.so", Elf("libstdc++.so.6", "GLIBCXX_3.4.30"));
        string copy = Path.Combine(folder, "copy.so");
        Assert.True(Task(library, copy).Execute());
        Assert.Equal(File.ReadAllBytes(library), File.ReadAllBytes(copy));
    }

    private static WeakenVersionNeed Task(string source, string destination) =>
        new()
        {
            BuildEngine = new SilentEngine(),
            Source = source,
            Destination = destination,
            Version = Version,
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
