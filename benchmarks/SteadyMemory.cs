using System.Runtime.InteropServices;

namespace Benchmarks;

/// <summary>
/// Keeps freed memory in the process. glibc gives large blocks back to the system and fetches them again, page fault by page
/// fault, or does not, depending on what ran before: with outputs of some megabytes that is more than the arithmetic.
/// </summary>
internal static class SteadyMemory
{
    private const int TrimThreshold = -1; // M_TRIM_THRESHOLD
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD
    private const int Never = 1 << 30;

    public static void Set()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = mallopt(TrimThreshold, Never);
            _ = mallopt(MmapThreshold, Never);
        }
    }

    [DllImport("libc")]
    private static extern int mallopt(int parameter, int value);
}
