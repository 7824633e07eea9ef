using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using ChannelGen.Checkpoints;
using ChannelGen.Runtime.Tests.Files;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.PyBridge.Tests;

/// <summary>docs/weights.md: its C# blocks, compiled together and run on files of each kind.</summary>
public sealed class WeightsPageTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("weights-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_way_of_the_page_leads_to_the_same_gray_network()
    {
        manual_seed(4);
        using Tensor image = (rand(2, 1, 24, 24) * 255).round() / 255;
        string[] blocks = Blocks();
        Type program = Compile(blocks);
        using Tensor expected = MakeFiles(program, image);
        string[] ways = [.. blocks.Skip(1).Select((_, index) => $"Way{index + 1}")];
        Assert.Equal(7, ways.Length);
        foreach (string way in ways)
        {
            using Tensor answer = (Tensor)program.GetMethod(way)!.Invoke(null, [image])!;
            Assert.True((expected - answer).abs().max().item<float>() < 1e-5, way);
        }

        // What the blocks have written: a script and a checkpoint of one channel.
        using var script = jit.load<Tensor, Tensor>(Path.Combine(folder, "lesion-gray.pt"));
        using Tensor again = script.forward(image);
        Assert.True((expected - again).abs().max().item<float>() < 1e-5);
        Assert.Equal([8, 1, 3, 3], StateDictFile.Read(Path.Combine(folder, "lesion-gray.dat"))["conv1.weight"].shape);
    }

    /// <summary>The files that the page reads, of one color network, and what that answers to the stacked image.</summary>
    private Tensor MakeFiles(Type program, Tensor image)
    {
        using var color = (Module<Tensor, Tensor>)Activator.CreateInstance(program.Assembly.GetType("LesionNet")!)!;
        Dictionary<string, Tensor> entries = color.state_dict();
        WriteAsExportsd(Path.Combine(folder, "lesion.dat"), entries);
        TorchFile.Save(Path.Combine(folder, "lesion.pth"), entries.Select(entry => (entry.Key, (object?)entry.Value)).ToArray());
        Safetensors.SaveStateDict(Path.Combine(folder, "lesion.safetensors"), entries);
        TorchFile.SaveScript(
            Path.Combine(folder, "lesion.pt"),
            """
            y = torch.relu(torch.conv2d(x, self.conv1.weight, self.conv1.bias, [2, 2], [1, 1], [1, 1], 1))
            return torch.linear(torch.mean(y, [2, 3]), self.fc.weight, self.fc.bias)
            """,
            [.. entries.Select(entry => (entry.Key, (Tensor?)entry.Value))]
        );
        color.save(Path.Combine(folder, "lesion-own.dat"));
        return color.forward(image.expand(-1, 3, -1, -1));
    }

    /// <summary>What exportsd.save_state_dict writes: LEB128 numbers, keys, and the bytes of each tensor.</summary>
    private static void WriteAsExportsd(string path, Dictionary<string, Tensor> entries)
    {
        using FileStream stream = File.Create(path);
        Number(entries.Count);
        foreach ((string key, Tensor value) in entries)
        {
            Number(key.Length);
            stream.Write(Encoding.UTF8.GetBytes(key));
            Number(6); // torch.float32
            Number(value.dim());
            foreach (long size in value.shape)
            {
                Number(size);
            }

            stream.Write(value.bytes.ToArray());
        }

        void Number(long value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                stream.WriteByte((byte)(value | 0x80));
            }

            stream.WriteByte((byte)value);
        }
    }

    private static string[] Blocks()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "weights.md"));
        return [.. Regex.Matches(page, "```csharp\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];
    }

    /// <summary>The class of the first block, and a method for each of the others that runs its network, or gives its answer.</summary>
    private Type Compile(string[] blocks)
    {
        var source = new StringBuilder(
            """
            using ChannelGen;
            using ChannelGen.PyBridge;
            using TorchSharp;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            """
        );
        source.Append(blocks[0]).Append("public static class Program\n{\n");
        for (int index = 1; index < blocks.Length; index++)
        {
            string body = blocks[index].Replace("\"lesion", $"@\"{folder}/lesion", StringComparison.Ordinal);
            string answer = body.Contains("answer", StringComparison.Ordinal) ? "answer.alias()" : "gray.call(image)";
            source.Append($"public static Tensor Way{index}(Tensor image)\n{{\n{body}\nreturn {answer};\n}}\n");
        }

        string[] assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            "Weights",
            [CSharpSyntaxTree.ParseText(source.Append("}\n").ToString())],
            assemblies.Where(path => Path.GetExtension(path) == ".dll").Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        using var memory = new MemoryStream();
        Assert.Empty(compilation.Emit(memory).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        return Assembly.Load(memory.ToArray()).GetType("Program")!;
    }

    private static string Root() =>
        typeof(WeightsPageTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
}
