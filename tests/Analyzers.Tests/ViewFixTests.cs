using ChannelGen.Analyzers.Flow;
using ChannelGen.Analyzers.Rules;
using ChannelGen.CodeFixes;

namespace ChannelGen.Analyzers.Tests;

/// <summary>
/// The first fix of CG0001, which gives the gray image to a view of the network: programs whose text is compared, and which are
/// run before and after.
/// </summary>
public class ViewFixTests
{
    /// <summary>A program around statements that use a gray image x, [2, 1, 16, 16], a color one, and fill the list of numbers.</summary>
    private static string Program(string statements, string members = "") =>
        $$"""
            using System;
            using System.Collections.Generic;
            using System.Linq;
            using ChannelGen;
            using TorchSharp;
            using TorchSharp.Modules;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public class Net : Module<Tensor, Tensor>
            {
                public readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Net() : base("net") => RegisterComponents();

                public override Tensor forward(Tensor image) => conv1.call(image);

                public Tensor Run(Tensor image) => call(image);
            }

            public class Pair : Module<Tensor, Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Pair() : base("pair") => RegisterComponents();

                public override Tensor forward(Tensor image, Tensor age) => conv1.call(image) * age;
            }

            public class Late : Module<Tensor, Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Late() : base("late") => RegisterComponents();

                public override Tensor forward(Tensor age, Tensor picture) => conv1.call(picture) * age;
            }

            public class Twins : Module<Tensor, Tensor, Tensor>
            {
                private readonly Conv2d conv1 = Conv2d(3, 4, 3, padding: 1);

                public Twins() : base("twins") => RegisterComponents();

                public override Tensor forward(Tensor left, Tensor right) => conv1.call(left) - conv1.call(right);
            }

            public static class Program
            {
                {{(members.Length == 0 ? "" : members.Replace("\n", "\n    ") + "\n\n    ")}}public static double[] Numbers()
                {
                    manual_seed(7);
                    var numbers = new List<double>();
                    var net = new Net();
                    var x = rand(2, 1, 16, 16);
                    var color = rand(2, 3, 16, 16);
                    {{statements.Replace("\n", "\n        ")}}
                    return numbers.ToArray();
                }

                private static double Sum(Tensor t) => t.to(ScalarType.Float64).square().sum().item<double>();
            }
            """.Replace("\r", "");

