using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Conversion;

/// <summary>
/// What a network keeps for itself from one run to the next, so that a run can be undone: the fields of its modules and of
/// what they hold (helpers, collections, what hooks have captured), the values of the tensors in them, its hooks, and which
/// parameters, buffers and modules are registered. The values of parameters are not kept: no forward writes to them.
/// </summary>
internal sealed class KeptState
{
    /// <summary>How many of the user's own objects are followed, one in another, from a module.</summary>
    private const int Depth = 3;

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> FieldsOf = new();
    private static readonly ConcurrentDictionary<Type, bool> Holders = new();

    private readonly Module[] modules;
    private readonly Dictionary<object, object?[]> fields = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Array, Array> arrays = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, Tensor?> tensors = new(ReferenceEqualityComparer.Instance);
    private readonly List<Action> registrations = [];

    private KeptState(Module[] modules) => this.modules = modules;

    /// <summary>The state of now, with copies of the tensors.</summary>
    public static KeptState Of(Module network)
    {
        using var grad = no_grad();
        KeptState state = Reached(network);
        foreach (Tensor tensor in state.tensors.Keys.ToArray())
        {
            state.tensors[tensor] =
                tensor is TorchSharp.Modules.Parameter || tensor.IsInvalid ? null : tensor.detach().clone().DetachFromDisposeScope();
        }

        foreach (Module module in state.modules)
        {
            state.registrations.Add(OnlyThese(ConvolutionAccess.Parameters(module)));
            state.registrations.Add(OnlyThese(ConvolutionAccess.Buffers(module)));
            state.registrations.Add(OnlyThese(ConvolutionAccess.Submodules(module)));
        }

        if (network is IScriptModule script)
        {
            state.registrations.Add(script.KeepAttributes());
        }

        return state;
    }

    /// <summary>
    /// Brings the state back. What the network holds nevertheless, such as a parameter that a hook has replaced, is taken out
    /// of the current scope, which therefore may be disposed.
    /// </summary>
    public void Restore(Module network)
    {
        using var grad = no_grad();
        registrations.ForEach(restore => restore());
        foreach ((object holder, object?[] values) in fields)
        {
            FieldInfo[] of = Fields(holder.GetType());
            for (int index = 0; index < of.Length; index++)
            {
                // TorchSharp looks after its own modules, whose hooks and modes are restored for themselves.
                if (!IsTorchSharps(of[index].DeclaringType!) && !IsSame(of[index].GetValue(holder), values[index]))
                {
                    of[index].SetValue(holder, Whole(values[index]));
                }
            }
        }

        foreach ((Array array, Array saved) in arrays)
        {
            for (int index = 0; index < saved.Length && CanHold(saved.GetType().GetElementType()!); index++)
            {
                saved.SetValue(Whole(saved.GetValue(index)), index);
            }

            Array.Copy(saved, array, saved.Length);
        }

        foreach ((Tensor tensor, Tensor? saved) in tensors)
        {
            if (saved is null || saved.IsInvalid || tensor.IsInvalid)
            {
                continue;
            }

            if (!tensor.shape.AsSpan().SequenceEqual(saved.shape))
            {
                tensor.set_(saved);
            }
            else if (!tensor.Equals(saved))
            {
                tensor.copy_(saved);
            }

            saved.Dispose();
        }

        foreach (Tensor tensor in Reached(network, withStatics: true).tensors.Keys.Concat(network.parameters()).Concat(network.buffers()))
        {
            if (!tensor.IsInvalid && !tensors.ContainsKey(tensor))
            {
                tensor.DetachFromDisposeScope();
            }
        }
    }

