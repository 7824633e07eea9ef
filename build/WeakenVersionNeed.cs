// Compiled by MSBuild as an inline task (ChannelGen.targets), in each build that asks for it, and by the tests. Kept to C# and an
// API surface that MSBuild's task factory accepts (netstandard2.0).
#nullable enable
using System;
using System.IO;
using Microsoft.Build.Framework;

/// <summary>
/// Copies an ELF library, with one symbol version that it needs marked as weak, so that a loader accepts it where that version is
/// missing.
/// </summary>
public sealed class WeakenVersionNeed : Microsoft.Build.Utilities.Task
{
    /// <summary>The library. It is only read.</summary>
    [Required]
    public string Source { get; set; } = "";

    /// <summary>The copy. A file that is there is replaced, and never written into: it may be linked elsewhere.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <summary>The version needed, such as GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; } = "";

    public override bool Execute()
    {
        byte[] image = File.ReadAllBytes(Source);
        string outcome = ElfVersionNeeds.TryWeaken(image, Version) ? "is now weak" : "is not in it, or was weak before";
        Log.LogMessage(MessageImportance.Normal, "{0}: the need for {1} {2}.", Destination, Version, outcome);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination))!);
        string fresh = Destination + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
        {
            File.WriteAllBytes(fresh, image);
            File.Delete(Destination);
            File.Move(fresh, Destination);
        }
        finally
        {
            File.Delete(fresh);
        }

        return true;
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
