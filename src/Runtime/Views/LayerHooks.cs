using System.Linq.Expressions;
using System.Reflection;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;
using PostHook = System.Func<
    TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
    TorchSharp.torch.Tensor,
    TorchSharp.torch.Tensor,
    TorchSharp.torch.Tensor
>;
using PreHook = System.Func<
    TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
    TorchSharp.torch.Tensor,
    TorchSharp.torch.Tensor
>;

namespace ChannelGen.Views;

/// <summary>
/// The hook tables of a layer of one tensor, written by replacement: a thread that runs the layer goes on with the table
/// that it has, where registering a hook in place would break its enumeration.
/// </summary>
internal static class LayerHooks
{
    private const string WatcherPrefix = "ChannelGen.Watcher ";

    private static readonly TableField<PreHook> Pre = new("pre_hooks");
    private static readonly TableField<PostHook> Post = new("post_hooks");
    private static readonly TableField<Action<Module>> ModulePre = new("module_pre_hooks");
    private static readonly TableField<Action<Module>> ModulePost = new("module_post_hooks");

    /// <summary>Whether others than this pair and watchers hang on the layer.</summary>
    public static bool HasOthersThan(Convolution layer, string pairKey)
    {
        Dictionary<string, PreHook> pre = Pre.Get(layer);
        Dictionary<string, PostHook> post = Post.Get(layer);
        int others = pre.Count + post.Count + ModulePre.Get(layer).Count + ModulePost.Get(layer).Count;
        others -= pre.ContainsKey(pairKey) ? 1 : 0;
        others -= post.ContainsKey(pairKey) ? 1 : 0;
        return others > 0 && others > pre.Keys.Count(static key => key.StartsWith(WatcherPrefix, StringComparison.Ordinal));
    }

    /// <summary>
    /// Hangs a pair of hooks on the layer. The second comes first: a call that is on its way must not meet the first hook
    /// alone.
    /// </summary>
    public static void AddPair(Convolution layer, string key, PreHook before, PostHook after)
    {
        Post.Set(layer, key, after);
        Pre.Set(layer, key, before);
    }

    /// <summary>Hangs a hook on the layer that only looks, before all others, and gives its key.</summary>
    public static string AddWatcher(Convolution layer, PreHook look)
    {
        string key = WatcherPrefix + Guid.NewGuid();
        Pre.SetFirst(layer, key, look);
        return key;
    }

    public static void RemoveWatcher(Convolution layer, string key) => Pre.Set(layer, key, null);

    public static void RemovePair(Convolution layer, string key)
    {
        Pre.Set(layer, key, null);
        Post.Set(layer, key, null);
    }

    /// <summary>One of the tables: they are protected, so they are reached by name, once.</summary>
    private sealed class TableField<THook>
        where THook : Delegate
    {
        private readonly Func<Module<Tensor, Tensor>, Dictionary<string, THook>> get;
        private readonly Action<Module<Tensor, Tensor>, Dictionary<string, THook>> set;

        public TableField(string name)
        {
            FieldInfo field =
                typeof(HookableModule<PreHook, PostHook>).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)
                ?? throw new MissingFieldException(typeof(HookableModule<PreHook, PostHook>).FullName, name);
            ParameterExpression module = Expression.Parameter(typeof(Module<Tensor, Tensor>));
            ParameterExpression table = Expression.Parameter(typeof(Dictionary<string, THook>));
            get = Expression
                .Lambda<Func<Module<Tensor, Tensor>, Dictionary<string, THook>>>(Expression.Field(module, field), module)
                .Compile();
            set = Expression
                .Lambda<Action<Module<Tensor, Tensor>, Dictionary<string, THook>>>(
                    Expression.Assign(Expression.Field(module, field), table),
                    module,
                    table
                )
                .Compile();
        }

        public Dictionary<string, THook> Get(Module<Tensor, Tensor> module) => get(module);

        public void Set(Module<Tensor, Tensor> module, string key, THook? hook)
        {
            var copy = new Dictionary<string, THook>(get(module));
            if (hook is null)
            {
                copy.Remove(key);
            }
            else
            {
                copy[key] = hook;
            }

            set(module, copy);
        }

        public void SetFirst(Module<Tensor, Tensor> module, string key, THook hook)
        {
            // A dictionary that nothing is taken out of is enumerated in the order in which it was filled.
            var copy = new Dictionary<string, THook> { [key] = hook };
            foreach ((string other, THook another) in get(module))
            {
                copy[other] = another;
            }

            set(module, copy);
        }
    }
}
