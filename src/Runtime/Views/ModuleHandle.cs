using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.InteropServices;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Views;

/// <summary>The native side of a module, which TorchSharp closes as the module is disposed, and keeps to itself.</summary>
internal static class ModuleHandle
{
    private static readonly Func<Module, SafeHandle?> Handle = Read();

    public static bool IsClosed(Module module) => Handle(module) is { IsClosed: true };

    private static Func<Module, SafeHandle?> Read()
    {
        FieldInfo field =
            typeof(Module).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic)
            ?? throw new MissingFieldException(typeof(Module).FullName, "handle");
        ParameterExpression module = Expression.Parameter(typeof(Module));
        UnaryExpression handle = Expression.Convert(Expression.Field(module, field), typeof(SafeHandle));
        return Expression.Lambda<Func<Module, SafeHandle?>>(handle, module).Compile();
    }
}
