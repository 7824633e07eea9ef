// Compiled twice: by MSBuild as an inline task (LibTorch.targets) and by the tests. Kept to C# and an API surface that
// MSBuild's task factory accepts (netstandard2.0).
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;

/// <summary>
/// Marks one symbol version that an ELF library needs as weak, where the host's library does not define it, so that the
/// loader accepts the library all the same. Writes a new file beside the old one and renames it over: the old one may be
/// a hard link into the package cache.
/// </summary>
public sealed class WeakenVersionNeed : Microsoft.Build.Utilities.Task
{
    /// <summary>The libraries to change. Those that do not exist are passed over.</summary>
    [Required]
    public ITaskItem[] Files { get; set; } = Array.Empty<ITaskItem>();

    /// <summary>The library of the host that should define the version, such as libstdc++.so.6.</summary>
    [Required]
    public string HostLibrary { get; set; } = "";

    /// <summary>The version needed, such as GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; } = "";

    /// <summary>Where the host's library is looked for; the loader's own folders unless set.</summary>
    public string[]? HostFolders { get; set; }

    public override bool Execute()
    {
        bool? hostLacksVersion = null;
        foreach (ITaskItem item in Files)
        {
            string path = item.GetMetadata("FullPath");
            if (!File.Exists(path))
            {
                continue;
            }

            hostLacksVersion = hostLacksVersion ?? HostLacksVersion();
            if (hostLacksVersion != true)
            {
                return true;
            }

            if (WriteWeakened(path, Version))
            {
                Log.LogMessage(
                    MessageImportance.Normal,
                    "{0}: the need for {1} is now weak, since the host's {2} lacks it.",
                    path,
                    Version,
                    HostLibrary
                );
            }
        }

        return true;
    }

    /// <summary>Rewrites the file with the need marked weak; false, and the file untouched, where there is nothing to do.</summary>
    public static bool WriteWeakened(string path, string version)
    {
        byte[] image = File.ReadAllBytes(path);
        if (!ElfVersionNeeds.TryWeaken(image, version))
        {
            return false;
        }

        // The time of the original stays, so that an incremental build's copy sees an unchanged file and leaves it alone.
        DateTime written = File.GetLastWriteTimeUtc(path);
        string fresh = path + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
        {
            File.WriteAllBytes(fresh, image);
            File.SetLastWriteTimeUtc(fresh, written);
            File.Replace(fresh, path, null);
        }
        finally
        {
            File.Delete(fresh);
        }

        return true;
    }

    private bool HostLacksVersion()
    {
        byte[] name = Encoding.ASCII.GetBytes(Version + "\0");
        foreach (string folder in HostFolders ?? LoaderFolders())
        {
            string path = Path.Combine(folder, HostLibrary);
            if (File.Exists(path))
            {
                return IndexOf(File.ReadAllBytes(path), name) < 0;
            }
        }

        // No such library where loaders look: nothing is known of this host, so nothing is changed.
        return false;
    }

    private static string[] LoaderFolders()
    {
        var folders = new List<string>();
        string? configured = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH");
        if (!string.IsNullOrEmpty(configured))
        {
            folders.AddRange(configured!.Split(new[] { ':' }, StringSplitOptions.RemoveEmptyEntries));
        }

        folders.AddRange(new[] { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib" });
        return folders.ToArray();
    }

    private static int IndexOf(byte[] text, byte[] pattern)
    {
        for (int start = 0; start <= text.Length - pattern.Length; start++)
        {
            int matched = 0;
            while (matched < pattern.Length && text[start + matched] == pattern[matched])
            {
                matched++;
            }

            if (matched == pattern.Length)
            {
                return start;
            }
        }

        return -1;
    }
}

/// <summary>
/// The section .gnu.version_r of a 64-bit little-endian ELF file: the versions that it needs of other libraries
/// (Linux Standard Base, Core Specification, "Symbol Versioning").
/// </summary>
public static class ElfVersionNeeds
{
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 0x2; // VER_FLG_WEAK

    /// <summary>
    /// Sets the weak flag of the need for <paramref name="version"/> in <paramref name="image"/>. False, and the image
    /// untouched, if it is no such ELF file, is cut short, has no such need, or has it weak already.
    /// </summary>
    public static bool TryWeaken(byte[] image, string version)
    {
        int? flags = FindFlags(image, version);
        if (flags == null || (ReadUInt16(image, flags.Value) & Weak) != 0)
        {
            return false;
        }

        image[flags.Value] |= (byte)Weak;
        return true;
    }

    private static int? FindFlags(byte[] image, string version)
    {
        bool isElf64LittleEndian =
            image.Length >= 64
            && image[0] == 0x7f
            && image[1] == 'E'
            && image[2] == 'L'
            && image[3] == 'F'
            && image[4] == 2
            && image[5] == 1;
        if (!isElf64LittleEndian)
        {
            return null;
        }

        try
        {
            long sections = ReadInt64(image, 40);
            int sectionSize = ReadUInt16(image, 58);
            int sectionCount = ReadUInt16(image, 60);
            for (int index = 0; index < sectionCount; index++)
            {
                long header = sections + (long)index * sectionSize;
                if (ReadUInt32(image, header + 4) == VersionNeedSection)
                {
                    long names = ReadInt64(image, sections + (long)ReadUInt32(image, header + 40) * sectionSize + 24);
                    return FindFlagsInSection(image, ReadInt64(image, header + 24), names, version);
                }
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            // An offset outside the file: cut short or not what it says, so not ours to change.
        }

        return null;
    }

    private static int? FindFlagsInSection(byte[] image, long need, long names, string version)
    {
        while (true)
        {
            int entries = ReadUInt16(image, need + 2);
            long entry = need + ReadUInt32(image, need + 8);
            for (int index = 0; index < entries; index++)
            {
                if (NameIs(image, names + ReadUInt32(image, entry + 8), version))
                {
                    return (int)(entry + 4);
                }

                entry += ReadUInt32(image, entry + 12);
            }

            uint next = ReadUInt32(image, need + 12);
            if (next == 0)
            {
                return null;
            }

            need += next;
        }
    }

    private static bool NameIs(byte[] image, long offset, string name)
    {
        for (int index = 0; index < name.Length; index++)
        {
            if (At(image, offset + index) != name[index])
            {
                return false;
            }
        }

        return At(image, offset + name.Length) == 0;
    }

    private static byte At(byte[] image, long offset)
    {
        if (offset < 0 || offset >= image.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        return image[offset];
    }

    private static ushort ReadUInt16(byte[] image, long offset)
    {
        return (ushort)(At(image, offset) | At(image, offset + 1) << 8);
    }

    private static uint ReadUInt32(byte[] image, long offset)
    {
        return ReadUInt16(image, offset) | (uint)ReadUInt16(image, offset + 2) << 16;
    }

    private static long ReadInt64(byte[] image, long offset)
    {
        return ReadUInt32(image, offset) | (long)ReadUInt32(image, offset + 4) << 32;
    }
}
