using System.Runtime.InteropServices;

namespace Benchmarks;

/// <summary>
/// Keeps freed memory in the process. glibc gives large blocks back to the system and fetches them again, page fault by page
/// fault, or does not, depending on what ran before: with outputs of some megabytes that is more than the arithmetic.
/// </summary>
internal static class SteadyMemory
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int MostMapped = -4; // M_MMAP_MAX
    private const int Never = int.MaxValue;
    private static readonly Lazy<string?> Trouble = new(SetOnce);

    /// <summary>
    /// Sets it, once in a process. What was wrong if it could not be set, in which case large outputs are measured with page
    /// faults in some runs and without in others; null if all is well.
    /// </summary>
    public static string? Set() => Trouble.Value;

    private static string? SetOnce()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Freed memory is kept in the process on Linux with glibc alone: rows with outputs of some megabytes may count page "
                + "faults.";
        }

        // M_MMAP_THRESHOLD would not do: more than 32 MiB is refused. mallopt returns 0 for what it refuses.
        var refused = new List<string>();
        try
        {
            if (mallopt(MostMapped, 0) == 0)
            {
                refused.Add("M_MMAP_MAX = 0");
            }

            if (mallopt(TrimThreshold, Never) == 0)
            {
                refused.Add("M_TRIM_THRESHOLD = 2 GiB");
            }
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such thing.
            refused.Add("mallopt");
        }

        return refused.Count == 0
            ? null
            : $"The C library refused {string.Join(" and ", refused)}: rows with outputs of some megabytes may count page faults.";
    }

    [DllImport("libc")]
    private static extern int mallopt(int parameter, int value);
}
