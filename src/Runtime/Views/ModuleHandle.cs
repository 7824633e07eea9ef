using System.Reflection;
using System.Runtime.InteropServices;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Views;

/// <summary>The native handle of a module, which TorchSharp keeps to itself and closes when the module is disposed.</summary>
internal static class ModuleHandle
{
    private static readonly FieldInfo Handle = typeof(Module).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new MissingFieldException(typeof(Module).FullName, "handle");

    public static bool IsClosed(Module module) => Handle.GetValue(module) is SafeHandle { IsClosed: true } or SafeHandle { IsInvalid: true };
}
