using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.PyBridge.Tests;

public sealed class PyTorchCheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pybridge-").FullName;

    public PyTorchCheckpointTests() => manual_seed(1);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("color.pth")]
    [InlineData("color.safetensors")]
    public void A_gray_network_loads_what_PyBridge_writes_of_a_color_one(string name)
    {
        using ResNet color = torchvision.models.resnet18();
        string path = Path.Combine(folder, name);
        Save(color, path);
        using ResNet net = torchvision.models.resnet18();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        (IList<string> missing, IList<string> unexpected) = gray.LoadPyTorch(path);
        Assert.Empty(missing);
        Assert.Empty(unexpected);
        color.eval();
        gray.eval();
        using Tensor image = rand(1, 1, 64, 64);
        using Tensor expected = color.forward(cat([image, image, image], 1));
        using Tensor found = gray.forward(image);
        Assert.True((expected - found).abs().max().item<float>() < 1e-4);
    }

    [Theory]
    [InlineData("gray.pth")]
    [InlineData("gray.safetensors")]
    public void A_color_network_loads_what_PyBridge_writes_of_a_gray_one(string name)
    {
        using Sequential trained = Net(1);
        string path = Path.Combine(folder, name);
        Save(trained, path);
        using Sequential net = Net(1);
        ColorModule<Tensor, Tensor> color = net.ToColor(LumaCoefficients.Bt709);
        color.LoadPyTorch(path);
        using Tensor expected = ConvolutionWeights.SpreadInputChannels(Weight(trained), LumaCoefficients.Bt709);
        Assert.True(expected.Equals(Weight(net)));
    }

    [Theory]
    [InlineData("a.pth", "b.safetensors")]
    [InlineData("a.safetensors", "b.pth")]
    [InlineData("a.pth", "a.pth")]
    public void Files_are_converted_both_ways_and_PyBridge_reads_them(string first, string second)
    {
        using Sequential color = Net(3);
        Save(color, Path.Combine(folder, first));
        PyTorchCheckpoint.FileToGrayscale(Path.Combine(folder, first), Path.Combine(folder, second), "conv1");
        using Sequential gray = Net(1);
        Load(gray, Path.Combine(folder, second));
        using Tensor expected = ConvolutionWeights.SumInputChannels(Weight(color));
        Assert.True(expected.Equals(Weight(gray)));

        PyTorchCheckpoint.FileToColor(Path.Combine(folder, second), Path.Combine(folder, first), "conv1", LumaCoefficients.Bt601);
        using Sequential back = Net(3);
        Load(back, Path.Combine(folder, first));
        using Tensor spread = ConvolutionWeights.SpreadInputChannels(expected, LumaCoefficients.Bt601);
        Assert.True(spread.Equals(Weight(back)));
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
    }

    [Theory]
    [InlineData("cut.pth")]
    [InlineData("cut.safetensors")]
    public void A_file_that_is_cut_short_is_refused_and_nothing_is_loaded(string name)
    {
        using Sequential color = Net(3);
        string path = Path.Combine(folder, name);
        Save(color, path);
        byte[] whole = File.ReadAllBytes(path);
        using Sequential net = Net(3);
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        using Tensor before = Weight(net).detach().clone();
        foreach (int length in (int[])[0, 3, 10, whole.Length / 3, whole.Length / 2, whole.Length - 30])
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => gray.LoadPyTorch(path)).Message);
        }

        Assert.True(before.Equals(Weight(net)));
    }

    [Theory]
    [InlineData("foreign.pth")]
    [InlineData("foreign.safetensors")]
    public void A_foreign_file_is_refused(string name)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, "this is no checkpoint at all, but it is long enough to look like one");
        Assert.Throws<InvalidDataException>(() => PyTorchCheckpoint.Read(path));
        Assert.Throws<FileNotFoundException>(() => PyTorchCheckpoint.Read(path + ".none.pth"));
    }

    [Theory]
    [InlineData("wrong.pth")]
    [InlineData("wrong.safetensors")]
    public void A_wrong_shape_is_refused_and_nothing_is_loaded(string name)
    {
        using Sequential other = Net(4);
        string path = Path.Combine(folder, name);
        Save(other, path);
        using Sequential net = Net(3);
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        using Tensor before = Weight(net).detach().clone();
        Assert.Contains("[4, 4, 3, 3]; wanted [4, 1, 3, 3]", Assert.Throws<ArgumentException>(() => gray.LoadPyTorch(path)).Message);
        Assert.True(before.Equals(Weight(net)));
    }

    private static Sequential Net(long channels) => Sequential(("conv1", Conv2d(channels, 4, 3)), ("bn", BatchNorm2d(4)));

    private static Parameter Weight(Sequential net) => ((Conv2d)net.named_children().First().module).weight;

    private static void Save(Module net, string path)
    {
        if (path.EndsWith(".pth", StringComparison.Ordinal))
        {
            net.save_py(path);
        }
        else
        {
            net.save_safetensors(path);
        }
    }

    private static void Load(Module net, string path)
    {
        if (path.EndsWith(".pth", StringComparison.Ordinal))
        {
            net.load_py(path);
        }
        else
        {
            net.load_safetensors(path);
        }
    }
}
