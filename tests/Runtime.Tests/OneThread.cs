using System.Runtime.CompilerServices;
using TorchSharp;

namespace ChannelGen.Runtime.Tests;

/// <summary>
/// The tests run beside each other, one for each processor. If libtorch used all processors for each of them as well, its threads
/// would wait for each other, and small operations, of which training has many, would take several times as long.
/// </summary>
internal static class OneThread
{
    [ModuleInitializer]
    internal static void Set() => torch.set_num_threads(1);
}
