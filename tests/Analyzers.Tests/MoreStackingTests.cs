using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

public class MoreStackingTests
{
    [Theory]
    [InlineData("var s = {|CG0001:torch.cat(new Tensor[3] { x, x, x }, 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(new[] { x, x, x }.ToList(), dim: 1L)|};")]
    [InlineData("ReadOnlySpan<Tensor> t = [x, x, x]; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("IList<Tensor> t = new[] { x, x, x }; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("List<Tensor> t = [x, x, x]; var s = {|CG0001:torch.cat(t, 1)|};")]
    [InlineData("IEnumerable<Tensor> t = new[] { x, x, x }; var s = {|CG0001:torch.stack(t, 1)|};")]
    [InlineData("Tensor a = x, b = x; var s = {|CG0001:torch.cat([a, b, x], 1)|};")]
    [InlineData("var s = {|CG0001:x.repeat(sizes: new long[] { 1, 3, 1, 1 })|};")]
    [InlineData("var s = {|CG0001:x.expand(sizes: new long[] { -1, 3, -1, -1 })|};")]
    [InlineData("var s = {|CG0001:x.expand(x.size(0), 3, x.size(2), x.size(3))|};")]
    [InlineData("var s = {|CG0001:torch.broadcast_to(x, [n, 3, h, w])|};")]
    [InlineData("var s = {|CG0001:x.repeat_interleave(3, 1)|};")]
    [InlineData("var s = {|CG0001:x.repeat_interleave(3, -3)|};")]
    [InlineData("var s = {|CG0001:torch.repeat_interleave(x, repeats: 3, dim: -3)|};")]
    [InlineData("var s = {|CG0001:x.index_select(1, torch.zeros(3, ScalarType.Int64))|};")]
    [InlineData("var s = {|CG0001:x.index_select(1, torch.zeros(new long[] { 3 }, ScalarType.Int64))|};")]
    [InlineData("var s = {|CG0001:x.index_select(1, torch.tensor(new[] { 0L, 0L, 0L }))|};")]
    [InlineData("var s = {|CG0001:torch.ones(new long[] { 1, 3, 1, 1 }) * x|};")]
    [InlineData("var s = {|CG0001:torch.ones([1, 3, 1, 1]) * x|};")]
    [InlineData("var s = {|CG0001:x * torch.ones(1, 3, 1, 1).to(x.device)|};")]
    [InlineData("var s = {|CG0001:x * torch.ones(1, 3, 1, 1, device: x.device)|};")]
    [InlineData("var s = {|CG0001:torch.mul(x, torch.ones(1, 3, 1, 1))|};")]
    [InlineData("var s = {|CG0001:x.multiply(torch.ones(1, 3, 1, 1))|};")]
    [InlineData("var s = {|CG0001:torch.stack(new List<Tensor> { x, x, x }, 1)|};")]
    [InlineData("var s = {|CG0001:x.view(-1, 1, 28, 28).expand(-1, 3, 28, 28)|};")]
    [InlineData("Action a = () => net.forward({|CG0001:torch.cat([x, x, x], 1)|});")]
    [InlineData("Action a = () => net.forward({|CG0001:torch.cat([x, x, x], 1)|}); x = y; a();")]
    [InlineData("static Tensor F(Tensor t) { return {|CG0001:torch.cat([t, t, t], 1)|}; }")]
    [InlineData("void F(out Tensor t) => t = y; F(out var u); var s = {|CG0001:torch.cat([u, u, u], 1)|};")]
    [InlineData("object o = x; if (o is Tensor t) net.forward({|CG0001:torch.cat([t, t, t], 1)|});")]
    [InlineData("(Tensor image, int label) pair = (x, 1); var s = {|CG0001:torch.cat([pair.image, pair.image, pair.image], 1)|};")]
    [InlineData("var s = {|CG0001:x.repeat((long)1, (long)3, 1L, 1L)|};")]
    [InlineData("var s = {|CG0001:x.repeat(1, 1 + 2, 1, 1)|};")]
    [InlineData("var s = {|CG0001:torch.stack(Enumerable.Repeat(x, 3), 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat([.. Enumerable.Repeat(x, 3)], 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(Enumerable.Repeat(element: x, count: 3).ToArray(), 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(Enumerable.Repeat(count: 3, element: x).ToArray(), 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(new[] { x }.Concat(new[] { x, x }).ToArray(), 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(Enumerable.Range(0, 3).Select(_ => x).ToArray(), 1)|};")]
    [InlineData("var s = x?.unsqueeze(1)?{|CG0001:.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = x.shape[1] == 3 ? x : {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("if (x.shape[1] != 3) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("if (x.size(1) < 3) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("if (x.shape[1] is 1) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("if (x.shape is [_, 1, _, _]) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("long c = x.shape[1]; if (c == 1) x = {|CG0001:x.repeat(1, 3, 1, 1)|};")]
    [InlineData("switch (x.shape[1]) { case 1: x = {|CG0001:x.repeat(1, 3, 1, 1)|}; break; }")]
    [InlineData("var images = new[] { x, y }; net.forward({|CG0001:images[0].repeat(1, 3, 1, 1)|});")]
    [InlineData("var s = {|CG0001:x.narrow(1, 0, 1).repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:x.slice(1, 0, 1, 1).repeat(1, 3, 1, 1)|};")]
    [InlineData("var g = x[.., 0..1]; var s = {|CG0001:g.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:x.sum(1, keepdim: true).expand(-1, 3, -1, -1)|};")]
    [InlineData("var s = {|CG0001:torch.mean(x, new long[] { 1 }, keepdim: true).repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = {|CG0001:nn.functional.interpolate(x, new long[] { 224, 224 }).repeat(1, 3, 1, 1)|};")]
    [InlineData("var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; rgb.div_(255); net.forward(rgb);")]
    [InlineData("var s = {|CG0001:torch.cat(new[] { x, x, x }, -3)|}.cuda();")]
    [InlineData("using var s = {|CG0001:torch.cat([x, x, x], 1)|}.MoveToOuterDisposeScope();")]
    [InlineData("lock (net) { net.forward({|CG0001:torch.cat([x, x, x], 1)|}); }")]
    [InlineData("do { net.forward({|CG0001:torch.cat([x, x, x], 1)|}); } while (n > 2);")]
    [InlineData("while (n > 2) { x = y; net.forward({|CG0001:torch.cat([x, x, x], 1)|}); }")]
    [InlineData("var (a, b) = (net.forward({|CG0001:torch.cat([x, x, x], 1)|}), 2);")]
    [InlineData("var q = from t in new[] { x, y } select {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("var s = new { Image = {|CG0001:torch.cat([x, x, x], 1)|} };")]
    [InlineData("Tensor t; t = x; var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("Tensor t = null!; t = x; var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var s = {|CG0001:torch.cat(new Tensor[] { x, x, x }, (int)1)|};")]
    [InlineData("Tensor[] rgb; rgb = new[] { x, x, x }; var s = {|CG0001:torch.cat(rgb, 1)|};")]
    [InlineData("var t = x.unsqueeze(0).unsqueeze(0); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("var t = torch.from_array(new float[28, 28]).unsqueeze(0).unsqueeze(0); var s = {|CG0001:t.expand(-1, 3, -1, -1)|};")]
    [InlineData("var t = torch.zeros(1, 28, 28); var s = {|CG0001:t.expand(3, 28, 28)|};")]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = {|CG0001:torch.cat(new[] { t, t, t })|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).unsqueeze(0); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = {|CG0001:t.repeat_interleave(3, 0)|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = {|CG0001:t.index_select(0, torch.zeros(3, ScalarType.Int64))|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).permute(1, 2, 0); var s = {|CG0001:torch.cat([t, t, t], -1)|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).permute(1, 2, 0); var s = {|CG0001:t.repeat(1, 1, 3)|};"
    )]
    [InlineData(
        "var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY).squeeze(0); var s = {|CG0001:torch.stack([t, t, t], 0)|};"
    )]
    [InlineData("var t = x.view(n, 28, 28); var s = {|CG0001:torch.stack([t, t, t], 1)|};")]
    [InlineData("if (x.ndim == 3) { x = x.unsqueeze(1); } net.forward({|CG0001:x.repeat(1, 3, 1, 1)|});")]
    [InlineData("if (x.shape is [1, _, _]) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("if (x.shape is [1, ..]) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("long c = x.shape[0]; if (c == 1) x = {|CG0001:x.repeat(3, 1, 1)|};")]
    [InlineData("bool gray = x.shape[0] == 1; var s = gray ? {|CG0001:x.repeat(3, 1, 1)|} : x;")]
    [InlineData("for (int i = 0; i < 2; i++) { Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|}; rgb[0] = y; }")]
    [InlineData("Tensor[] rgb = [x, x, x]; var s = {|CG0001:torch.cat(rgb, 1)|}; var other = rgb; other[0] = y;")]
    [InlineData("var rgb = {|CG0001:x.repeat(1, 3, 1, 1)|}; rgb.Dispose();")]
    [InlineData("using var rgb = {|CG0001:torch.cat([x, x, x], 1)|}; var shape = rgb.shape; Console.WriteLine(shape);")]
    [InlineData("var t = x.mean([1], keepdim: true); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var t = x.mean(new long[] { 1 }).unsqueeze(1); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var t = x.select(1, 0).unsqueeze(1); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var t = x.squeeze().view(n, 1, 28, 28); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var t = Linear(8, 784).call(y).view(-1, 1, 28, 28); var s = {|CG0001:t.repeat(1, 3, 1, 1)|};")]
    [InlineData("var t = Sequential(Conv2d(3, 8, 3), Conv2d(8, 1, 1)).call(y); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    [InlineData("var t = ConvTranspose2d(8, 1, 3).call(y).sigmoid(); var s = {|CG0001:t.expand(-1, 3, -1, -1)|};")]
    [InlineData("var t = torchvision.transforms.Resize(224, 224).call(x); var s = {|CG0001:torch.cat([t, t, t], 1)|};")]
    public Task Flags(string statements) => Verify.Statements<StackingAnalyzer>(statements);

    [Theory]
    [InlineData("var two = torch.cat([x, y], 1); var s = two.repeat(1, 3, 1, 1);")]
    [InlineData("var two = torch.stack([x, y], 1); var s = two.repeat(1, 3, 1, 1);")]
    [InlineData("var s = x.repeat(1, 2, 1, 1).repeat(1, 3, 1, 1);")]
    [InlineData("var s = torch.cat([x, x], 1).expand(-1, 3, -1, -1);")]
    [InlineData("var s = x.repeat(1, n, 1, 1).view(1, 3, 8, 8).repeat(1, 3, 1, 1);")]
    [InlineData(
        "var sobel = torch.tensor(new float[] { 1, 0, -1, 2, 0, -2, 1, 0, -1 }).view(1, 1, 3, 3); var s = nn.functional.conv2d(image, sobel.repeat(1, 3, 1, 1));"
    )]
    [InlineData(
        "var sobel = torch.tensor(new float[] { 1, 0, -1, 2, 0, -2, 1, 0, -1 }).view(1, 1, 3, 3); var k = sobel.expand(-1, 3, -1, -1); var s = nn.functional.conv2d(image, k);"
    )]
    [InlineData("conv.weight = Parameter(x.repeat(1, 3, 1, 1) / 3);")]
    [InlineData("using (no_grad()) conv.weight!.copy_(x.repeat(1, 3, 1, 1));")]
    [InlineData("var sd = conv.state_dict(); sd[\"weight\"] = sd[\"weight\"].repeat(1, 3, 1, 1) / 3;")]
    [InlineData("var sd = conv.state_dict(); var k = sd[\"conv1.weight\"]; sd[\"conv1.weight\"] = torch.cat([k, k, k], 1) / 3;")]
    [InlineData("var k = conv.weight!; var s = torch.cat([k, k, k], 1);")]
    [InlineData("var k = conv.weight!.detach().clone(); var s = torch.cat([k, k, k], 1);")]
    [InlineData("var f = Linear(8, 8).call(x.flatten(1)); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x.flatten(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x.mean([2, 3]); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x.mean(new long[] { 1 }); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x.squeeze(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x.select(1, 0); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = x[0]; var s = torch.cat([f, f, f], 1);")]
    [InlineData("var f = Flatten().call(x); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var e = Embedding(10, 8).call(x); var s = torch.cat([e, e, e], 1);")]
    [InlineData("var c1 = Conv1d(1, 1, 3).call(x); var s = torch.cat([c1, c1, c1], 1);")]
    [InlineData("var c1 = Conv1d(1, 8, 3).call(x); var s = torch.cat([c1, c1, c1], 1);")]
    [InlineData("var c3 = Conv3d(1, 1, 3).call(x); var s = torch.cat([c3, c3, c3], 1);")]
    [InlineData("var g = torch.meshgrid([x, y]); var s = g[0].expand(-1, 3, -1, -1);")]
    [InlineData("image[mask.repeat(1, 3, 1, 1)] = 0;")]
    [InlineData("var s = image[mask.expand(-1, 3, -1, -1)];")]
    [InlineData(
        "var rgb = x.repeat(1, 3, 1, 1); rgb[.., 0] = y; torchvision.utils.save_image(rgb, \"a.png\", torchvision.ImageFormat.Png);"
    )]
    [InlineData("var rgb = x.repeat(1, 3, 1, 1); rgb[.., 0] = y; net.forward(rgb);")]
    [InlineData("var rgb = x.repeat(1, 3, 1, 1); rgb[0].add_(y); net.forward(rgb);")]
    [InlineData("var rgb = x.repeat(1, 3, 1, 1); rgb.select(1, 0).mul_(2); net.forward(rgb);")]
    [InlineData("var rgb = torch.cat([x, x, x], 1); rgb.narrow(1, 0, 1).copy_(y); net.forward(rgb);")]
    [InlineData("var rgb = torch.cat([x, x, x], 1); rgb.index_put_(y, TensorIndex.Colon, TensorIndex.Single(0)); net.forward(rgb);")]
    [InlineData("var t = torch.rand(new long[] { 2, 1, 4, 8, 8 }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var t = torch.zeros(n, 128); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var t = torch.zeros(new long[] { n, 64, h, w }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("if (x.dim() == 5) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("if (x.dim() == 2) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("if (x.shape[1] == 64) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("var s = torch.where(y.repeat(1, 3, 1, 1), image, x);")]
    [InlineData("var s = image.gather(1, y.expand(-1, 3, -1, -1));")]
    [InlineData("var l = nn.functional.binary_cross_entropy(image, x.repeat(1, 3, 1, 1));")]
    [InlineData("var l = nn.functional.cross_entropy(image, y, x.repeat(1, 3, 1, 1));")]
    [InlineData("Tensor[] parts = image.chunk(3, 1); var s = torch.cat([parts[0], parts[1], parts[2]], 1);")]
    [InlineData("var s = torch.cat([image[.., 0], image[.., 1], image[.., 2]], 1);")]
    [InlineData("var t = x; t.add_(1); var u = x; var s = torch.cat([t, y, u], 1);")]
    [InlineData("var i = 0; var all = new[] { x, y, x }; var s = torch.cat([all[i++], all[i++], all[i++]], 1);")]
    [InlineData("var s = torch.cat([x, null!, x], 1);")]
    [InlineData("var s = torch.cat([x, x, default!], 1);")]
    [InlineData("var s = torch.cat([n > 2 ? x : y, x, x], 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; Array.Reverse(rgb); rgb[0] = y; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; foreach (ref var r in rgb.AsSpan()) r = r + 1; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; for (int i = 0; i < 3; i++) rgb[i] = rgb[i] * i; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; ref Tensor r = ref rgb[1]; r = y; var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; (rgb[0], rgb[1]) = (y, y); var s = torch.cat(rgb, 1);")]
    [InlineData("Tensor[] rgb = [x, x, x]; rgb[0].add_(1); var s = torch.cat(rgb, 1);")]
    [InlineData("var s = torch.cat([x, x, x], 1 - 1);")]
    [InlineData("var s = torch.cat([x, x, x], -1);")]
    [InlineData("var s = torch.cat([x, x, x], -2);")]
    [InlineData("var s = torch.cat([x, x, x], 3);")]
    [InlineData("var s = x.repeat(1, 3, 3, 1);")]
    [InlineData("var s = x.repeat(1, 3, 1, 2);")]
    [InlineData("var s = x.repeat(3, 3, 1, 1);")]
    [InlineData("var s = x.tile([3, 1, 1, 1]);")]
    [InlineData("var s = x.repeat_interleave(3, 0);")]
    [InlineData("var s = x.repeat_interleave(2, 1);")]
    [InlineData("var s = x.index_select(1, torch.zeros(2, ScalarType.Int64));")]
    [InlineData("var s = x.index_select(0, torch.zeros(3, ScalarType.Int64));")]
    [InlineData("var s = x.index_select(1, torch.tensor(new long[] { 2, 1, 0 }));")]
    [InlineData("var s = x * torch.ones(3, 1, 1, 1);")]
    [InlineData("var s = x * torch.ones(1, 3);")]
    [InlineData("var s = torch.ones(1, 3, 1, 1) * 2;")]
    [InlineData("var s = x + torch.ones(1, 3, 1, 1);")]
    [InlineData("var s = x * torch.zeros(1, 3, 1, 1);")]
    [InlineData("var s = torch.ones(8, 3, 1, 1) * x;")]
    [InlineData("var q = torch.distributions.Normal(x, y); var s = q.expand(new long[] { -1, 3, -1, -1 });")]
    [InlineData("var s = torch.tensor(new float[] { 1, 2, 3 }).view(1, 3, 1, 1).expand(n, 3, h, w);")]
    [InlineData("var s = torch.arange(3).view(1, 3, 1, 1).expand(n, -1, h, w);")]
    [InlineData("var s = torch.rand(3, 1, 1).repeat(1, 3, 1, 1).repeat(1, 3, 1, 1);")]
    [InlineData("var bias = torch.zeros(1, 1, 1, 1); var s = bias.expand(-1, 3, -1, -1).mul(image) + 1;")]
    [InlineData("var s = PixelShuffle(2).call(Conv2d(1, 12, 3).call(x)).repeat(1, 3, 1, 1);")]
    [InlineData("var d = Sequential(Conv2d(1, 3, 3), ReLU()); var s = d.call(x).repeat(1, 3, 1, 1);")]
    [InlineData("var d = ConvTranspose2d(1, 3, 3); var s = d.call(x).expand(-1, 3, -1, -1);")]
    [InlineData("var s = torchvision.transforms.functional.rgb_to_grayscale(x, 3).repeat(1, 3, 1, 1);")]
    [InlineData("var s = torchvision.transforms.Grayscale(3).call(x).repeat(1, 3, 1, 1);")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.RGB); var s = torch.stack([t, t, t]);")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = torch.stack([t, t, t]);")]
    [InlineData("var t = torchvision.io.read_image(\"a.png\", torchvision.io.ImageReadMode.GRAY); var s = t.repeat(1, 3, 3);")]
    [InlineData("if (x.shape is [_, 3, _, _]) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("if (x.shape is [_, _]) { var s = torch.cat([x, x, x], 1); }")]
    [InlineData("long c = x.shape[1]; if (c == 3) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("bool color = x.shape[1] == 3; if (color) { var s = x.repeat(1, 3, 1, 1); }")]
    [InlineData("Tensor[] rgb = [x, x, x]; for (int i = 0; i < 2; i++) { var s = torch.cat(rgb, 1); rgb[0] = y; }")]
    [InlineData("Tensor[] rgb = [x, x, x]; Tensor F() => torch.cat(rgb, 1); rgb[0] = y; F();")]
    [InlineData("var t = torch.randint(0, 10, new long[] { 4, 8 }); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var logits = Linear(8, 2).call(x); var s = torch.stack([logits, logits, logits], 1);")]
    [InlineData("var s = torch.cat([x.max(1).values, x, x], 1);")]
    [InlineData("var t = x.transpose(1, 3).reshape(n, 64, -1); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var r = LSTM(8, 16).call(x); var s = torch.cat([r.Item1, r.Item1, r.Item1], 1);")]
    [InlineData("var t = torch.nn.functional.one_hot(x, 10); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var m = (x.mean([1], keepdim: true) > 0.5).to(ScalarType.Float32); var s = m.repeat(1, 3, 1, 1);")]
    [InlineData("var p = torch.zeros(1, 3, 8, 8); p = p + x; var s = p.repeat(1, 3, 1, 1);")]
    [InlineData("var t = torch.stack([x, y, x], 1); var s = torch.cat([t, t, t], 1);")]
    [InlineData("var t = AdaptiveAvgPool2d(1).call(x); var s = torch.cat([t.flatten(1), t.flatten(1), t.flatten(1)], 1);")]
    [InlineData("var f = AdaptiveAvgPool2d(1).call(x).flatten(1); var s = torch.cat([f, f, f], 1);")]
    [InlineData("var d = torch.distributions.Normal(x, y).sample(); var s = torch.cat([d, d, d], 0);")]
    [InlineData("var c = Sequential(Conv2d(1, 16, 3), BatchNorm2d(16), ReLU()).call(x); var s = torch.cat([c, c, c], 1);")]
    [InlineData("var s = x.view(n, 1, 64).expand(-1, 3, -1);")]
    [InlineData("var q = x.view(n, 8, 1, 64).expand(-1, -1, 3, -1);")]
    [InlineData("var s = torch.nn.functional.softmax(x, 1).argmax(1, keepdim: true).repeat(1, 3, 1, 1);")]
    [InlineData("var t = rand(8, 1, 28, 28); var f = t[.., 0]; var s = torch.cat([f, f, f], 1);")]
    [InlineData("var d = new long[] { n }; d[0] = 3; var f = x.mean(d); var s = torch.cat([f, f, f], 1);")]
    public Task Leaves_alone(string statements) => Verify.Statements<StackingAnalyzer>(statements);

    [Fact]
    public Task Members_of_all_kinds() =>
        Verify.Program<StackingAnalyzer>(
            """
            interface IBatch { Tensor Image { get; } }
            record Pair(Tensor Image, Tensor Label);
            class Base { public virtual Tensor Image { get; set; } = null!; public Tensor Lazy => field ??= rand(1); private Tensor field = null!; }
            struct Box { public Tensor Image; public readonly Tensor Fixed; public Box(Tensor t) { Image = t; Fixed = t; } }
            class Primary(Tensor captured)
            {
                Tensor Run() => {|CG0001:cat([captured, captured, captured], 1)|};
            }

            class Program
            {
                private static readonly Tensor Shared = rand(1, 1, 8, 8);
                private Tensor image = rand(1, 1, 8, 8);
                private static Tensor color = rand(1, 3, 8, 8);
                private static readonly Tensor Color = rand(1, 3, 8, 8);
                private const long Three = 3;

                void Run(IBatch batch, Pair pair, Base all, Box box, in Tensor readOnly, ref Tensor changing, Program other)
                {
                    var a = {|CG0001:cat([pair.Image, pair.Image, pair.Image], 1)|};
                    var b = {|CG0001:cat([box.Image, box.Image, box.Image], 1)|};
                    var c = {|CG0001:cat([Shared, Program.Shared, Shared], 1)|};
                    var d = cat([batch.Image, batch.Image, batch.Image], 1);
                    var e = cat([all.Lazy, all.Lazy, all.Lazy], 1);
                    var f = {|CG0001:cat([readOnly, readOnly, readOnly], 1)|};
                    var g = {|CG0001:cat([changing, changing, changing], 1)|};
                    var h = cat([image, other.image, image], 1);
                    var i = {|CG0001:cat([other.image, other.image, other.image], 1)|};
                    var j = cat([pair.Image, pair.Label, pair.Image], 1);
                    var k = Color.repeat(1, Three, 1, 1);
                    var l = {|CG0001:Shared.repeat(1, Three, 1, 1)|};
                    var m = cat([image, image = Shared, image], 1);
                    var n = cat([image, Change(), image], 1);
                }

                Tensor Change() { image = rand(1); return image; }
            }
            """
        );

    [Fact]
    public Task Top_level_statements() =>
        Verify.Program<StackingAnalyzer>(
            """
            var x = rand(1, 1, 8, 8);
            var net = torchvision.models.resnet18();
            net.forward({|CG0001:cat([x, x, x], 1)|});
            Tensor[] parts = [x, x, x];
            net.forward({|CG0001:cat(parts, 1)|});
            parts[0] = rand(1);
            net.forward(cat(parts, 1));
            Tensor Local(Tensor t) => {|CG0001:t.expand(-1, 3, -1, -1)|};
            foreach (var t in new[] { x }) net.forward({|CG0001:t.repeat(1, 3, 1, 1)|});
            """,
            isProgram: true
        );

    [Fact]
    public Task Extension_methods_and_namesakes_are_left_alone() =>
        Verify.Program<StackingAnalyzer>(
            """
            static class Extensions
            {
                public static Tensor repeat(this Tensor t, string how) => t;
                public static Tensor tile(this Tensor t, params string[] how) => t;
                public static Tensor expand_channels(this Tensor t, long n) => t;
                public static Tensor cat(Tensor[] parts, long dim = 1) => parts[0];
            }

            namespace Other { static class torch { public static Tensor cat(Tensor[] parts, long dim) => parts[0]; public static Tensor stack(Tensor[] parts, long dim) => parts[0]; } }

            class Program
            {
                Tensor cat(Tensor a, Tensor b, Tensor c, long dim) => a;
                void Run(Tensor x)
                {
                    x.repeat("3");
                    x.tile("1", "3", "1", "1");
                    x.expand_channels(3);
                    Extensions.cat(new[] { x, x, x }, 1);
                    Other.torch.cat(new[] { x, x, x }, 1);
                    Other.torch.stack(new[] { x, x, x }, 1);
                    cat(x, x, x, 1);
                }
            }
            """
        );

    [Fact]
    public Task Knowledge_ends_where_others_could_change_the_value() =>
        Verify.Program<StackingAnalyzer>(
            """
            class Program
            {
                private List<Tensor> kept = new();

                void Run(Tensor x, Tensor y, Action<List<Tensor>> change)
                {
                    var a = new List<Tensor> { x, x, x };
                    change(a);
                    cat(a, 1);

                    var b = new List<Tensor> { x, x, x };
                    kept = b;
                    Other();
                    cat(b, 1);

                    var c = new List<Tensor> { x, x, x };
                    Action later = () => c[0] = y;
                    later();
                    cat(c, 1);

                    var d = new List<Tensor> { x, x, x };
                    d.Reverse();
                    d.RemoveAt(0);
                    cat(d, 1);

                    var e = new[] { x, x, x };
                    Array.Fill(e, y, 0, 1);
                    cat(e, 1);

                    var f = new[] { x, x, x };
                    Swap(ref f[0], ref f[1]);
                    cat(f, 1);

                    var g = new[] { x, x, x };
                    Swap(ref g, ref f);
                    cat(g, 1);

                    var h = x;
                    Swap(ref h, ref y);
                    cat([h, x, h], 1);

                    var i = new[] { x, x, x };
                    (i[1], h) = (y, x);
                    cat(i, 1);

                    var j = new[] { x, x, x };
                    IList<Tensor> view = j;
                    view[2] = y;
                    cat(j, 1);

                    var k = new Tensor[3];
                    k[0] = x;
                    k[1] = y;
                    k[2] = x;
                    cat(k, 1);

                    var l = new List<Tensor>(3) { x, x };
                    if (change is null) l.Add(y); else l.Add(x);
                    cat(l, 1);
                }

                void Other() => kept[0] = rand(1);

                static void Swap<T>(ref T a, ref T b) => (a, b) = (b, a);
            }
            """
        );
}
