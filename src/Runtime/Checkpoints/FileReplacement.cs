namespace ChannelGen.Checkpoints;

/// <summary>Files that are whole or as they were.</summary>
internal static class FileReplacement
{
    /// <summary>Lets a file be written beside <paramref name="path"/> and renames it over once that has succeeded.</summary>
    public static void Write(string path, Action<string> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
