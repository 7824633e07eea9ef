using System.Reflection;
using Microsoft.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Generator.Tests;

/// <summary>Each shape compiled, loaded and run against stacking.</summary>
public class ExecutionTests
{
    private static readonly object?[] ViewDefaults = [null, null, MemoryLayout.Contiguous, false];

    public static TheoryData<string, string, int> Networks =>
        new()
        {
            { "TopLevel", "Lesions.LesionNet", 0 },
            { "Named", "Lesions.NamedNet", 0 },
            { "FromForward", "Lesions.Net", 0 },
            { "Factory", "Lesions.FactoryNet", 0 },
            { "Nested", "Lesions.Deep.Outer`1+Middle+Inner+Innermost+Net", 1 },
            { "Generic", "Lesions.GenericNet`2", 2 },
            { "Global", "GlobalNet", 0 },
            { "Keyword", "namespace.class.event", 0 },
            { "Inherited", "Lesions.DerivedNet", 0 },
            { "Partial", "Lesions.SplitNet", 0 },
            { "SameName", "Second.Net", 0 },
        };

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_wrapper_gives_for_one_channel_what_the_network_gave_for_three(string shape, string typeName, int typeArguments)
    {
        manual_seed(11);
        Type type = Type(Load(shape), typeName, typeArguments);
        dynamic network = Activator.CreateInstance(type, nonPublic: true)!;
        var module = (nn.Module<Tensor, Tensor>)network;
        using Tensor gray = rand(2, 1, 12, 12);
        using Tensor expected = module.forward(cat([gray, gray, gray], 1));
        object wrapper = type.GetMethod("ToGrayscale")!.Invoke(module, [null])!;
        Assert.Equal("Grayscale" + type.Name.Split('`')[0], wrapper.GetType().Name.Split('`')[0]);
        var converted = (GrayscaleModule<Tensor, Tensor>)wrapper;
        using Tensor found = converted.forward(gray);
        Assert.True((expected - found).abs().max().item<float>() < 1e-5);
        Assert.Same(wrapper, type.GetMethod("ToGrayscale")!.Invoke(module, [null]));
        Assert.Same(
            module,
            wrapper
                .GetType()
                .GetProperty("Network", BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)!
                .GetValue(wrapper)
        );
        Assert.Throws<ArgumentException>(() => converted.forward(zeros(1, 3, 12, 12)));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void The_typed_view_gives_for_one_channel_what_the_network_gives_for_three_and_changes_nothing(
        string shape,
        string typeName,
        int typeArguments
    )
    {
        manual_seed(12);
        Type type = Type(Load(shape), typeName, typeArguments);
        var module = (nn.Module<Tensor, Tensor>)Activator.CreateInstance(type, nonPublic: true)!;
        var view = (GrayscaleView<Tensor, Tensor>)type.GetMethod("AsGrayscale")!.Invoke(module, ViewDefaults)!;
        Assert.Equal(type.Name.Split('`')[0] + "GrayscaleView", view.GetType().Name.Split('`')[0]);
        using Tensor gray = rand(2, 1, 12, 12);
        for (int run = 0; run < 2; run++)
        {
            using Tensor expected = module.forward(cat([gray, gray, gray], 1));
            using Tensor found = view.forward(gray);
            Assert.True((expected - found).abs().max().item<float>() < 1e-5);
        }

        Assert.Same(view, type.GetMethod("AsGrayscale")!.Invoke(module, ViewDefaults));
        Assert.Same(
            module,
            view.GetType().GetProperty("Network", BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)!.GetValue(view)
        );
        Assert.Throws<ArgumentException>(() => view.forward(zeros(1, 2, 12, 12)));
    }

    [Fact]
    public void The_typed_view_of_several_inputs_knows_which_is_the_image()
    {
        Type type = Type(Load("SeveralInputs"), "Lesions.MaskedNet", 0);
        var network = (nn.Module<Tensor, int, Tensor, (Tensor, Tensor?)>)Activator.CreateInstance(type)!;
        using Tensor gray = rand(1, 1, 8, 8);
        using Tensor prior = rand(3);
        var view = (nn.Module<Tensor, int, Tensor, (Tensor, Tensor?)>)type.GetMethod("AsGrayscale")!.Invoke(network, ViewDefaults)!;
        (Tensor expected, _) = network.forward(prior, 2, cat([gray, gray, gray], 1));
        (Tensor found, Tensor? same) = view.call(prior, 2, gray);
        Assert.True((expected - found).abs().max().item<float>() < 1e-5);
        Assert.Same(prior, same);
    }

    [Fact]
    public void A_natively_gray_class_has_no_view() =>
        Assert.Null(Type(Load("NativelyGray"), "Lesions.GrayNet", 0).GetMethod("AsGrayscale"));

    [Fact]
    public void Several_inputs_keep_all_but_the_image()
    {
        Type type = Type(Load("SeveralInputs"), "Lesions.MaskedNet", 0);
        var network = (nn.Module<Tensor, int, Tensor, (Tensor, Tensor?)>)Activator.CreateInstance(type)!;
        using Tensor gray = rand(1, 1, 8, 8);
        using Tensor prior = rand(3);
        (Tensor expected, _) = network.forward(prior, 2, cat([gray, gray, gray], 1));
        var wrapper = (nn.Module<Tensor, int, Tensor, (Tensor, Tensor?)>)type.GetMethod("ToGrayscale")!.Invoke(network, [null])!;
        (Tensor found, Tensor? same) = wrapper.call(prior, 2, gray);
        Assert.True((expected - found).abs().max().item<float>() < 1e-5);
        Assert.Same(prior, same);
        Assert.Throws<ArgumentException>(() => wrapper.forward(prior, 2, zeros(1, 3, 8, 8)));
    }

    [Fact]
    public void Six_inputs_too()
    {
        Type type = Type(Load("SixInputs"), "Lesions.SixNet", 0);
        var network = (nn.Module<int, Tensor, Tensor, string, double, bool, Tensor>)Activator.CreateInstance(type)!;
        using Tensor gray = rand(1, 1, 8, 8);
        using Tensor expected = network.forward(1, cat([gray, gray, gray], 1), gray, "", 0, true);
        var wrapper = (nn.Module<int, Tensor, Tensor, string, double, bool, Tensor>)type.GetMethod("ToGrayscale")!.Invoke(network, [null])!;
        using Tensor found = wrapper.call(1, gray, gray, "", 0, true);
        Assert.True((expected - found).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void A_natively_gray_class_gets_a_color_wrapper()
    {
        Type type = Type(Load("NativelyGray"), "Lesions.GrayNet", 0);
        var network = (nn.Module<Tensor, Tensor>)Activator.CreateInstance(type)!;
        using Tensor color = rand(1, 3, 8, 8);
        using Tensor luma = (color.narrow(1, 0, 1) * 0.299) + (color.narrow(1, 1, 1) * 0.587) + (color.narrow(1, 2, 1) * 0.114);
        using Tensor expected = network.forward(luma);
        object wrapper = type.GetMethod("ToColor")!.Invoke(network, [LumaCoefficients.Bt601, null])!;
        Assert.Equal("ColorGrayNet", wrapper.GetType().Name);
        using Tensor found = ((ColorModule<Tensor, Tensor>)wrapper).forward(color);
        Assert.True((expected - found).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void The_assembly_form_serves_every_torchvision_network()
    {
        string source =
            Generation.Usings
            + """
                [assembly: GrayscaleInput(typeof(AlexNet), "features.0")]
                [assembly: GrayscaleInput(typeof(GoogleNet), "conv1.conv")]
                [assembly: GrayscaleInput(typeof(InceptionV3), "Conv2d_1a_3x3.conv")]
                [assembly: GrayscaleInput(typeof(MobileNetV2))]
                [assembly: GrayscaleInput(typeof(MobileNetV3), "features.0.0")]
                [assembly: GrayscaleInput(typeof(ResNet), "conv1")]
                [assembly: GrayscaleInput(typeof(VGG), "features.0")]

                public static class Program
                {
                    public static string Run(ResNet network, Tensor gray)
                    {
                        ResNetGrayscaleView view = network.AsGrayscale();
                        var stacked = torch.cat(new[] { gray, gray, gray }, 1);
                        float largest = (view.forward(gray) - network.forward(stacked)).abs().max().item<float>();
                        var wrapper = network.ToGrayscale();
                        string types = view.Network.GetType().Name + " " + wrapper.GetType().Name + " " + wrapper.Network.GetType().Name;
                        return (largest < 1e-4) + " " + types + " " + string.Join(",", wrapper.forward(gray).shape);
                    }
                }
                """;
        Compilation output = Generation.Run(Generation.Compile(source), out GeneratorRunResult result);
        Generation.AssertClean(output);
        Assert.Equal(7, result.GeneratedSources.Length);
        Assembly assembly = Generation.Load(output);
        using var network = torchvision.models.resnet18();
        network.eval();
        using Tensor gray = rand(1, 1, 64, 64);
        Assert.Equal(
            "True ResNet GrayscaleResNet ResNet 1,1000",
            assembly.GetType("Program")!.GetMethod("Run")!.Invoke(null, [network, gray])
        );
    }

    private static Assembly Load(string shape) => Generation.Load(Generation.Run(Generation.Compile(BaselineTests.Source(shape)), out _));

    private static Type Type(Assembly assembly, string name, int arguments)
    {
        Type type = assembly.GetType(name, throwOnError: true)!;
        return arguments switch
        {
            1 => type.MakeGenericType(typeof(string)),
            2 => type.MakeGenericType(typeof(TestActivation), typeof(int)),
            _ => type,
        };
    }
}

public sealed class TestActivation() : nn.Module<Tensor, Tensor>("activation")
{
    public override Tensor forward(Tensor input) => input.relu();
}
