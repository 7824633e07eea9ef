using System.IO.Compression;
using ChannelGen.Checkpoints;
using ChannelGen.Runtime.Tests.Files;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.PyBridge.Tests;

/// <summary>Files as Python writes them, beyond what PyBridge's own writer does.</summary>
public sealed class TorchFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("torchfile-").FullName;

    public TorchFileTests() => manual_seed(1);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Tensors_with_strides_and_offsets_are_read_as_they_are()
    {
        // One storage, as of views: at an offset, transposed, channels last, a single element, and expanded.
        using Tensor storage = arange(0, 48, dtype: ScalarType.Float32);
        Dictionary<string, Tensor> read = Read(
            [
                ("offset", new StoredTensor(storage, 24, [2, 3, 2, 2], [12, 4, 2, 1])),
                ("transposed", new StoredTensor(storage, 0, [4, 6], [1, 4])),
                ("last", new StoredTensor(storage, 0, [2, 3, 4, 2], [24, 1, 6, 3])),
                ("one", new StoredTensor(storage, 47, [], [])),
                ("expanded", new StoredTensor(storage, 5, [3, 2], [0, 1])),
            ]
        );
        Assert.True(storage[24..].reshape(2, 3, 2, 2).Equals(read["offset"]));
        Assert.True(storage[..24].reshape(6, 4).t().Equals(read["transposed"]));
        Assert.True(storage.reshape(2, 4, 2, 3).permute(0, 3, 1, 2).Equals(read["last"]));
        Assert.Equal(47, read["one"].item<float>());
        Assert.True(storage[5..7].expand(3, 2).Equals(read["expanded"]));

        // Each has its own memory: writing to one does not reach another.
        read["offset"].zero_();
        Assert.Equal(47, read["one"].item<float>());
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Int64)]
    public void A_part_that_its_storage_does_not_have_is_refused(ScalarType dtype)
    {
        using Tensor storage = ones(10, dtype: dtype);
        Assert.True(Read([("fits", new StoredTensor(storage, 4, [2, 3], [3, 1]))])["fits"].Equals(ones(2, 3, dtype: dtype)));
        Assert.Throws<InvalidDataException>(() => Read([("beyond", new StoredTensor(storage, 5, [2, 3], [3, 1]))]));
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model")]
    [InlineData("net")]
    public void The_state_dict_of_a_training_checkpoint_is_found_in_it(string name)
    {
        using Tensor weight = randn(4, 3, 3, 3);
        using Tensor moment = randn(4, 3, 3, 3);
        (string, object?)[] root =
        [
            ("epoch", 7),
            ("loss", ones(1)),
            ("args", new PythonObject("argparse.Namespace", ("lr", 0.1), ("name", "x"))),
            ("accuracy", new PythonCall("numpy.core.multiarray.scalar", new PythonCall("numpy.dtype", "f8", false, true), "bytes")),
            ("optimizer", new (string, object?)[] { ("state", Numbered(moment)), ("param_groups", new List<object?> { 1, null }) }),
            (
                name,
                new (string, object?)[]
                {
                    ("conv1.weight", weight),
                    ("bn", new PythonCall("torch._utils._rebuild_parameter", moment, true)),
                }
            ),
        ];
        Dictionary<string, Tensor> read = Read(root);
        Assert.Equal(["bn", "conv1.weight"], read.Keys.Order());
        Assert.True(weight.Equals(read["conv1.weight"]));
        Assert.True(moment.Equals(read["bn"]));

        // Within a dictionary within it, and beside a second one.
        Assert.Equal(["bn", "conv1.weight"], Read([("checkpoint", root)]).Keys.Order());
        (string, object?)[] two = [.. root, ("ema", new (string, object?)[] { ("conv1.weight", moment) })];
        if (name == "net")
        {
            Assert.Contains("('net', 'ema')", Assert.Throws<InvalidDataException>(() => Read(two)).Message);
        }
        else
        {
            Assert.True(weight.Equals(Read(two)["conv1.weight"]));
        }
    }

    [Fact]
    public void What_is_no_state_dict_is_told_by_name()
    {
        Assert.Contains("an object of models.Net; wanted a state dictionary", Refusal(new PythonObject("models.Net", ("training", true))));
        Assert.Contains("'step' is the number 3, no tensor", Refusal(new (string, object?)[] { ("w", ones(1)), ("step", 3) }));
        var quantized = new PythonCall("torch._utils._rebuild_qtensor", 1);
        Assert.Contains("'q' is an object of torch._utils._rebuild_qtensor", Refusal(new (string, object?)[] { ("q", quantized) }));
        string script = Path.Combine(folder, "script.pt");
        TorchFile.SaveScript(script, "return x", [("weight", ones(1, requires_grad: true))]);
        Assert.Contains("a TorchScript program: load it with torch.jit.load", Unread(script));
        string exported = Path.Combine(folder, "exported.pt2");
        using (ZipArchive archive = ZipFile.Open(exported, ZipArchiveMode.Create))
        {
            archive.CreateEntry("exported/archive_format").Open().Dispose();
        }

        Assert.Contains("a program of torch.export (.pt2)", Unread(exported));

        string Refusal(object value)
        {
            string path = Path.Combine(folder, "other.pth");
            TorchFile.Save(path, value);
            return Unread(path);
        }
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.backbone.")]
    public void Prefixed_checkpoints_load_from_every_format(string prefix)
    {
        using Sequential color = Net();
        Dictionary<string, Tensor> entries = color.state_dict().ToDictionary(entry => prefix + entry.Key, entry => entry.Value);
        using Tensor expected = ConvolutionWeights.SumInputChannels(color.state_dict()["conv1.weight"]);
        string pth = Path.Combine(folder, "prefixed.pth");
        (string, object?)[] table = [.. entries.Select(entry => (entry.Key, (object?)entry.Value))];
        TorchFile.Save(pth, new (string, object?)[] { ("state_dict", table) });
        string safetensors = Path.Combine(folder, "prefixed.safetensors");
        Safetensors.SaveStateDict(safetensors, entries);
        string dat = Path.Combine(folder, "prefixed.dat");
        StateDictFile.Write(dat, entries);
        foreach (
            Action<GrayscaleModule<Tensor, Tensor>> load in (Action<GrayscaleModule<Tensor, Tensor>>[])
                [gray => gray.LoadPyTorch(pth), gray => gray.LoadPyTorch(safetensors), gray => gray.load(dat)]
        )
        {
            using Sequential net = Net();
            GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
            load(gray);
            Assert.True(expected.Equals(gray.state_dict()["conv1.weight"]));
        }

        // From file to file, the layer named as the network has it.
        PyTorchCheckpoint.FileToGrayscale(pth, safetensors, "conv1");
        Dictionary<string, Tensor> converted = PyTorchCheckpoint.Read(safetensors);
        Assert.True(expected.Equals(converted[prefix + "conv1.weight"]));
    }

    [Fact]
    public void Files_are_told_by_their_content_and_not_by_their_name()
    {
        using Sequential color = Net();
        string own = Path.Combine(folder, "own.pth");
        color.save(own);
        Assert.Contains("a file of TorchSharp's own format: read it with load", Unread(own));
        string pth = Path.Combine(folder, "zip.dat");
        color.save_py(pth);
        Assert.Contains("a zip file: one of torch.save (.pth) is read with LoadPyTorch", NotOwn(pth));
        string safetensors = Path.Combine(folder, "safe.dat");
        color.save_safetensors(safetensors);
        Assert.Contains("a safetensors file: read it with LoadPyTorch", NotOwn(safetensors));
        using Sequential net = Net();
        Assert.Contains("a safetensors file", Assert.Throws<InvalidDataException>(() => net.ToGrayscale().load(safetensors)).Message);
        string old = Path.Combine(folder, "old.pth");
        File.WriteAllBytes(old, [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);
        Assert.Contains("before PyTorch 1.6", Unread(old));
        Assert.Contains("before PyTorch 1.6", NotOwn(old));

        // Those that can be read are, whatever they are called.
        Assert.Equal(color.state_dict().Keys.Order(), PyTorchCheckpoint.Read(pth).Keys.Order());
        Assert.Equal(color.state_dict().Keys.Order(), PyTorchCheckpoint.Read(safetensors).Keys.Order());
    }

    [Theory]
    [InlineData("target.pth")]
    [InlineData("target.safetensors")]
    public void A_file_that_is_written_over_keeps_its_mode_and_its_links(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string target = Path.Combine(folder, name);
        string link = Path.Combine(folder, "link" + Path.GetExtension(name));
        File.WriteAllText(target, "old");
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(link, target);
        PyTorchCheckpoint.Write(link, new Dictionary<string, Tensor> { ["w"] = ones(2) });
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target));
        Assert.True(ones(2).Equals(PyTorchCheckpoint.Read(target)["w"]));
    }

    private static string Unread(string path)
    {
        string message = Assert.Throws<InvalidDataException>(() => PyTorchCheckpoint.Read(path)).Message;
        Assert.StartsWith(path, message);
        return message;
    }

    private static string NotOwn(string path) => Assert.Throws<InvalidDataException>(() => StateDictFile.Read(path)).Message;

    /// <summary>An optimizer's state: its keys are numbers.</summary>
    private static (int, object?)[] Numbered(Tensor moment) => [(0, new (string, object?)[] { ("exp_avg", moment) })];

    private static Sequential Net() => Sequential(("conv1", Conv2d(3, 4, 3)), ("bn", BatchNorm2d(4)));

    private Dictionary<string, Tensor> Read((string, object?)[] root)
    {
        string path = Path.Combine(folder, "read.pth");
        TorchFile.Save(path, root);
        return PyTorchCheckpoint.Read(path);
    }
}
