using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Runtime.Tests;

/// <summary>The wrapper behaves as the network inside, but for the image.</summary>
public class WrapperTests
{
    public WrapperTests() => manual_seed(10);

    /// <summary>Each virtual member of Module, and how the wrapper's answer is compared with the network's.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Module, object?>> Members = new Dictionary<string, Func<Module, object?>>
    {
        ["apply"] = module =>
        {
            int visited = 0;
            module.apply(_ => visited++);
            return visited;
        },
        ["train"] = module =>
        {
            module.train(false);
            module.train();
            return module.training;
        },
        ["eval"] = module =>
        {
            module.eval();
            return module.modules().Select(inner => inner.training).ToArray();
        },
        ["get_training"] = module => module.training,
        ["zero_grad"] = module =>
        {
            module.zero_grad();
            return module.parameters().Count(parameter => parameter.grad is not null);
        },
        ["named_buffers"] = module => module.named_buffers().Select(named => named.name).ToArray(),
        ["buffers"] = module => module.buffers().Select(buffer => buffer.Handle).ToArray(),
        ["named_children"] = module => module.named_children().Select(named => named.name).ToArray(),
        ["named_modules"] = module => module.named_modules().Select(named => named.name).ToArray(),
        ["modules"] = module => module.modules().ToArray(),
        ["children"] = module => module.children().ToArray(),
        ["state_dict"] = module => module.state_dict(prefix: "p").Keys.Order().ToArray(),
        ["load_state_dict"] = module =>
            module.load_state_dict(module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone())).missing_keys.Count,
        ["named_parameters"] = module => module.named_parameters().Select(named => named.name).ToArray(),
        ["parameters"] = module => module.parameters().Select(parameter => parameter.Handle).ToArray(),
        ["has_buffer"] = module => (module.has_buffer("bn1.running_mean"), module.has_buffer("nothing")),
        ["has_parameter"] = module => (module.has_parameter("conv1.weight"), module.has_parameter("nothing")),
        ["get_buffer"] = module => module.get_buffer("bn1.running_mean")!.Handle,
        ["get_parameter"] = module => module.get_parameter("conv1.weight")!.Handle,
        ["register_buffer"] = module => Throws(() => module.register_buffer("b", zeros(1))),
        ["register_parameter"] = module => Throws(() => module.register_parameter("p", Parameter(zeros(1)))),
        ["register_module"] = module => Throws(() => module.register_module("m", ReLU())),
        ["GetName"] = module => module.GetName(),
        ["load"] = module =>
        {
            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
            {
                module.save(writer);
            }

            stream.Position = 0;
            return ReferenceEquals(module, module.load(stream));
        },
        ["_to"] = module =>
            (
                module.to(ScalarType.Float64) == module,
                module.to(CPU) == module,
                module.to(CPU, ScalarType.Float32) == module,
                module.parameters().First().dtype
            ),
    };

    public static TheoryData<string> MemberNames => [.. Members.Keys];

    [Theory]
    [MemberData(nameof(MemberNames))]
    public void Each_virtual_member_gives_what_the_networks_gives(string member)
    {
        // Registering twice fails on a network, so the two are asked on two networks.
        using var net = new PlainNet();
        using var other = new PlainNet();
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale();
        bool registers = member.StartsWith("register", StringComparison.Ordinal);
        object? expected = Members[member](registers ? other : wrapper.Network);
        Assert.Equal(expected, Members[member](wrapper));
    }

    [Fact]
    public void No_virtual_member_is_missing_from_the_table()
    {
        string[] all =
        [
            .. typeof(Module)
                .GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Where(method =>
                    method.IsVirtual
                    && !method.IsFinal
                    && method.DeclaringType == typeof(Module)
                    && (method.IsPublic || method.IsFamilyOrAssembly)
                )
                .Select(method => method.Name)
                .Distinct(),
        ];
        Assert.Empty(all.Except(Members.Keys).Except(["Finalize"]));
    }

    [Fact]
    public void Of_a_Sequential_which_keeps_its_own_lists_too()
    {
        using Sequential net = Sequential(("conv", Conv2d(3, 4, 3)), ("bn", BatchNorm2d(4)));
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale();
        Assert.Equal(net.state_dict().Keys, wrapper.state_dict().Keys);
        Assert.Equal(["conv", "bn"], wrapper.named_children().Select(named => named.name));
        wrapper.eval();
        Assert.False(net.modules().First().training);
    }

    [Fact]
    public void It_fits_in_a_Sequential()
    {
        using var net = new PlainNet();
        using Sequential whole = Sequential(("net", net.ToGrayscale()), ("softmax", Softmax(1)));
        Assert.Equal([2, 4], whole.forward(rand(2, 1, 16, 16)).shape);
        Assert.Contains("net.conv1.weight", whole.state_dict().Keys);
        Assert.Equal(net.parameters().Count(), whole.parameters().Count());
    }

    [Fact]
    public void Hooks_run_for_call_and_not_for_forward_wherever_they_hang()
    {
        using var net = new PlainNet();
        var log = new List<string>();
        net.register_forward_pre_hook(
            (module, input) =>
            {
                log.Add($"network before {ReferenceEquals(module, net)}");
                return input;
            }
        );
        net.register_forward_hook(
            (module, _, output) =>
            {
                log.Add($"network after {ReferenceEquals(module, net)}");
                return output * 2;
            }
        );
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale();
        wrapper.eval();
        var remover = wrapper.register_forward_hook(
            (_, _, output) =>
            {
                log.Add("wrapper after");
                return output;
            }
        );
        using Tensor image = rand(1, 1, 16, 16);
        using Tensor plain = wrapper.forward(image);
        Assert.Empty(log);
        using Tensor hooked = wrapper.call(image);
        Assert.Equal(["network before True", "network after True", "wrapper after"], log);
        Assert.True(Bounds.LargestDifference(plain * 2, hooked) < 1e-6);
        remover.remove();
        log.Clear();
        wrapper.call(image);
        Assert.Equal(2, log.Count);
    }

    [Fact]
    public void Disposing_it_disposes_the_network()
    {
        var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale();
        Parameter weight = net.Stem.weight;
        wrapper.Dispose();
        Assert.True(weight.IsInvalid);
        wrapper.Dispose();
    }

    [Fact]
    public void A_moved_network_keeps_its_conversion()
    {
        using var net = new PlainNet();
        GrayscaleModule<Tensor, Tensor> wrapper = net.ToGrayscale().to(ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, wrapper.forward(rand(1, 1, 16, 16, dtype: ScalarType.Float64)).dtype);
        Assert.Same(wrapper, net.ToGrayscale());
    }

    private static string? Throws(Action action)
    {
        action();
        return Record.Exception(action)?.GetType().Name;
    }
}
