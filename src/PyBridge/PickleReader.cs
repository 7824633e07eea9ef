using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ChannelGen.PyBridge;

/// <summary>A class or a function of Python, which is never run.</summary>
internal sealed record PythonName(string Name);

/// <summary>An object of Python of which nothing is known but its class.</summary>
internal sealed record PythonInstance(string Class);

/// <summary>
/// Reads Python's pickles (protocols 2 to 5) as plain values: dictionaries, lists, tuples as arrays, numbers, strings, bytes.
/// No code of the file is run. A reader of our own, since those that there are keep what they know of classes in one table for
/// the whole process, and fail at a class that nobody has told them of, as training scripts leave in their checkpoints.
/// </summary>
/// <param name="input">Where the pickle begins.</param>
/// <param name="load">What a persistent id stands for.</param>
/// <param name="call">What a function gives for its arguments; null if it is not known.</param>
internal sealed class PickleReader(BinaryReader input, Func<object?[], object?> load, Func<string, object?[], object?> call)
{
    private static readonly Dictionary<byte, Action<PickleReader>> Operations = new()
    {
        // The frame of the pickle.
        [0x80] = reader => reader.Bytes(1),
        [0x95] = reader => reader.Bytes(8),

        // Values.
        [(byte)'N'] = reader => reader.Push(null),
        [0x88] = reader => reader.Push(true),
        [0x89] = reader => reader.Push(false),
        [(byte)'J'] = reader => reader.Push((long)reader.input.ReadInt32()),
        [(byte)'K'] = reader => reader.Push((long)reader.input.ReadByte()),
        [(byte)'M'] = reader => reader.Push((long)reader.input.ReadUInt16()),
        [0x8a] = reader => reader.Push(Whole(reader.Bytes(reader.input.ReadByte()))),
        [0x8b] = reader => reader.Push(Whole(reader.Bytes(reader.input.ReadInt32()))),
        [(byte)'G'] = reader => reader.Push(BinaryPrimitives.ReadDoubleBigEndian(reader.Bytes(8))),
        [(byte)'X'] = reader => reader.Push(Encoding.UTF8.GetString(reader.Bytes(reader.input.ReadInt32()))),
        [0x8c] = reader => reader.Push(Encoding.UTF8.GetString(reader.Bytes(reader.input.ReadByte()))),
        [0x8d] = reader => reader.Push(Encoding.UTF8.GetString(reader.Bytes(reader.input.ReadInt64()))),
        [(byte)'T'] = reader => reader.Push(Encoding.Latin1.GetString(reader.Bytes(reader.input.ReadInt32()))),
        [(byte)'U'] = reader => reader.Push(Encoding.Latin1.GetString(reader.Bytes(reader.input.ReadByte()))),
        [(byte)'B'] = reader => reader.Push(reader.Bytes(reader.input.ReadInt32())),
        [(byte)'C'] = reader => reader.Push(reader.Bytes(reader.input.ReadByte())),
        [0x8e] = reader => reader.Push(reader.Bytes(reader.input.ReadInt64())),

        // Collections.
        [(byte)'('] = reader => reader.marks.Push(reader.stack.Count),
        [(byte)')'] = reader => reader.Push(Array.Empty<object?>()),
        [(byte)'t'] = reader => reader.Push(reader.SinceMark()),
        [0x85] = reader => reader.Push(reader.Last(1)),
        [0x86] = reader => reader.Push(reader.Last(2)),
        [0x87] = reader => reader.Push(reader.Last(3)),
        [(byte)']'] = reader => reader.Push(new List<object?>()),
        [(byte)'l'] = reader => reader.Push(reader.SinceMark().ToList()),
        [(byte)'a'] = reader => reader.Append(reader.Last(1)),
        [(byte)'e'] = reader => reader.Append(reader.SinceMark()),
        [(byte)'}'] = reader => reader.Push(new Dictionary<object, object?>()),
        [(byte)'d'] = reader =>
        {
            object?[] items = reader.SinceMark();
            reader.Push(new Dictionary<object, object?>());
            reader.Set(items);
        },
        [(byte)'s'] = reader => reader.Set(reader.Last(2)),
        [(byte)'u'] = reader => reader.Set(reader.SinceMark()),
        [0x8f] = reader => reader.Push(new List<object?>()),
        [0x90] = reader => reader.Append(reader.SinceMark()),
        [0x91] = reader => reader.Push(reader.SinceMark()),

        // What is used again.
        [(byte)'q'] = reader => reader.memo[reader.input.ReadByte()] = reader.stack[^1],
        [(byte)'r'] = reader => reader.memo[reader.input.ReadInt32()] = reader.stack[^1],
        [0x94] = reader => reader.memo[reader.memo.Count] = reader.stack[^1],
        [(byte)'h'] = reader => reader.Push(reader.memo[reader.input.ReadByte()]),
        [(byte)'j'] = reader => reader.Push(reader.memo[reader.input.ReadInt32()]),
        [(byte)'0'] = reader => reader.Pop(),
        [(byte)'1'] = reader => reader.SinceMark(),
        [(byte)'2'] = reader => reader.Push(reader.stack[^1]),

        // Objects.
        [(byte)'c'] = reader => reader.Push(new PythonName($"{reader.Line()}.{reader.Line()}")),
        [0x93] = reader =>
        {
            object?[] names = reader.Last(2);
            reader.Push(new PythonName($"{names[0]}.{names[1]}"));
        },
        [(byte)'Q'] = reader => reader.Push(reader.load((object?[])reader.Pop()!)),
        [(byte)'R'] = reader => reader.Call(reader.Last(2)),
        [0x81] = reader => reader.Call(reader.Last(2)),
        [0x92] = reader => reader.Call(reader.Last(3)),

        // The attributes of an object; those of a dictionary are no entries of it.
        [(byte)'b'] = reader => reader.Pop(),
    };

