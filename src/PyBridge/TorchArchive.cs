using System.IO.Compression;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.PyBridge;

/// <summary>
/// Reads the zip files of torch.save. A tensor there is a part of a storage, with its own offset and strides, and several may
/// share one.
/// </summary>
internal sealed class TorchArchive : IDisposable
{
    /// <summary>The names under which training scripts save a network's state_dict beside other things.</summary>
    private static readonly string[] UsualNames = ["state_dict", "model_state_dict", "model"];

    private readonly ZipArchive archive;
    private readonly string folder;
    private readonly Dictionary<string, Tensor> storages = [];

    private TorchArchive(Stream stream)
    {
        archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        if (archive.Entries.Any(entry => entry.Name is "archive_format" or "serialized_exported_program.json"))
        {
            throw new InvalidDataException(
                "This is a program of torch.export (.pt2), which is no state dictionary: save model.state_dict() with torch.save, "
                    + "or the model with torch.jit.save."
            );
        }

        string pickle =
            archive.Entries.FirstOrDefault(entry => entry.Name == "data.pkl")?.FullName
            ?? throw new InvalidDataException("The zip file has no data.pkl.");
        folder = pickle[..^"data.pkl".Length];
        if (Has("constants.pkl"))
        {
            throw new InvalidDataException("This is a TorchScript program: load it with torch.jit.load, and call ToGrayscale() on that.");
        }

        if (Has("byteorder") && new StreamReader(Entry("byteorder").Open()).ReadToEnd().Trim() is "big" and var order)
        {
            throw new InvalidDataException($"Its numbers have the byte order '{order}'; wanted 'little'.");
        }
    }

    /// <summary>The tensors of the state dictionary in a file, each with memory of its own.</summary>
    /// <exception cref="InvalidDataException">There is none, or there are several.</exception>
    public static Dictionary<string, Tensor> Read(Stream stream)
    {
        using var file = new TorchArchive(stream);
        using var input = new BinaryReader(file.Entry("data.pkl").Open());
        object? value = new PickleReader(input, Storage, Call).Read();
        if (value is not Dictionary<object, object?> root)
        {
            throw new InvalidDataException(
                $"It holds {Describe(value)}; wanted a state dictionary, as torch.save(model.state_dict(), path) writes it."
            );
        }

        return StateDict(root, "")
            .ToDictionary(
                entry => $"{entry.Key}",
                entry =>
                    entry.Value is StoredTensor tensor
                        ? file.Load(tensor)
                        : throw new InvalidDataException(
                            $"'{entry.Key}' is {Describe(entry.Value)}, no tensor; wanted a state dictionary, "
                                + "as model.state_dict() gives it."
                        )
            );
    }

    public void Dispose()
    {
        foreach (Tensor storage in storages.Values)
        {
            storage.Dispose();
        }

        archive.Dispose();
    }

    /// <summary>The dictionary itself, or the one in it that has tensors.</summary>
    private static Dictionary<object, object?> StateDict(Dictionary<object, object?> table, string path)
    {
        (string Name, Dictionary<object, object?> Table)[] nested =
        [
            .. table
                .Where(entry => HasTensors(entry.Value))
                .Select(entry => ($"{entry.Key}", (Dictionary<object, object?>)entry.Value!)),
        ];
        if (nested.Length == 0)
        {
            return table;
        }

        int index = nested.Length == 1 ? 0 : Array.FindIndex(UsualNames, name => Array.Exists(nested, found => found.Name == name));
        if (index < 0)
        {
            throw new InvalidDataException(
                $"It has several dictionaries of tensors ({string.Join(", ", nested.Select(found => $"'{path}{found.Name}'"))}), "
                    + $"none of which is called {string.Join(" or ", UsualNames.Select(name => $"'{name}'"))}: "
                    + "save the one that is wanted by itself."
            );
        }

        (string chosen, Dictionary<object, object?> inner) =
            nested.Length == 1 ? nested[0] : nested.First(found => found.Name == UsualNames[index]);
        return StateDict(inner, $"{path}{chosen}.");
    }

    /// <summary>Whether it is a dictionary with tensors, or with such a dictionary; an optimizer's state has numbers for keys.</summary>
    private static bool HasTensors(object? value) =>
        value is Dictionary<object, object?> table
        && table.Keys.All(key => key is string)
        && table.Values.Any(inner => inner is StoredTensor || HasTensors(inner));

    private static object? Storage(object?[] id) =>
        id is ["storage", PythonName { Name: var type }, string key, ..] && Dtype(type) is { } dtype ? new Memory(key, dtype) : null;

    private static object? Call(string name, object?[] arguments) =>
        (name, arguments) switch
        {
            ("collections.OrderedDict" or "collections.defaultdict", _) => new Dictionary<object, object?>(),
            (
                "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2",
                [Memory memory, long offset, object?[] shape, object?[] strides, ..]
            ) => new StoredTensor(memory, offset, [.. shape.Cast<long>()], [.. strides.Cast<long>()]),
            ("torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state", [var data, ..]) => data,
            ("torch._tensor._rebuild_from_type_v2", [PythonName function, _, object?[] inner, ..]) => Call(function.Name, inner),
            _ => null,
        };

    private static string Describe(object? value) =>
        value switch
        {
            null => "None",
            PythonInstance { Class: var name } => $"an object of {(name.Length == 0 ? "an unknown class" : name)}",
            PythonName { Name: var name } => $"the class or function {name}",
            StoredTensor => "a tensor",
            string text => $"the text '{text}'",
            Dictionary<object, object?> => "a dictionary",
            System.Collections.ICollection => "a list",
            _ => $"the number {value}",
        };

    private static ScalarType? Dtype(string storage) =>
        storage switch
        {
            "torch.DoubleStorage" => ScalarType.Float64,
            "torch.FloatStorage" => ScalarType.Float32,
            "torch.HalfStorage" => ScalarType.Float16,
            "torch.BFloat16Storage" => ScalarType.BFloat16,
            "torch.LongStorage" => ScalarType.Int64,
            "torch.IntStorage" => ScalarType.Int32,
            "torch.ShortStorage" => ScalarType.Int16,
            "torch.CharStorage" => ScalarType.Int8,
            "torch.ByteStorage" => ScalarType.Byte,
            "torch.BoolStorage" => ScalarType.Bool,
            "torch.ComplexDoubleStorage" => ScalarType.ComplexFloat64,
            "torch.ComplexFloatStorage" => ScalarType.ComplexFloat32,
            _ => null,
        };

    /// <summary>A copy of the part that the tensor is; libtorch refuses a part that its storage does not have.</summary>
    private Tensor Load(StoredTensor tensor)
    {
        (string key, ScalarType dtype) = tensor.Memory;
        if (!storages.TryGetValue(key, out Tensor? storage))
        {
            ZipArchiveEntry entry = Entry($"data/{key}");
            storage = empty([entry.Length / dtype.ElementSize()], dtype).DetachFromDisposeScope();
            storages.Add(key, storage);
            using Stream stream = entry.Open();
            storage.ReadBytesFromStream(stream, 1 << 16);
        }

        using Tensor part = storage.as_strided(tensor.Shape, tensor.Strides, tensor.Offset);
        return part.clone();
    }

    private bool Has(string name) => archive.GetEntry(folder + name) is not null;

    private ZipArchiveEntry Entry(string name) =>
        archive.GetEntry(folder + name) ?? throw new InvalidDataException($"The zip file has no '{folder}{name}'.");

    private sealed record Memory(string Key, ScalarType Dtype);

    private sealed record StoredTensor(Memory Memory, long Offset, long[] Shape, long[] Strides);
}
