using System.Collections;
using System.Reflection;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Runtime.Tests;

/// <summary>The keys of the hooks that hang on a module, read from its own tables.</summary>
internal static class HookNames
{
    private static readonly string[] Tables = ["module_pre_hooks", "pre_hooks", "post_hooks", "module_post_hooks"];

    public static string[] Of(Module module)
    {
        for (Type? type = module.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(HookableModule<,>))
            {
                return
                [
                    .. Tables.SelectMany(table =>
                        (
                            (IDictionary)type.GetField(table, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(module)!
                        ).Keys.Cast<string>()
                    ),
                ];
            }
        }

        return [];
    }
}
