namespace ChannelGen.Checkpoints;

/// <summary>Files that are whole or as they were.</summary>
internal static class FileReplacement
{
    /// <summary>
    /// Lets a file be written beside <paramref name="path"/> and renames it over once that has succeeded. A symbolic link
    /// stays one, and the file that it leads to is replaced; the file's mode is kept.
    /// </summary>
    public static void Write(string path, Action<string> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        string temporary = $"{target}.{Guid.NewGuid():N}.tmp";
        try
        {
            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                // Made with its mode, so that nobody else can read it while it is written.
                using FileStream made = new(
                    temporary,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                );
            }

            write(temporary);
            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