    /// <summary>Statements, and what becomes of them.</summary>
    public static TheoryData<string, string> Statements =>
        new()
        {
            // Directly.
            {
                "numbers.Add(Sum(net.forward({|CG0001:torch.cat(new[] { x, x, x }, 1)|})));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            { "numbers.Add(Sum(net.call({|CG0001:x.repeat(1, 3, 1, 1)|})));", "numbers.Add(Sum(net.AsGrayscale().call(x)));" },
            { "numbers.Add(Sum(net.forward({|CG0001:x.expand(-1, 3, -1, -1)|})));", "numbers.Add(Sum(net.AsGrayscale().forward(x)));" },
            { "numbers.Add(Sum(net.forward({|CG0001:x.expand(2, 3, 16, 16)|})));", "numbers.Add(Sum(net.AsGrayscale().forward(x)));" },
            {
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.forward({|CG0001:torch.stack([flat, flat, flat], 1)|})));",
                "var flat = rand(2, 16, 16);\nnumbers.Add(Sum(net.AsGrayscale().forward(flat.unsqueeze(1))));"
            },
            {
                "Tensor[] parts = { x, x, x };\nnumbers.Add(Sum(net.forward({|CG0001:torch.cat(parts, 1)|})));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "numbers.Add(Sum(net.forward(/* gray */ {|CG0001:torch.cat([x, x, x], 1)|} /* three times */)));",
                "numbers.Add(Sum(net.AsGrayscale().forward(/* gray */ x /* three times */)));"
            },
            {
                "numbers.Add(Sum(net\n    .forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "numbers.Add(Sum(net.AsGrayscale()\n    .forward(x)));"
            },
            // Through moves and what treats all channels alike.
            {
                "numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}.to(torch.CPU))));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x.to(torch.CPU))));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|}.cpu().contiguous().clone().detach().alias()"
                    + ".to(ScalarType.Float32))));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x.cpu().contiguous().clone().detach().alias().to(ScalarType.Float32))));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:(x / 2).repeat(1, 3, 1, 1)|} * 2 - 1)));",
                "numbers.Add(Sum(net.AsGrayscale().forward((x / 2) * 2 - 1)));"
            },
            {
                "numbers.Add(Sum(net.forward({|CG0001:(x / 2).repeat(1, 3, 1, 1)|}.to(torch.CPU))));",
                "numbers.Add(Sum(net.AsGrayscale().forward((x / 2).to(torch.CPU))));"
            },
            {
                "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|};\nrgb = functional.interpolate(rgb, new long[] { 8, 8 });\nrgb /= 2;\n"
                    + "numbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x;\nrgb = functional.interpolate(rgb, new long[] { 8, 8 });\nrgb /= 2;\n"
                    + "numbers.Add(Sum(net.AsGrayscale().forward(rgb)));"
            },
            {
                "var one = rand(1, 16, 16);\nnumbers.Add(Sum(net.forward({|CG0001:one.repeat(3, 1, 1)|}.unsqueeze(0))));",
                "var one = rand(1, 16, 16);\nnumbers.Add(Sum(net.AsGrayscale().forward(one.unsqueeze(0))));"
            },
            // Through a local.
            {
                "// once for each channel\nvar rgb = {|CG0001:torch.cat(new[] { x, x, x }, 1)|};\n"
                    + "numbers.Add(Sum(net.forward(rgb))); // the answer",
                "// once for each channel\nnumbers.Add(Sum(net.AsGrayscale().forward(x))); // the answer"
            },
            {
                "Tensor[] parts = { x, x, x };\nvar rgb = {|CG0001:torch.cat(parts, 1)|};\nnumbers.Add(Sum(net.forward(rgb)));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "var rgb = {|CG0001:(x / 2).repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x / 2;\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));"
            },
            {
                "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}.to(torch.CPU);\nnumbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x.to(torch.CPU);\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));"
            },
            {
                "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nx = x * 2;\nnumbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x;\nx = x * 2;\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));"
            },
            {
                "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nfor (int i = 0; i < 2; i++)\n{\n    var y = net.forward(rgb);\n"
                    + "    numbers.Add(Sum(y));\n    y.Dispose();\n}",
                "for (int i = 0; i < 2; i++)\n{\n    var y = net.AsGrayscale().forward(x);\n    numbers.Add(Sum(y));\n    y.Dispose();\n}"
            },
            {
                "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\n"
                    + "numbers.Add(Sum(new Net().call(rgb)));\nnumbers.Add(rgb.shape[0]);",
                "var rgb = x;\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));\nnumbers.Add(Sum(new Net().AsGrayscale().call(rgb)));\n"
                    + "numbers.Add(rgb.shape[0]);"
            },
            {
                "using var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\nnumbers.Add(Sum(x));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));\nnumbers.Add(Sum(x));"
            },
            {
                "using (var rgb = {|CG0001:torch.cat([x, x, x], 1)|})\n{\n    numbers.Add(Sum(net.forward(rgb)));\n}\nnumbers.Add(Sum(x));",
                "using (var rgb = x.alias())\n{\n    numbers.Add(Sum(net.AsGrayscale().forward(rgb)));\n}\nnumbers.Add(Sum(x));"
            },
            {
                "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\nrgb.Dispose();\nnumbers.Add(Sum(x));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));\nnumbers.Add(Sum(x));"
            },
            // Reassigned.
            { "x = {|CG0001:x.repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.call(x)));", "numbers.Add(Sum(net.AsGrayscale().call(x)));" },
            {
                "x = {|CG0001:x.repeat(1, 3, 1, 1)|}.to(torch.CPU);\nnumbers.Add(Sum(net.call(x)));",
                "x = x.to(torch.CPU);\nnumbers.Add(Sum(net.AsGrayscale().call(x)));"
            },
            {
                "Tensor input;\ninput = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.call(input)));",
                "Tensor input;\ninput = x;\nnumbers.Add(Sum(net.AsGrayscale().call(input)));"
            },
            {
                "for (int i = 0; i < 2; i++)\n{\n    var image = rand(1, 1, 8, 8);\n    image = {|CG0001:image.repeat(1, 3, 1, 1)|};\n"
                    + "    numbers.Add(Sum(net.call(image)));\n}",
                "for (int i = 0; i < 2; i++)\n{\n    var image = rand(1, 1, 8, 8);\n    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            // Guards.
            {
                "foreach (var image in new[] { x, color })\n{\n    numbers.Add(Sum(net.call(image.shape[1] == 1 ? "
                    + "{|CG0001:image.repeat(1, 3, 1, 1)|} : image)));\n}",
                "foreach (var image in new[] { x, color })\n{\n    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            {
                "foreach (var image in new[] { x, color })\n{\n    numbers.Add(Sum(net.call(image.shape[1] switch { 1 => "
                    + "{|CG0001:image.repeat(1, 3, 1, 1)|}, _ => image })));\n}",
                "foreach (var image in new[] { x, color })\n{\n    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            {
                "foreach (var each in new[] { x, color })\n{\n    var image = each;\n"
                    + "    if (image.shape[1] == 1) image = {|CG0001:image.repeat(1, 3, 1, 1)|};\n"
                    + "    numbers.Add(Sum(net.call(image)));\n}",
                "foreach (var each in new[] { x, color })\n{\n    var image = each;\n"
                    + "    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            {
                "foreach (var each in new[] { x, color })\n{\n    var image = each;\n    bool isGray = image.size(1) == 1;\n"
                    + "    if (isGray)\n    {\n        image = {|CG0001:torch.cat([image, image, image], 1)|};\n    }\n\n"
                    + "    image = image / 2;\n    numbers.Add(Sum(net.call(image)));\n}",
                "foreach (var each in new[] { x, color })\n{\n    var image = each;\n\n    image = image / 2;\n"
                    + "    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            {
                "foreach (var gray in new[] { true, false })\n{\n    numbers.Add(Sum(net.call(gray ? {|CG0001:x.expand(-1, 3, -1, "
                    + "-1)|} : color)));\n}",
                "foreach (var gray in new[] { true, false })\n{\n    numbers.Add(Sum(net.AsGrayscale().call(gray ? x : color)));\n}"
            },
            {
                "foreach (var gray in new[] { true, false })\n{\n    Tensor image = color;\n"
                    + "    if (gray) image = {|CG0001:torch.cat([x, x, x], 1)|};\n    numbers.Add(Sum(net.call(image)));\n}",
                "foreach (var gray in new[] { true, false })\n{\n    Tensor image = color;\n    if (gray) image = x;\n"
                    + "    numbers.Add(Sum(net.AsGrayscale().call(image)));\n}"
            },
            {
                "if (x.shape is [_, 1, ..]) numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));",
                "if (x.shape is [_, 1, ..]) numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            // Any receiver.
            {
                "var nets = new List<Net> { net };\nnumbers.Add(Sum(nets[0].forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "var nets = new List<Net> { net };\nnumbers.Add(Sum(nets[0].AsGrayscale().forward(x)));"
            },
            {
                "int made = 0;\nNet Make() { made++; return net; }\nnumbers.Add(Sum(Make().forward({|CG0001:torch.cat([x, x, x], "
                    + "1)|})));\nnumbers.Add(made);",
                "int made = 0;\nNet Make() { made++; return net; }\nnumbers.Add(Sum(Make().AsGrayscale().forward(x)));\nnumbers.Add(made);"
            },
            { "numbers.Add(Sum(net!.forward({|CG0001:torch.cat([x, x, x], 1)|})));", "numbers.Add(Sum(net!.AsGrayscale().forward(x)));" },
            {
                "Module<Tensor, Tensor> any = net;\nnumbers.Add(Sum(any.call({|CG0001:torch.cat([x, x, x], 1)|})));",
                "Module<Tensor, Tensor> any = net;\nnumbers.Add(Sum(any.AsGrayscale().call(x)));"
            },
            {
                "var model = Sequential(Conv2d(3, 4, 3), ReLU());\nnumbers.Add(Sum(model.call({|CG0001:torch.cat([x, x, x], 1)|})));",
                "var model = Sequential(Conv2d(3, 4, 3), ReLU());\nnumbers.Add(Sum(model.AsGrayscale().call(x)));"
            },
            {
                "numbers.Add(Sum(net.conv1.call({|CG0001:torch.cat([x, x, x], 1)|})));",
                "numbers.Add(Sum(net.conv1.AsGrayscale().call(x)));"
            },
            {
                "Func<Tensor, Tensor> run = t => net.call({|CG0001:t.repeat(1, 3, 1, 1)|});\nnumbers.Add(Sum(run(x)));",
                "Func<Tensor, Tensor> run = t => net.AsGrayscale().call(t);\nnumbers.Add(Sum(run(x)));"
            },
            {
                "var gray = net.ToGrayscale();\nnumbers.Add(Sum(gray.forward(x)));",
                "var gray = net.ToGrayscale();\nnumbers.Add(Sum(gray.forward(x)));"
            },
            {
                "var view = net.AsGrayscale();\nnumbers.Add(Sum(view.forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "var view = net.AsGrayscale();\nnumbers.Add(Sum(view.forward(x)));"
            },
            // One stack in another.
            {
                "var one = Conv2d(3, 1, 3);\nnumbers.Add(Sum(net.forward({|CG0001:one.call({|CG0001:x.repeat(1, 3, 1, 1)|}).repeat(1, "
                    + "3, 1, 1)|})));",
                "var one = Conv2d(3, 1, 3);\nnumbers.Add(Sum(net.AsGrayscale().forward(one.AsGrayscale().call(x))));"
            },
            {
                "var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\n"
                    + "rgb = {|CG0001:torch.cat([x, x, x], 1)|} / 2;\nnumbers.Add(Sum(net.forward(rgb)));",
                "var rgb = x;\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));\nrgb = x / 2;\n"
                    + "numbers.Add(Sum(net.AsGrayscale().forward(rgb)));"
            },
            // Several inputs, named arguments.
            {
                "numbers.Add(Sum(net.forward(image: {|CG0001:torch.cat([x, x, x], 1)|})));",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "var age = rand(1);\nnumbers.Add(Sum(new Pair().forward(age: age, image: {|CG0001:torch.cat([x, x, x], 1)|})));",
                "var age = rand(1);\nnumbers.Add(Sum(new Pair().AsGrayscale().forward(x, age)));"
            },
            {
                "var age = rand(1);\nnumbers.Add(Sum(new Late().call(age, {|CG0001:torch.cat([x, x, x], 1)|})));",
                "var age = rand(1);\nnumbers.Add(Sum(new Late().AsGrayscale(image: \"picture\").call(age, x)));"
            },
            {
                "numbers.Add(Sum(new Twins().call({|CG0001:torch.cat([x, x, x], 1)|}, {|CG0001:(x / 2).repeat(1, 3, 1, 1)|})));",
                "numbers.Add(Sum(new Twins().AsGrayscale(image: \"left, right\").call(x, x / 2)));"
            },
            {
                "numbers.Add(Sum(new Twins().call({|CG0001:torch.cat([x, x, x], 1)|}, color)));",
                "numbers.Add(Sum(new Twins().AsGrayscale().call(x, color)));"
            },
            {
                "var age = rand(1);\nnumbers.Add(Sum(new Late().forward(picture: {|CG0001:torch.cat([x, x, x], 1)|}, age: age)));",
                "var age = rand(1);\nnumbers.Add(Sum(new Late().AsGrayscale(image: \"picture\").forward(age, x)));"
            },
        };

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task The_gray_image_goes_to_a_view_and_the_numbers_stay(string before, string after)
    {
        if (before != after)
        {
            await VerifyFix.Of<StackingAnalyzer, StackingFix>(Program(before), Program(after), StackingFix.ViewKey);
        }

        VerifyFix.AssertSameNumbers(Program(before), Program(after));
    }

    /// <summary>Programs whose network others hold, which a conversion in place would break: faults A.</summary>
    public static TheoryData<string> Held =>
        new()
        {
            "var optimizer = torch.optim.Adam(net.parameters(), 0.01);\nfor (int i = 0; i < 3; i++)\n{\n    optimizer.zero_grad();\n"
                + "    var loss = net.forward(CALL).square().mean();\n    loss.backward();\n    optimizer.step();\n"
                + "    numbers.Add(loss.item<float>());\n}",
            "var optimizer = torch.optim.RMSProp(net.parameters(), 0.01);\nfor (int i = 0; i < 3; i++)\n{\n    optimizer.zero_grad();\n"
                + "    var loss = net.call(CALL).square().mean();\n    loss.backward();\n    optimizer.step();\n"
                + "    numbers.Add(loss.item<float>());\n}",
            "var optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum: 0.9, weight_decay: 0.01);\nfor (int i = 0; i < 4; i++)\n"
                + "{\n    optimizer.zero_grad();\n    var loss = net.forward(CALL).square().mean();\n    loss.backward();\n"
                + "    optimizer.step();\n    numbers.Add(loss.item<float>());\n}",
            "var optimizer = torch.optim.AdamW(net.parameters(), 0.01, weight_decay: 0.1);\nfor (int i = 0; i < 3; i++)\n{\n"
                + "    optimizer.zero_grad();\n    var loss = net.forward(CALL).square().mean();\n    loss.backward();\n"
                + "    optimizer.step();\n    numbers.Add(loss.item<float>());\n}",
            "var optimizer = torch.optim.Adagrad(net.parameters(), 0.05);\nfor (int i = 0; i < 3; i++)\n{\n    optimizer.zero_grad();\n"
                + "    var loss = net.forward(CALL).square().mean();\n    loss.backward();\n    optimizer.step();\n"
                + "    numbers.Add(loss.item<float>());\n}",
            "var services = new Dictionary<Type, object> { [typeof(Net)] = net };\nnumbers.Add(Sum(net.forward(CALL)));\n"
                + "numbers.Add(Sum(((Net)services[typeof(Net)]).forward(color)));",
            "var holder = (Network: net, Name: \"a\");\nnumbers.Add(Sum(holder.Network.forward(CALL)));\n"
                + "numbers.Add(Sum(net.forward(color)));",
            "var copy = new Net();\nforeach (var (mine, theirs) in copy.parameters().Zip(net.parameters()))\n{\n"
                + "    using (no_grad()) mine.mul_(0.9).add_(theirs, alpha: 0.1);\n}\nnumbers.Add(Sum(net.forward(CALL)));\n"
                + "foreach (var (mine, theirs) in copy.parameters().Zip(net.parameters())) numbers.Add(Sum(mine - theirs));",
            "var penalty = net.parameters().Select(p => p.square().sum()).Aggregate((a, b) => a + b);\n"
                + "numbers.Add((net.forward(CALL).mean() + penalty).item<float>());\nnumbers.Add(net.parameters().Sum(p => p.numel()));",
            "numbers.Add(Sum(net.forward(CALL)));\nvar path = System.IO.Path.GetTempFileName();\nnet.save(path);\n"
                + "var other = new Net();\nother.load(path);\nSystem.IO.File.Delete(path);\nnumbers.Add(Sum(other.forward(color)));",
            "net.register_forward_pre_hook((_, image) => image - tensor(new[] { 0.5f, 0.4f, 0.3f }).view(1, 3, 1, 1));\n"
                + "numbers.Add(Sum(net.call(CALL)));",
            "var held = new Dictionary<string, Net> { [\"a\"] = net };\nnumbers.Add(Sum(held[\"a\"].forward(CALL)));\n"
                + "numbers.Add(Sum(net.forward(color)));",
            "Func<Tensor, Tensor> run = t => net.forward(t);\nnumbers.Add(Sum(net.forward(CALL)));\nnumbers.Add(Sum(run(color)));",
            "numbers.Add(Sum(net.forward(CALL)));\nnumbers.Add(Sum(net.forward(color)));\nnumbers.Add(Sum(net.forward(color.flip(1))));",
            "var writing = Sequential(ReLU(inplace: true), Conv2d(3, 4, 3));\nx = x - 0.5;\nnumbers.Add(Sum(writing.call(CALL)));\n"
                + "numbers.Add(Sum(x));",
            "var writing = Sequential(Conv2d(3, 4, 3), ReLU(inplace: true), BatchNorm2d(4));\nwriting.train();\n"
                + "numbers.Add(Sum(writing.call(CALL)));\nnumbers.AddRange(writing.state_dict().Select(pair => Sum(pair.Value)));",
        };

    [Theory]
    [MemberData(nameof(Held))]
    public async Task Who_else_holds_the_network_does_not_matter(string statements)
    {
        foreach (string stack in (string[])["torch.cat(new[] { x, x, x }, 1)", "x.repeat(1, 3, 1, 1)"])
        {
            string before = Program(statements.Replace("CALL", $"{{|CG0001:{stack}|}}"));
            string after = Program(
                statements.Replace(".forward(CALL)", ".AsGrayscale().forward(x)").Replace(".call(CALL)", ".AsGrayscale().call(x)")
            );
            await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after, StackingFix.ViewKey);
            VerifyFix.AssertSameNumbers(before, after);
            await VerifyFix.None<StackingAnalyzer, StackingFix>(before, StackingFix.ConvertKey);
        }
    }

    /// <summary>Another part of the class, in a file of its own, uses the network in color: faults A.</summary>
    [Fact]
    public async Task Another_part_of_the_class_may_use_the_network_in_color()
    {
        const string Gray = """
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;

            public partial class Reader
            {
                private readonly Module<Tensor, Tensor> net = Sequential(Conv2d(3, 8, 3));

                public Tensor Gray(Tensor x) => net.forward(STACK);
            }
            """;
        const string Color = """
            using static TorchSharp.torch;

            public partial class Reader
            {
                public Tensor Color(Tensor image) => net.forward(image);
            }
            """;
        string before = Gray.Replace("STACK", "{|CG0001:cat([x, x, x], 1)|}", StringComparison.Ordinal);
        string after = "using ChannelGen;\n" + Gray.Replace("net.forward(STACK)", "net.AsGrayscale().forward(x)", StringComparison.Ordinal);
        await VerifyFix.OfAll<StackingAnalyzer, StackingFix>([before, Color], [after, Color], StackingFix.ViewKey);
        await VerifyFix.OfAll<StackingAnalyzer, StackingFix>([before, Color], [before, Color], StackingFix.ConvertKey);
    }

    /// <summary>Members and statements, and what becomes of them.</summary>
    public static TheoryData<string, string, string, string> Members =>
        new()
        {
            {
                "private static Tensor ToRgb(Tensor g) => {|CG0001:g.repeat(1, 3, 1, 1)|};",
                "numbers.Add(Sum(net.forward(ToRgb(x))));",
                "",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "private static Tensor ToRgb(Tensor g)\n{\n    return {|CG0001:torch.cat(new[] { g, g, g }, 1)|};\n}",
                "var rgb = ToRgb(x / 2);\nnumbers.Add(Sum(net.forward(rgb)));\nnumbers.Add(Sum(net.call(ToRgb(x).to(CPU))));",
                "",
                "var rgb = x / 2;\nnumbers.Add(Sum(net.AsGrayscale().forward(rgb)));\nnumbers.Add(Sum(net.AsGrayscale().call(x.to(CPU))));"
            },
            {
                "private static Tensor ToRgb(this Tensor g) => g.shape[1] == 1 ? {|CG0001:g.repeat(1, 3, 1, 1)|} : g;",
                "numbers.Add(Sum(net.forward(x.ToRgb())));\nnumbers.Add(Sum(net.forward(Program.ToRgb(color))));",
                "",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));\nnumbers.Add(Sum(net.AsGrayscale().forward(color)));"
            },
            {
                "private static Tensor ToRgb(Tensor g)\n{\n    if (g.shape[1] == 1)\n    {\n"
                    + "        g = {|CG0001:g.repeat(1, 3, 1, 1)|};\n    }\n\n    return g;\n}",
                "numbers.Add(Sum(net.forward(ToRgb(x))));",
                "",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "private static Tensor ToRgb(Tensor g, Device device) => {|CG0001:g.repeat(1, 3, 1, 1)|}.to(device);",
                "numbers.Add(Sum(net.forward(ToRgb(x, CPU))));",
                "private static Tensor ToRgb(Tensor g, Device device) => g.to(device);",
                "numbers.Add(Sum(net.AsGrayscale().forward(ToRgb(x, CPU))));"
            },
            {
                "",
                "numbers.Add(Sum(net.forward(ToRgb(x))));\nTensor ToRgb(Tensor g) => {|CG0001:g.expand(-1, 3, -1, -1)|};",
                "",
                "numbers.Add(Sum(net.AsGrayscale().forward(x)));"
            },
            {
                "private static Tensor Run(Net any, Tensor g) => any.forward({|CG0001:g.repeat(1, 3, 1, 1)|});",
                "numbers.Add(Sum(Run(net, x)));\nnumbers.Add(Sum(net.forward(color)));",
                "private static Tensor Run(Net any, Tensor g) => any.AsGrayscale().forward(g);",
                "numbers.Add(Sum(Run(net, x)));\nnumbers.Add(Sum(net.forward(color)));"
            },
            {
                "private static Tensor Run<TNet>(TNet any, Tensor g) where TNet : Module<Tensor, Tensor>\n{\n"
                    + "    g = {|CG0001:g.repeat(1, 3, 1, 1)|};\n    return any.call(g);\n}",
                "numbers.Add(Sum(Run(net, x)));",
                "private static Tensor Run<TNet>(TNet any, Tensor g) where TNet : Module<Tensor, Tensor>\n{\n"
                    + "    return any.AsGrayscale().call(g);\n}",
                "numbers.Add(Sum(Run(net, x)));"
            },
            {
                "public static Net Shared { get; } = new Net();",
                "numbers.Add(Sum(Shared.forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "public static Net Shared { get; } = new Net();",
                "numbers.Add(Sum(Shared.AsGrayscale().forward(x)));"
            },
            {
                "private static readonly Net Held = new Net();",
                "numbers.Add(Sum(Held.forward({|CG0001:torch.cat([x, x, x], 1)|})));",
                "private static readonly Net Held = new Net();",
                "numbers.Add(Sum(Held.AsGrayscale().forward(x)));"
            },
        };

    [Theory]
    [MemberData(nameof(Members))]
    public async Task Helpers_and_members_are_followed(string members, string before, string membersAfter, string after)
    {
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(Program(before, members), Program(after, membersAfter), StackingFix.ViewKey);
        VerifyFix.AssertSameNumbers(Program(before, members), Program(after, membersAfter));
    }

    [Theory]
    [InlineData(
        "public override Tensor forward(Tensor image) => body.call({|CG0001:cat([image, image, image], 1)|});",
        "public override Tensor forward(Tensor image) => body.AsGrayscale().call(image);"
    )]
    [InlineData(
        "public override Tensor forward(Tensor image)\n{\n    if (image.shape[1] == 1) image = {|CG0001:image.repeat(1, 3, 1, 1)|};\n"
            + "    return body.call(image);\n}",
        "public override Tensor forward(Tensor image)\n{\n    return body.AsGrayscale().call(image);\n}"
    )]
    [InlineData(
        "public override Tensor forward(Tensor image) => body.call(image);\n"
            + "public Tensor Predict(Tensor image) => this.call({|CG0001:image.repeat(1, 3, 1, 1)|});",
        "public override Tensor forward(Tensor image) => body.call(image);\n"
            + "public Tensor Predict(Tensor image) => this.AsGrayscale().call(image);"
    )]
    [InlineData(
        "public override Tensor forward(Tensor image) => body.call(image);\n"
            + "public Tensor Predict(Tensor image) => call({|CG0001:image.repeat(1, 3, 1, 1)|});",
        "public override Tensor forward(Tensor image) => body.call(image);\n"
            + "public Tensor Predict(Tensor image) => this.AsGrayscale().call(image);"
    )]
    public async Task In_a_networks_own_methods_too(string before, string after)
    {
        static string Source(string methods) =>
            $$"""
                using ChannelGen;
                using TorchSharp;
                using static TorchSharp.torch;
                using static TorchSharp.torch.nn;

                public class Net : Module<Tensor, Tensor>
                {
                    private readonly Module<Tensor, Tensor> body = Sequential(Conv2d(3, 8, 3));
                    public Net() : base("net") => RegisterComponents();
                    {{methods.Replace("\n", "\n    ")}}
                }

                public static class Program
                {
                    public static double[] Numbers()
                    {
                        manual_seed(7);
                        var net = new Net();
                        var x = rand(1, 1, 8, 8);
                        var y = {{(methods.Contains("Predict") ? "net.Predict(x)" : "net.call(x)")}};
                        return new[] { y.sum().item<float>(), (double)y[0, 0, 0, 0].item<float>() };
                    }
                }
                """;
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(Source(before), Source(after), StackingFix.ViewKey);
        VerifyFix.AssertSameNumbers(Source(before), Source(after));
    }

    [Theory]
    // Losses, activations and networks without convolutions.
    [InlineData("var loss = MSELoss();\nnumbers.Add(Sum(loss.forward({|CG0001:x.repeat(1, 3, 1, 1)|}, color)));")]
    [InlineData("Module<Tensor, Tensor, Tensor> loss = L1Loss();\nnumbers.Add(Sum(loss.forward({|CG0001:x.repeat(1, 3, 1, 1)|}, color)));")]
    [InlineData("var identity = Identity();\nnumbers.Add(Sum(identity.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("Module<Tensor, Tensor> act = ReLU();\nnumbers.Add(Sum(act.call({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("var flat = Sequential(Flatten(), Linear(768, 2));\nnumbers.Add(Sum(flat.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData(
        "var named = Sequential((\"a\", Flatten()), (\"b\", Linear(768, 2)));\n"
            + "numbers.Add(Sum(named.forward({|CG0001:torch.cat([x, x, x], 1)|})));"
    )]
    [InlineData("var norm = BatchNorm2d(3);\nnumbers.Add(Sum(norm.forward({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData("numbers.Add(Sum(new Head().forward({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData("numbers.Add(Sum(new OwnLoss().forward({|CG0001:torch.cat([x, x, x], 1)|}, color)));")]
    // What could change the numbers.
    [InlineData("x = rand(1, 16, 16);\nnumbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|})));")]
    [InlineData("numbers.Add(Sum(RunFlat(net, rand(1, 16, 16))));")]
    [InlineData("var flat = Load();\nnumbers.Add(Sum(net.forward({|CG0001:flat.repeat(1, 3, 1, 1)|})));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nx.Dispose();\nnumbers.Add(Sum(net.forward(rgb)));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nx.mul_(2);\nnumbers.Add(Sum(net.forward(rgb)));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nx[0] = color[0, 0];\nnumbers.Add(Sum(net.forward(rgb)));")]
    [InlineData("var other = x;\nvar rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nother.mul_(2);\nnumbers.Add(Sum(net.forward(rgb)));")]
    [InlineData(
        "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nvar part = x.view(2, 16, 16);\npart.zero_();\nnumbers.Add(Sum(net.forward(rgb)));"
    )]
    [InlineData(
        "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nfor (int i = 0; i < 2; i++)\n{\n    numbers.Add(Sum(net.forward(rgb)));\n"
            + "    x.mul_(2);\n}"
    )]
    [InlineData("var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}.to(CPU);\nx.mul_(2);\nnumbers.Add(Sum(net.forward(rgb)));")]
    [InlineData(
        "Tensor rgb;\nusing (var gray = rand(2, 1, 16, 16))\n{\n    rgb = {|CG0001:torch.cat([gray, gray, gray], 1)|};\n}\n"
            + "numbers.Add(Sum(net.forward(rgb)));"
    )]
    [InlineData(
        "Tensor rgb;\n{\n    using var gray = rand(2, 1, 16, 16);\n    rgb = {|CG0001:gray.repeat(1, 3, 1, 1)|};\n}\n"
            + "numbers.Add(Sum(net.forward(rgb)));"
    )]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0001:x.repeat(1, 3, 1, 1)|}.to(ScalarType.Float32, disposeAfter: true))));\nnumbers.Add(Sum(x));"
    )]
    [InlineData("x = {|CG0001:x.repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(x)));\nx.Dispose();")]
    [InlineData(
        "var parts = new[] { x, x, x };\nModules.Ops.Put(parts, color[.., 0..1]);\nnumbers.Add(Sum(net.forward(torch.cat(parts, 1))));"
    )]
    [InlineData(
        "var y = net.forward({|CG0001:torch.cat([x, x, x], 1)|});\nx.mul_(2);\ny.sum().backward();\n"
            + "numbers.Add(Sum(net.conv1.weight!.grad));"
    )]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}.requires_grad_())));")]
    // Used elsewhere too.
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\nnumbers.Add(Sum(rgb));")]
    [InlineData("var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nnumbers.Add(Sum(net.forward(rgb)));\nnumbers.Add(rgb.shape[1]);")]
    [InlineData("x = {|CG0001:x.repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(x)));\nnumbers.Add(Sum(x));")]
    [InlineData(
        "var rgb = {|CG0001:torch.cat([x, x, x], 1)|};\nFunc<Tensor> later = () => rgb;\nnumbers.Add(Sum(net.forward(rgb)));\n"
            + "numbers.Add(Sum(later()));"
    )]
    [InlineData("while (x.shape[1] == 1) { x = {|CG0001:x.repeat(1, 3, 1, 1)|}; }\nnumbers.Add(Sum(net.forward(x)));")]
    [InlineData("numbers.Add(Sum(net?.forward({|CG0001:torch.cat([x, x, x], 1)|})!));")]
    [InlineData(
        "numbers.Add(Sum(net.forward({|CG0004:{|CG0001:torch.cat([x, x, x], 1)|} * tensor(new[] { 1f, 2f, 3f }).view(1, 3, 1, 1)|})));"
    )]
    [InlineData("numbers.Add(Sum(net.forward({|CG0001:torch.cat([x, x, x], 1)|}.flip(1))));")]
    [InlineData("numbers.Add(Sum(net.Run({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData("Func<Tensor, Tensor> rgb = t => {|CG0001:t.repeat(1, 3, 1, 1)|};\nnumbers.Add(Sum(net.forward(rgb(x))));")]
    [InlineData("numbers.Add(Sum(jit.load<Tensor, Tensor>(\"net.pt\").forward({|CG0001:torch.cat([x, x, x], 1)|})));")]
    [InlineData(
        "using var script = jit.load<Tensor, Tensor>(\"net.pt\");\n" + "numbers.Add(Sum(script.call({|CG0001:x.repeat(1, 3, 1, 1)|})));"
    )]
    public Task Nothing_is_offered(string statements) =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            Program(
                statements,
                statements.Contains("RunFlat") ? RunFlat
                    : statements.Contains("Load()") ? Load
                    : ""
            ) + Others
        );

    private const string RunFlat = "private static Tensor RunFlat(Net any, Tensor g) => any.forward({|CG0001:g.repeat(1, 3, 1, 1)|});";

    private const string Load = "private static Tensor Load()\n{\n    var read = rand(1, 16, 16);\n    return read.clamp(0, 1);\n}";

    private const string Others = """


        public class Head : Module<Tensor, Tensor>
        {
            private readonly Module<Tensor, Tensor> layers = Sequential(Flatten(), Linear(768, 2));
            public Head() : base("head") => RegisterComponents();
            public override Tensor forward(Tensor x) => layers.call(x).relu();
        }

        public class OwnLoss : Loss<Tensor, Tensor, Tensor>
        {
            public OwnLoss() : base(Reduction.Mean) { }
            public override Tensor forward(Tensor x, Tensor y) => (x - y).abs().mean();
        }

        namespace Modules
        {
            public static class Ops
            {
                public static void Put(Tensor[] parts, Tensor y) => parts[1] = y;
            }
        }
        """;

    [Theory]
    [InlineData(2, "torch.cat(new[] { x, x }, 1)")]
    [InlineData(2, "x.repeat(1, 2, 1, 1)")]
    [InlineData(4, "x.expand(-1, 4, -1, -1)")]
    public async Task Another_number_of_copies_is_said_to_the_view(int copies, string stack)
    {
        string before = Program(
            $"var model = Sequential(Conv2d({copies}, 4, 3), ReLU());\nnumbers.Add(Sum(model.call({{|CG0001:{stack}|}})));"
        );
        string after = Program(
            $"var model = Sequential(Conv2d({copies}, 4, 3), ReLU());\nnumbers.Add(Sum(model.AsGrayscale(channels: {copies}).call(x)));"
        );
        const string Option = "dotnet_code_quality.CG0001.copies = 2, 3, 4";
        await VerifyFix.Of<StackingAnalyzer, StackingFix>(before, after, StackingFix.ViewKey, editorConfig: Option);
        VerifyFix.AssertSameNumbers(before, after);
    }

    [Fact]
    public Task A_helper_that_is_used_otherwise_stays() =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            Program(
                "numbers.Add(Sum(net.forward(ToRgb(x))));\nnumbers.Add(Sum(ToRgb(x)));",
                "private static Tensor ToRgb(Tensor g) => {|CG0001:g.repeat(1, 3, 1, 1)|};"
            )
        );

    [Fact]
    public Task A_helper_that_others_can_see_stays() =>
        VerifyFix.None<StackingAnalyzer, StackingFix>(
            Program("numbers.Add(Sum(net.forward(ToRgb(x))));", "public static Tensor ToRgb(Tensor g) => {|CG0001:g.repeat(1, 3, 1, 1)|};")
        );
}
