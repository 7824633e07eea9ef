using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Conversion;

/// <summary>The tensors and numbers in whatever a network gives: tuples, lists, dictionaries, records and classes of them.</summary>
internal static class Answers
{
    private const int Depth = 8;

    /// <summary>Every one of them with the way to it; a number is a tensor of one element.</summary>
    public static IEnumerable<(string Path, Tensor Value)> In(object? answer, string path = "(output)", int depth = 0)
    {
        switch (answer)
        {
            case null or string or Delegate or Type:
                return [];
            case Tensor tensor:
                return tensor.IsInvalid ? [] : [(path, tensor)];
            case IConvertible number when answer.GetType().IsPrimitive || answer is decimal:
                return [(path, tensor(number.ToDouble(null), ScalarType.Float64))];
        }

        if (answer.GetType().IsEnum)
        {
            return [(path, tensor(Convert.ToDouble(answer, null), ScalarType.Float64))];
        }

        if (depth == Depth)
        {
            return [];
        }

        return answer switch
        {
            ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => In(tuple[index], $"{path}.Item{index + 1}", depth + 1)),
            IDictionary table => table.Keys.Cast<object>().SelectMany(key => In(table[key], $"{path}[{key}]", depth + 1)),
            IEnumerable items => items.Cast<object?>().SelectMany((item, index) => In(item, $"{path}[{index}]", depth + 1)),
            _ => Members(answer).SelectMany(member => In(member.Value, $"{path}.{member.Name}", depth + 1)),
        };
    }

    /// <summary>The fields of the user's own types; those of .NET have nothing that a network gives.</summary>
    private static IEnumerable<(string Name, object? Value)> Members(object holder)
    {
        for (Type? type = holder.GetType(); type is not null && type != typeof(object) && type != typeof(ValueType); type = type.BaseType)
        {
            if (
                type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true
                && !type.Name.StartsWith("KeyValuePair`", StringComparison.Ordinal)
            )
            {
                yield break;
            }

            foreach (
                FieldInfo field in type.GetFields(
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly
                )
            )
            {
                // "<Boxes>k__BackingField" is the property Boxes.
                string name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;
                yield return (name, field.GetValue(holder));
            }
        }
    }
}
