using ChannelGen.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Runtime.Tests;

/// <summary>Files that are written over keep their links and their mode.</summary>
public sealed class FileReplacementTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("channelgen").FullName;

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        string real = Path.Combine(folder, "real.dat");
        string link = Path.Combine(folder, "link.dat");
        string second = Path.Combine(folder, "second.dat");
        File.WriteAllText(real, "old");
        File.CreateSymbolicLink(link, "real.dat");
        File.CreateSymbolicLink(second, link);
        using Tensor value = ones(2);
        StateDictFile.Write(second, new Dictionary<string, Tensor> { ["a"] = value });
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.NotNull(new FileInfo(second).LinkTarget);
        Assert.Equal(["a"], StateDictFile.Read(real).Keys);
        Assert.Equal(3, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void A_link_that_leads_nowhere_yet_makes_the_file_there()
    {
        string link = Path.Combine(folder, "link.dat");
        File.CreateSymbolicLink(link, Path.Combine(folder, "later.dat"));
        using Tensor value = ones(2);
        StateDictFile.Write(link, new Dictionary<string, Tensor> { ["a"] = value });
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Equal(["a"], StateDictFile.Read(Path.Combine(folder, "later.dat")).Keys);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    public void The_mode_of_the_file_is_kept(UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string path = Path.Combine(folder, "private.dat");
        File.WriteAllText(path, "old");
        File.SetUnixFileMode(path, mode);
        using Tensor value = ones(2);
        StateDictFile.Write(path, new Dictionary<string, Tensor> { ["a"] = value });
        Assert.Equal(mode, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_save_of_a_wrapper_that_fails_leaves_the_file_as_it_was()
    {
        string path = Path.Combine(folder, "gray.dat");
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> gray = net.ToGrayscale();
        gray.save(path, skip: ["fc.bias"]);
        byte[] before = File.ReadAllBytes(path);
        Assert.DoesNotContain("fc.bias", StateDictFile.Read(path).Keys);
        Assert.Equal(gray.state_dict().Count - 1, StateDictFile.Read(path).Count);
        net.register_buffer("empty", zeros(2, device: new Device(DeviceType.META)));
        Assert.ThrowsAny<Exception>(() => gray.save(path));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
