using System.Reflection;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Conversion;

/// <summary>
/// The tables of forward hooks that a module keeps. They are protected, so they are read by reflection, once per type.
/// </summary>
internal static class HookTables
{
    private static readonly string[] FieldNames = ["module_pre_hooks", "pre_hooks", "post_hooks", "module_post_hooks"];
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    /// <summary>One of the tables, with its type.</summary>
    public static TTable Table<TTable>(Module module, string field)
        where TTable : class => (TTable)Fields.GetOrAdd(module.GetType(), Find).Single(found => found.Name == field).GetValue(module)!;

    /// <summary>Whether any hook hangs on the module.</summary>
    public static bool HasHooks(Module module) =>
        Fields
            .GetOrAdd(module.GetType(), Find)
            .Any(found => ((System.Collections.ICollection)found.GetValue(module)!).Count > 0);

    private static FieldInfo[] Find(Type type)
    {
        for (Type? current = type; current is not null; current = current.BaseType)
        {
            if (current.IsGenericType && current.GetGenericTypeDefinition() == typeof(HookableModule<,>))
            {
                return
                [
                    .. FieldNames.Select(name =>
                        current.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)
                        ?? throw new MissingFieldException(current.FullName, name)
                    ),
                ];
            }
        }

        return [];
    }
}
