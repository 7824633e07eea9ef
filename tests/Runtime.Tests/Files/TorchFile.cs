using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Runtime.Tests.Files;

/// <summary>A part of a storage, as torch.save writes a tensor: views share their storage, and need not be contiguous.</summary>
internal sealed record StoredTensor(Tensor Storage, long Offset, long[] Shape, long[] Strides, bool RequiresGrad = false)
{
    public static StoredTensor Whole(Tensor tensor) =>
        new(tensor.contiguous(), 0, tensor.shape, tensor.contiguous().stride(), tensor.requires_grad);
}

/// <summary>The call of a Python function or class: the name with its module, and the arguments.</summary>
internal sealed record PythonCall(string Name, params object?[] Arguments);

/// <summary>A new Python object with attributes.</summary>
internal sealed record PythonObject(string Name, params (string Name, object? Value)[] Attributes);

/// <summary>
/// Writes what torch.save and torch.jit.save write: a zip file with a pickle of protocol 2, in which tensors refer to the
/// entries that hold their storages.
/// </summary>
internal sealed class TorchFile : IDisposable
{
    private readonly ZipArchive archive;
    private readonly List<Tensor> storages = [];
    private readonly MemoryStream pickle = new();

    private TorchFile(string path) => archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);

    /// <summary>torch.save(value, path); dictionaries are arrays of keys and values.</summary>
    public static void Save(string path, object? value)
    {
        using var file = new TorchFile(path);
        file.Pickle("data.pkl", value);
        file.Text("version", "3\n");
    }

    /// <summary>torch.jit.save, of a module with these parameters and buffers, and forward as TorchScript's source.</summary>
    /// <param name="path">The file.</param>
    /// <param name="forward">The statements of forward(self, x), one a line, without indentation.</param>
    /// <param name="result">The type that forward returns.</param>
    /// <param name="entries">
    /// Tensors by their paths, such as "features.0.weight"; those that require a gradient are parameters, and null is none yet.
    /// </param>
    /// <param name="constants">What the source calls CONSTANTS.c0, CONSTANTS.c1 and so on.</param>
    public static void SaveScript(
        string path,
        string forward,
        IReadOnlyList<(string Path, Tensor? Value)> entries,
        string result = "Tensor",
        params Tensor[] constants
    )
    {
        using var file = new TorchFile(path);
        var source = new StringBuilder();
        object root = file.Class("Net", entries, source, forward, result);
        file.Pickle("data.pkl", root);
        file.Pickle("constants.pkl", (object?[])[.. constants], "constants");
        file.Text("code/__torch__.py", source.ToString());
        file.Text("version", "3\n");
    }

    public void Dispose() => archive.Dispose();

    /// <summary>A class for each module, those inside before those around them.</summary>
    private PythonObject Class(
        string name,
        IReadOnlyList<(string Path, Tensor? Value)> entries,
        StringBuilder source,
        string? forward = null,
        string result = ""
    )
    {
        var members = new List<(string Name, object? Value)> { ("training", false) };
        var types = new List<string> { "training : bool" };
        var own = entries.Where(entry => !entry.Path.Contains('.')).ToArray();
        foreach ((string path, Tensor? value) in own)
        {
            members.Add((path, value));
            types.Add($"{path} : {(value is null ? "Optional[Tensor]" : "Tensor")}");
        }

        foreach (var inner in entries.Except(own).GroupBy(entry => entry.Path[..entry.Path.IndexOf('.')]))
        {
            string type = $"{name}_{inner.Key}";
            members.Add((inner.Key, Class(type, [.. inner.Select(entry => (entry.Path[(inner.Key.Length + 1)..], entry.Value))], source)));
            types.Add($"{(char.IsAsciiDigit(inner.Key[0]) ? $"__annotations__[\"{inner.Key}\"] =" : $"{inner.Key} :")} __torch__.{type}");
        }

        string[] body =
        [
            $"__parameters__ = [{Names(requiresGrad: true)}]",
            $"__buffers__ = [{Names(requiresGrad: false)}]",
            .. types.Any(type => type.StartsWith("__annotations__", StringComparison.Ordinal)) ? (string[])["__annotations__ = []"] : [],
            .. types,
            .. forward is null
                ? []
                : forward
                    .Split('\n')
                    .Select(line => "  " + line)
                    .Prepend($"def forward(self: __torch__.{name},\n    x: Tensor) -> {result}:"),
        ];
        source.Append($"class {name}(Module):\n").Append(string.Concat(body.Select(line => $"  {line}\n")));
        return new PythonObject($"__torch__.{name}", [.. members]);

        string Names(bool requiresGrad) =>
            string.Concat(own.Where(entry => entry.Value?.requires_grad == requiresGrad).Select(entry => $"\"{entry.Path}\", "));
    }

    private void Pickle(string entry, object? value, string folder = "data")
    {
        pickle.SetLength(0);
        storages.Clear();
        pickle.Write([0x80, 2]);
        Write(value, folder);
        pickle.WriteByte((byte)'.');
        using (Stream stream = Entry(entry))
        {
            pickle.WriteTo(stream);
        }

        for (int index = 0; index < storages.Count; index++)
        {
            using Stream stream = Entry($"{folder}/{index}");
            storages[index].WriteBytesToStream(stream);
        }
    }

    private Stream Entry(string name) => archive.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();

    private void Text(string name, string text)
    {
        using Stream stream = Entry(name);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private void Write(object? value, string folder)
    {
        switch (value)
        {
            case null:
                pickle.WriteByte((byte)'N');
                break;
            case bool truth:
                pickle.WriteByte((byte)(truth ? 0x88 : 0x89));
                break;
            case int or long:
                Number('J', 4, buffer => BinaryPrimitives.WriteInt32LittleEndian(buffer, Convert.ToInt32(value)));
                break;
            case double number:
                Number('G', 8, buffer => BinaryPrimitives.WriteDoubleBigEndian(buffer, number));
                break;
            case string text:
                byte[] bytes = Encoding.UTF8.GetBytes(text);
                Number('X', 4, buffer => BinaryPrimitives.WriteInt32LittleEndian(buffer, bytes.Length));
                pickle.Write(bytes);
                break;
            case Tensor tensor:
                Write(StoredTensor.Whole(tensor), folder);
                break;
            case StoredTensor tensor:
                Write(tensor, folder);
                break;
            case PythonCall call:
                Global(call.Name);
                Write(call.Arguments, folder);
                pickle.WriteByte((byte)'R');
                break;
            case PythonObject made:
                Global(made.Name);
                pickle.Write([(byte)')', 0x81]);
                Write(made.Attributes, folder);
                pickle.WriteByte((byte)'b');
                break;
            case (string, object?)[] table:
                Many("}(", table.SelectMany(pair => (object?[])[pair.Item1, pair.Item2]), 'u', folder);
                break;
            case (int, object?)[] table:
                Many("}(", table.SelectMany(pair => (object?[])[pair.Item1, pair.Item2]), 'u', folder);
                break;
            case List<object?> list:
                Many("](", list, 'e', folder);
                break;
            case object?[] tuple:
                Many("(", tuple, 't', folder);
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private void Write(StoredTensor tensor, string folder)
    {
        int key = storages.FindIndex(storage => ReferenceEquals(storage, tensor.Storage));
        if (key < 0)
        {
            key = storages.Count;
            storages.Add(tensor.Storage);
        }

        Global("torch._utils._rebuild_tensor_v2");
        pickle.WriteByte((byte)'(');
        pickle.WriteByte((byte)'(');
        Write("storage", folder);
        Global($"torch.{StorageName(tensor.Storage.dtype)}");
        Write($"{key}", folder);
        Write("cpu", folder);
        Write(tensor.Storage.numel(), folder);
        pickle.Write([(byte)'t', (byte)'Q']);
        Write(tensor.Offset, folder);
        Write((object?[])[.. tensor.Shape.Cast<object?>()], folder);
        Write((object?[])[.. tensor.Strides.Cast<object?>()], folder);
        Write(tensor.RequiresGrad, folder);
        Write(new PythonCall("collections.OrderedDict"), folder);
        pickle.Write([(byte)'t', (byte)'R']);
    }

    private void Global(string name)
    {
        int dot = name.LastIndexOf('.');
        pickle.Write(Encoding.ASCII.GetBytes($"c{name[..dot]}\n{name[(dot + 1)..]}\n"));
    }

    private void Many(string start, IEnumerable<object?> values, char end, string folder)
    {
        pickle.Write(Encoding.ASCII.GetBytes(start));
        foreach (object? value in values)
        {
            Write(value, folder);
        }

        pickle.WriteByte((byte)end);
    }

    private void Number(char code, int length, Action<byte[]> fill)
    {
        byte[] buffer = new byte[length];
        fill(buffer);
        pickle.WriteByte((byte)code);
        pickle.Write(buffer);
    }

    private static string StorageName(ScalarType dtype) =>
        dtype switch
        {
            ScalarType.Float32 => "FloatStorage",
            ScalarType.Float64 => "DoubleStorage",
            ScalarType.Float16 => "HalfStorage",
            ScalarType.Int64 => "LongStorage",
            _ => throw new NotSupportedException(dtype.ToString()),
        };
}
