using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>What the making of a tensor says for and against a gray image: files, layers, masks, labels, weights.</summary>
public class OriginEvidenceTests
{
    [Theory]
    [InlineData(
        "one row of a gray image file has no channels yet",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY)[0]; var s = {|CG0001:torch.stack([t, t, t])|};"
    )]
    [InlineData("the mean over the channels", "var t = x.mean([1], keepdim: true); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData(
        "a gray image file, unbatched",
        "var s = {|CG0001:torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).repeat(3, 1, 1)|};"
    )]
    [InlineData(
        "a gray image file, scaled",
        "var g = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var f = g.to(ScalarType.Float32) / 255; "
            + "var s = {|CG0001:torch.cat([f, f, f], 0)|};"
    )]
    [InlineData(
        "rgb_to_grayscale",
        "var g = torchvision.transforms.functional.rgb_to_grayscale(image); var s = {|CG0001:g.repeat(3, 1, 1)|};"
    )]
    [InlineData("the transform Grayscale", "var g = torchvision.transforms.Grayscale().call(image); var s = {|CG0001:g.repeat(3, 1, 1)|};")]
    [InlineData("a layer with one output channel", "var c = Conv2d(16, 1, 3); var s = {|CG0001:c.forward(y).repeat(1, 3, 1, 1)|};")]
    [InlineData("the sum over the channels", "var s = {|CG0001:x.sum(1, keepdim: true).expand(-1, 3, -1, -1)|};")]
    [InlineData(
        "the mean over the channels by torch",
        "var s = {|CG0001:torch.mean(x, new long[] { 1 }, keepdim: true).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "an interpolation of the parameter",
        "var s = {|CG0001:nn.functional.interpolate(x, new long[] { 224, 224 }).repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "cat of a gray image file",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = {|CG0001:torch.cat(new[] { t, t, t })|};"
    )]
    [InlineData(
        "a gray image file in a batch",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).unsqueeze(0); "
            + "var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "repeat_interleave of a gray image file",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = {|CG0001:t.repeat_interleave(3, 0)|};"
    )]
    [InlineData(
        "three times index 0 of a gray image file",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); "
            + "var s = {|CG0001:t.index_select(0, torch.zeros(3, ScalarType.Int64))|};"
    )]
    [InlineData(
        "a gray image file with channels last",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).permute(1, 2, 0); "
            + "var s = {|CG0001:torch.cat([t, t, t], -1)|};"
    )]
    [InlineData(
        "repeat of a gray image file with channels last",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).permute(1, 2, 0); "
            + "var s = {|CG0001:t.repeat(1, 1, 3)|};"
    )]
    [InlineData(
        "stack of a gray image file without channels",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).squeeze(0); "
            + "var s = {|CG0001:torch.stack([t, t, t], 0)|};"
    )]
    [InlineData(
        "the mean over the channels, in a local",
        "var t = x.mean([1], keepdim: true); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "a sequence of layers that ends with one channel",
        "var t = Sequential(Conv2d(3, 8, 3), Conv2d(8, 1, 1)).call(y); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    [InlineData(
        "a transposed convolution with one channel",
        "var t = ConvTranspose2d(8, 1, 3).call(y).sigmoid(); var s = {|CG0001:t.expand(-1, 3, -1, -1)|};"
    )]
    [InlineData(
        "a resize of the parameter",
        "var t = torchvision.transforms.Resize(224, 224).call(x); var s = {|CG0001:torch.cat([t, t, t], 1)|};"
    )]
    public Task Sure(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Theory]
    [InlineData("a layer with 64 output channels", "var conv64 = Conv2d(1, 64, 3); var s = conv64.forward(x).repeat(1, 3, 1, 1);")]
    [InlineData(
        "a sequence of layers with 64 output channels",
        "var features = Sequential(Conv2d(1, 64, 3), ReLU(), MaxPool2d(2)); var t = features.forward(x); var s = torch.cat([t, t, t], 1);"
    )]
    [InlineData(
        "three different numbers, one for each channel",
        "var s = torch.tensor(new float[] { 1, 2, 3 }).view(3, 1, 1).expand_as(image);"
    )]
    [InlineData(
        "the means of the channels",
        "var mean = torch.tensor(new float[] { 1, 2, 3 }).view(1, 3, 1, 1); var s = mean.expand(n, 3, h, w);"
    )]
    [InlineData("a comparison gives a mask", "var s = (x > 0.5).repeat(1, 3, 1, 1);")]
    [InlineData("gt gives a mask", "var m = x.gt(0.5); var s = m.expand(-1, 3, -1, -1);")]
    [InlineData("a layer's weight", "var s = conv.weight.repeat(1, 3, 1, 1);")]
    [InlineData("a parameter of a network", "var p = Parameter(rand(1, 1, 8)); var s = p.expand(3, -1, -1);")]
    [InlineData("an identity matrix", "var s = torch.eye(4).expand(3, 4, 4);")]
    [InlineData("indices by argmax", "var i = x.argmax(1).unsqueeze(-1); var s = i.repeat(1, 1, 3);")]
    [InlineData(
        "a color image file",
        "var g = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB); var s = g.repeat(3, 1, 1);"
    )]
    [InlineData("an entry of a state_dict", "var sd = conv.state_dict(); sd[\"weight\"] = sd[\"weight\"].repeat(1, 3, 1, 1) / 3;")]
    [InlineData(
        "an entry of a state_dict, in a local",
        "var sd = conv.state_dict(); var k = sd[\"conv1.weight\"]; sd[\"conv1.weight\"] = torch.cat([k, k, k], 1) / 3;"
    )]
    [InlineData("a layer's weight, in a local", "var k = conv.weight!; var s = torch.cat([k, k, k], 1);")]
    [InlineData("a clone of a layer's weight", "var k = conv.weight!.detach().clone(); var s = torch.cat([k, k, k], 1);")]
    [InlineData("features of a linear layer", "var f = Linear(8, 8).call(x.flatten(1)); var s = torch.cat([f, f, f], 1);")]
    [InlineData("a flattening layer", "var f = Flatten().call(x); var s = torch.cat([f, f, f], 1);")]
    [InlineData("an embedding", "var e = Embedding(10, 8).call(x); var s = torch.cat([e, e, e], 1);")]
    [InlineData("a convolution in one dimension", "var c1 = Conv1d(1, 1, 3).call(x); var s = torch.cat([c1, c1, c1], 1);")]
    [InlineData("features of a convolution in one dimension", "var c1 = Conv1d(1, 8, 3).call(x); var s = torch.cat([c1, c1, c1], 1);")]
    [InlineData("a convolution in three dimensions", "var c3 = Conv3d(1, 1, 3).call(x); var s = torch.cat([c3, c3, c3], 1);")]
    [InlineData("coordinates", "var g = torch.meshgrid([x, y]); var s = g[0].expand(-1, 3, -1, -1);")]
    [InlineData("three different numbers in a batch", "var s = torch.tensor(new float[] { 1, 2, 3 }).view(1, 3, 1, 1).expand(n, 3, h, w);")]
    [InlineData("the numbers from zero to two", "var s = torch.arange(3).view(1, 3, 1, 1).expand(n, -1, h, w);")]
    [InlineData("zeros that are a bias", "var bias = torch.zeros(1, 1, 1, 1); var s = bias.expand(-1, 3, -1, -1).mul(image) + 1;")]
    [InlineData("a shuffle of twelve channels into three", "var s = PixelShuffle(2).call(Conv2d(1, 12, 3).call(x)).repeat(1, 3, 1, 1);")]
    [InlineData(
        "a sequence of layers with three output channels",
        "var d = Sequential(Conv2d(1, 3, 3), ReLU()); var s = d.call(x).repeat(1, 3, 1, 1);"
    )]
    [InlineData(
        "a transposed convolution with three output channels",
        "var d = ConvTranspose2d(1, 3, 3); var s = d.call(x).expand(-1, 3, -1, -1);"
    )]
    [InlineData(
        "rgb_to_grayscale to three channels",
        "var s = torchvision.transforms.functional.rgb_to_grayscale(x, 3).repeat(1, 3, 1, 1);"
    )]
    [InlineData("the transform Grayscale to three channels", "var s = torchvision.transforms.Grayscale(3).call(x).repeat(1, 3, 1, 1);")]
    [InlineData(
        "a color image file in a batch",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB); var s = torch.stack([t, t, t]);"
    )]
    [InlineData(
        "stack of a gray image file makes another dimension",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = torch.stack([t, t, t]);"
    )]
    [InlineData(
        "repeat of height and width of a gray image file",
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = t.repeat(1, 3, 3);"
    )]
    [InlineData("random indices", "var t = torch.randint(0, 10, new long[] { 4, 8 }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("the answers of a linear layer", "var logits = Linear(8, 2).call(x); var s = torch.stack([logits, logits, logits], 1);")]
    [InlineData("the answers of an LSTM", "var r = LSTM(8, 16).call(x); var s = torch.cat([r.Item1, r.Item1, r.Item1], 1);")]
    [InlineData("one_hot", "var t = torch.nn.functional.one_hot(x, 10); var s = torch.cat([t, t, t], 1);")]
    [InlineData("a mask as numbers", "var m = (x.mean([1], keepdim: true) > 0.5).to(ScalarType.Float32); var s = m.repeat(1, 3, 1, 1);")]
    [InlineData(
        "pooled and flattened",
        "var t = AdaptiveAvgPool2d(1).call(x); var s = torch.cat([t.flatten(1), t.flatten(1), t.flatten(1)], 1);"
    )]
    [InlineData("pooled and flattened, in a local", "var f = AdaptiveAvgPool2d(1).call(x).flatten(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData(
        "a sample of a distribution, along the batch",
        "var d = torch.distributions.Normal(x, y).sample(); var s = torch.cat([d, d, d], 0);"
    )]
    [InlineData(
        "a sequence of layers with 16 output channels",
        "var c = Sequential(Conv2d(1, 16, 3), BatchNorm2d(16), ReLU()).call(x); var s = torch.cat([c, c, c], 1);"
    )]
    [InlineData("labels by argmax", "var s = torch.nn.functional.softmax(x, 1).argmax(1, keepdim: true).repeat(1, 3, 1, 1);")]
    public Task Silent(string reason, string statements) => Verify.Row<StackingAnalyzer>(reason, statements);

    [Fact]
    public Task A_layer_of_a_network_tells_its_channels() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Net : Module<Tensor, Tensor>
            {
                private readonly Conv2d wide = Conv2d(1, 64, 3);
                private readonly Conv2d one;
                private readonly Module<Tensor, Tensor> head;

                public Net() : base("net")
                {
                    one = Conv2d(64, 1, 3);
                    head = Sequential(("conv", Conv2d(1, 8, 3)), ("bn", BatchNorm2d(8)), ("relu", ReLU()));
                }

                public override Tensor forward(Tensor image)
                {
                    var a = wide.forward(image).repeat(1, 3, 1, 1);
                    var b = {|CG0001:one.call(a).repeat(1, 3, 1, 1)|};
                    var c = head.call(image);
                    return cat([c, c, c], 1);
                }
            }
            """
        );
}
