using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0004: a stack that is normalized per channel.</summary>
public class NormalizedStackTests
{
    [Theory]
    [InlineData(
        "a mean in a batch, subtracted by a method",
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "net.forward({|CG0004:rgb.sub(mean)|});"
    )]
    [InlineData(
        "stds without a batch",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(3, 1, 1); var rgb = {|CG0004:{|CG0001:cat([x, x, x], 1)|} / std|};"
    )]
    [InlineData(
        "divided by a method after a scale",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).reshape(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|} / 255; "
            + "var z = {|CG0004:rgb.div(std)|};"
    )]
    [InlineData(
        "divided in place",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; "
            + "{|CG0004:rgb.div_(std)|}; net.forward(rgb);"
    )]
    [InlineData(
        "normalize with named arguments",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, "
            + "means: new[] { 0.485, 0.456, 0.406 }, stdevs: new[] { 0.229, 0.224, 0.225 })|});"
    )]
    [InlineData(
        "a pipeline that ends with Normalize",
        "var pipeline = torchvision.transforms.Compose(torchvision.transforms.Resize(224), "
            + "torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])); "
            + "net.forward({|CG0004:pipeline.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "a compound assignment",
        "var std = tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1); var rgb = {|CG0001:cat([x, x, x], 1)|}; "
            + "{|CG0004:rgb /= std|}; net.forward(rgb);"
    )]
    [InlineData(
        "normalize of three numbers",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = {|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, "
            + "0.406], [0.229, 0.224, 0.225])|};"
    )]
    [InlineData(
        "the transform Normalize",
        "var norm = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]); "
            + "net.forward({|CG0004:norm.call({|CG0001:x.repeat(1, 3, 1, 1)|})|});"
    )]
    [InlineData(
        "a mean in a batch",
        "var mean = tensor(new[] { 0.485f, 0.456f, 0.406f }).view(1, 3, 1, 1); "
            + "var rgb = {|CG0004:{|CG0001:x.expand(-1, 3, -1, -1)|} - mean|};"
    )]
    [InlineData(
        "after interpolate",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = nn.functional.interpolate(rgb, new long[] { 224, 224 }); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after resize",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.functional.resize(rgb, 224, 224); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after crop",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.functional.crop(rgb, 0, 0, 8, 8); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after pad",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.functional.pad(rgb, new long[] { 1 }); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after a horizontal flip",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.functional.hflip(rgb); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after flip",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = rgb.flip(3); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after convert_image_dtype",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.functional.convert_image_dtype(rgb, "
            + "ScalarType.Float32); net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, "
            + "0.224, 0.225])|});"
    )]
    [InlineData(
        "after moves and a scale by a method",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = rgb.to(ScalarType.Float32).cuda().mul(0.5); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after the transform Resize",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = torchvision.transforms.Resize(224, 224).call(rgb); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after Compose of transforms that treat channels alike",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var all = torchvision.transforms.Compose(torchvision.transforms.Resize(224, 224), "
            + "torchvision.transforms.HorizontalFlip()); rgb = all.call(rgb); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "after a layer that enlarges",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = Upsample(scale_factor: new double[] { 2, 2 }).call(rgb); "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a stack in an if",
        "var rgb = x; if (rgb.shape[1] == 1) rgb = {|CG0001:rgb.repeat(1, 3, 1, 1)|}; "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a parameter that is stacked in an if",
        "if (x.shape[1] == 1) { x = {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "} net.forward({|CG0004:torchvision.transforms.functional.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a stack in a conditional expression",
        "var rgb = x.shape[1] == 1 ? {|CG0001:x.repeat(1, 3, 1, 1)|} : x; "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a stack in a switch expression",
        "var rgb = x.shape[1] switch { 1 => {|CG0001:x.repeat(1, 3, 1, 1)|}, _ => x }; "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a move in an if",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; if (cuda.is_available()) { rgb = rgb.cuda(); "
            + "} net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a move in a conditional expression",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = n > 1 ? rgb.cuda() : rgb; "
            + "net.forward({|CG0004:torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])|});"
    )]
    [InlineData(
        "a mean that is moved",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var mean = tensor(new[] { 0.4f, 0.5f, 0.6f }).view(1, 3, 1, 1); "
            + "var z = {|CG0004:rgb - mean.to(x.device)|};"
    )]
    public Task Normalized(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("times ones", "var rgb = {|CG0001:cat([x, x, x], 1)|} * ones(1, 3, 1, 1);")]
    [InlineData("times equal numbers", "var rgb = {|CG0001:cat([x, x, x], 1)|} * full(new long[] { 1, 3, 1, 1 }, 2);")]
    [InlineData("another tensor is added", "var rgb = {|CG0001:cat([x, x, x], 1)|} + y;")]
    [InlineData(
        "after the network",
        "var rgb = net.forward({|CG0001:cat([x, x, x], 1)|}) * tensor(new[] { 0.2f, 0.3f, 0.4f }).view(1, 3, 1, 1);"
    )]
    [InlineData(
        "three equal numbers",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var t = torchvision.transforms.functional.normalize(rgb, [0.5, 0.5, 0.5], [0.5, "
            + "0.5, 0.5]);"
    )]
    [InlineData(
        "a gray image that is not stacked",
        "var t = torchvision.transforms.functional.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);"
    )]
    [InlineData("one number for all channels", "var rgb = {|CG0001:cat([x, x, x], 1)|} - 0.5;")]
    [InlineData(
        "three equal numbers in a tensor",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; var mean = tensor(new[] { 0.5f, 0.5f, 0.5f }).view(1, 3, 1, 1); var z = rgb - mean;"
    )]
    [InlineData(
        "a gray image that is resized",
        "var rgb = torchvision.transforms.functional.resize(x, 224, 224); "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "the other way is another image",
        "var rgb = n > 1 ? image : {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "a parameter that another tensor is stacked into",
        "if (n > 1) { image = {|CG0001:x.repeat(1, 3, 1, 1)|}; "
            + "} net.forward(torchvision.transforms.functional.normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "noise is added to each channel",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = rgb + randn_like(rgb); "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "each channel has its own dropout",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = nn.functional.dropout(rgb, 0.5); "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "after a layer that normalizes",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = BatchNorm2d(3).call(rgb); "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "after a convolution",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; rgb = Conv2d(3, 3, 3).call(rgb); "
            + "net.forward(torchvision.transforms.functional.normalize(rgb, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    [InlineData(
        "random numbers of its shape",
        "var rgb = {|CG0001:cat([x, x, x], 1)|}; net.forward(torchvision.transforms.functional.normalize(rand_like(rgb), [0.485, "
            + "0.456, 0.406], [0.229, 0.224, 0.225]));"
    )]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task Means_and_deviations_in_fields() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private static readonly double[] Means = { 0.485, 0.456, 0.406 };
                private readonly double[] deviations = [0.229, 0.224, 0.225];
                private static readonly double[] Same = { 0.5, 0.5, 0.5 };
                private static readonly Tensor Mean = tensor(new[] { 0.4f, 0.5f, 0.6f }).view(1, 3, 1, 1);
                private readonly Tensor deviation;
                private readonly Tensor equal = tensor(new[] { 0.5f, 0.5f, 0.5f }).view(1, 3, 1, 1);
                private readonly torchvision.ITransform normalize;
                private Tensor Center => tensor(new[] { 0.4f, 0.5f, 0.6f }).reshape(3, 1, 1);

                public Program()
                {
                    deviation = tensor(new[] { 0.4f, 0.5f, 0.6f }).view(1, 3, 1, 1);
                    normalize = torchvision.transforms.Normalize(Means, deviations);
                }

                void Run(Tensor x)
                {
                    var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|};
                    var a = {|CG0004:torchvision.transforms.functional.normalize(rgb, Means, deviations)|};
                    var b = {|CG0004:rgb - Mean|};
                    var c = {|CG0004:rgb / deviation|};
                    var d = {|CG0004:rgb.sub(Mean.to(x.device))|};
                    var e = {|CG0004:normalize.call(rgb)|};
                    var f = {|CG0004:rgb - Center|};
                    var g = torchvision.transforms.functional.normalize(rgb, Same, Same);
                    var h = rgb - equal;
                    var i = x - Mean;
                }
            }
            """
        );
}