    private readonly BinaryReader input = input;
    private readonly Func<object?[], object?> load = load;
    private readonly Func<string, object?[], object?> call = call;
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<int, object?> memo = [];

    /// <summary>The value.</summary>
    /// <exception cref="InvalidDataException">It is no such pickle.</exception>
    public object? Read()
    {
        for (byte code = input.ReadByte(); code != '.'; code = input.ReadByte())
        {
            if (!Operations.TryGetValue(code, out Action<PickleReader>? operation))
            {
                throw new InvalidDataException($"Found the operation 0x{code:x2} in its pickle, which no protocol from 2 to 5 has.");
            }

            operation(this);
        }

        return Pop();
    }

    private static object Whole(byte[] bytes)
    {
        var number = new BigInteger(bytes);
        return number >= long.MinValue && number <= long.MaxValue ? (long)number : number;
    }

    private byte[] Bytes(long count)
    {
        byte[] bytes = input.ReadBytes(checked((int)count));
        return bytes.Length == count ? bytes : throw new EndOfStreamException();
    }

    private string Line()
    {
        var line = new StringBuilder();
        for (char letter = (char)input.ReadByte(); letter != '\n'; letter = (char)input.ReadByte())
        {
            line.Append(letter);
        }

        return line.ToString();
    }

    private void Push(object? value) => stack.Add(value);

    private object? Pop() => Last(1)[0];

    private object?[] Last(int count)
    {
        object?[] last = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return last;
    }

    private object?[] SinceMark() => Last(stack.Count - marks.Pop());

    private void Append(object?[] values) => (stack[^1] as List<object?>)?.AddRange(values);

    private void Set(object?[] items)
    {
        for (int index = 0; index < items.Length && stack[^1] is Dictionary<object, object?> table; index += 2)
        {
            table[items[index] ?? "None"] = items[index + 1];
        }
    }

    private void Call(object?[] parts) =>
        Push(
            parts is [PythonName { Name: var name }, object?[] arguments, ..]
                ? call(name, arguments) ?? new PythonInstance(name)
                : new PythonInstance("")
        );
}