    private static KeptState Reached(Module network, bool withStatics = false)
    {
        var state = new KeptState([.. network.named_modules().Select(named => named.module).Prepend(network).Distinct()]);
        foreach (Module module in state.modules)
        {
            state.Enter(module, 0);
            if (withStatics && !IsTorchSharps(module.GetType()))
            {
                foreach (FieldInfo field in module.GetType().GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                {
                    state.Enter(field.IsLiteral || field.FieldType.ContainsGenericParameters ? null : field.GetValue(null), 0);
                }
            }
        }

        foreach (Tensor buffer in network.buffers())
        {
            state.Enter(buffer, 0);
        }

        return state;
    }

    private void Enter(object? value, int depth)
    {
        switch (value)
        {
            case null or string or Pointer:
                return;
            case Tensor tensor:
                tensors.TryAdd(tensor, null);
                return;
            case Delegate function:
                EnterCaptured(function);
                return;
            case IDictionary { Count: 0, IsReadOnly: false } empty:
                // The tables of hooks, of which a network has hundreds, are empty for the most part.
                registrations.Add(empty.Clear);
                return;
            case Array array:
                if (array.Rank == 1 && arrays.TryAdd(array, (Array)array.Clone()) && CanHold(array.GetType().GetElementType()!))
                {
                    foreach (object? element in array)
                    {
                        Enter(element, depth);
                    }
                }

                return;
        }

        Type type = value.GetType();
        if (value is Module || (type.IsValueType && CanHold(type)) || IsCollection(type))
        {
            EnterFields(value, value is Module ? 0 : depth);
        }
        else if (!type.IsValueType && IsUsers(type) && depth < Depth)
        {
            EnterFields(value, depth + 1);
        }
    }

    /// <summary>What a lambda has captured, and no further objects of the user from there.</summary>
    private void EnterCaptured(Delegate function)
    {
        foreach (Delegate each in function.GetInvocationList())
        {
            if (each.Target is { } target and not Module && IsUsers(target.GetType()))
            {
                EnterFields(target, Depth);
            }
        }
    }

    private void EnterFields(object holder, int depth)
    {
        FieldInfo[] of = Fields(holder.GetType());
        object?[] values = [.. of.Select(field => field.GetValue(holder))];

        // A struct is part of what holds it, so it is not kept for itself.
        if (holder.GetType().IsValueType || fields.TryAdd(holder, values))
        {
            foreach (object? value in values)
            {
                Enter(value, depth);
            }
        }
    }

    /// <summary>The value, in which a copy stands for each tensor that was disposed meanwhile.</summary>
    private object? Whole(object? value)
    {
        if (value is Tensor { IsInvalid: true } tensor)
        {
            return tensors.GetValueOrDefault(tensor) ?? value;
        }

        if (value?.GetType() is { IsValueType: true } type && CanHold(type))
        {
            foreach (FieldInfo field in Fields(type))
            {
                if (CanHold(field.FieldType))
                {
                    field.SetValue(value, Whole(field.GetValue(value)));
                }
            }
        }

        return value;
    }

    private static bool IsSame(object? current, object? saved) =>
        ReferenceEquals(current, saved)
            ? saved is not Tensor { IsInvalid: true }
            : current is not null && saved is not null && current.GetType().IsPrimitive && current.Equals(saved);

    private static Action OnlyThese<T>(OrderedDict<string, T> table)
    {
        HashSet<string> names = [.. table.Keys];
        return () =>
        {
            foreach (string fresh in table.Keys.Where(name => !names.Contains(name)).ToArray())
            {
                table.Remove(fresh);
            }
        };
    }

    private static FieldInfo[] Fields(Type type) =>
        FieldsOf.GetOrAdd(
            type,
            static type =>
            {
                var all = new List<FieldInfo>();
                for (Type? current = type; current is not null && current != typeof(object); current = current.BaseType)
                {
                    all.AddRange(
                        current
                            .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                            .Where(field =>
                                !field.FieldType.IsPointer && !field.FieldType.IsByRefLike && !field.FieldType.IsFunctionPointer
                            )
                    );
                }

                return [.. all];
            }
        );

    /// <summary>Whether a value of that type may hold a reference.</summary>
    private static bool CanHold(Type type) =>
        !type.IsValueType
        || (
            !type.IsPrimitive
            && !type.IsEnum
            && Holders.GetOrAdd(
                type,
                static type => Array.Exists(Fields(type), field => field.FieldType != type && CanHold(field.FieldType))
            )
        );

    public static bool IsTorchSharps(Type type) => type.Assembly == typeof(Module).Assembly;

    private static bool IsCollection(Type type) =>
        type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true
        || (
            type.Assembly == typeof(object).Assembly
            && (
                type.Name.StartsWith("Tuple`", StringComparison.Ordinal)
                || type.Name.StartsWith("Lazy`", StringComparison.Ordinal)
                || type.Name.StartsWith("StrongBox`", StringComparison.Ordinal)
            )
        );

    /// <summary>Whether a class is of the program itself: not of .NET, of TorchSharp or of this package.</summary>
    private static bool IsUsers(Type type)
    {
        string assembly = type.Assembly.GetName().Name ?? "";
        return !IsTorchSharps(type)
            && type.Assembly != typeof(KeptState).Assembly
            && !assembly.StartsWith("System", StringComparison.Ordinal)
            && !assembly.StartsWith("Microsoft.", StringComparison.Ordinal);
    }
}
