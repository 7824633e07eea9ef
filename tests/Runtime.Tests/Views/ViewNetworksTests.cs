using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>
/// Networks of all kinds of shapes, those included that a conversion refuses or breaks: the view gives what the network
/// gives for the stacked image, and leaves behind what that run leaves behind.
/// </summary>
public class ViewNetworksTests
{
    private static readonly Dictionary<string, Func<Module<Tensor, Tensor>>> OfOneImage = new()
    {
        ["plain"] = () => new PlainNet(),
        ["two branches"] = () => new TwoBranchNet(),
        ["layers run with forward"] = () => new ForwardOnlyNet(),
        ["skip"] = () => new SkipNet(),
        ["linear branch"] = () => new LinearBranchNet(),
        ["residual"] = () => new ResidualNet(),
        ["BatchNorm first"] = () => Sequential(("bn", BatchNorm2d(3)), ("conv", Conv2d(3, 4, 3))),
        ["InstanceNorm first"] = () =>
            Sequential(("norm", InstanceNorm2d(3, affine: true, track_running_stats: true)), ("conv", Conv2d(3, 4, 3))),
        ["buffers that normalize"] = () =>
            Of(
                (net, x) => net.Call("conv", (x - net.Buffer("mean")) / net.Buffer("std")),
                Conv(),
                ("mean", rand(1, 3, 1, 1)),
                ("std", rand(1, 3, 1, 1) + 0.5)
            ),
        ["a learned factor of each channel"] = () =>
            Of((net, x) => net.Call("conv", x * net.Parameter("factor")), Conv(), ("factor", Parameter(ones(1, 3, 1, 1)))),
        ["sum over the channels"] = () => Of((net, x) => net.Call("conv", x) + x.sum(1, keepdim: true), Conv()),
        ["normalize over the channels"] = () => Of((net, x) => net.Call("conv", functional.normalize(x, dim: 1)), Conv()),
        ["norm over the channels"] = () => Of((net, x) => net.Call("conv", x) * x.norm(1, keepdim: true), Conv()),
        ["Focus"] = () =>
            Of((net, x) => net.Call("conv", cat([Every(x, 0, 0), Every(x, 1, 0), Every(x, 0, 1), Every(x, 1, 1)], 1)), Conv(12)),
        ["pixel_unshuffle"] = () => Of((net, x) => net.Call("conv", functional.pixel_unshuffle(x, 2)), Conv(12)),
        ["stems by mode"] = () =>
            Of(
                (net, x) => net.Training ? net.Call("conv", x) + net.Call("other", x) : net.Call("conv", x),
                Conv(),
                ("other", Conv2d(3, 4, 3, padding: 1))
            ),
        ["stem shared twice"] = () => Of((net, x) => net.Call("conv", x) + net.Call("conv", x.flip(3)), Conv()),
        ["concatenates its image later"] = () =>
            Of(
                (net, x) =>
                    net.Call(
                        "head",
                        cat([functional.interpolate(functional.max_pool2d(net.Call("conv", x), 2), scale_factor: [2, 2]), x], 1)
                    ),
                Conv(),
                ("head", Conv2d(7, 2, 1))
            ),
        ["padded by hand"] = () => Of((net, x) => net.Call("conv", functional.pad(x, [1, 1, 1, 1], value: 3)), Conv()),
        ["cropped"] = () => Of((net, x) => net.Call("conv", x[.., .., 1..10, 2..9]), Conv()),
        ["channels swapped"] = () => Of((net, x) => net.Call("conv", x.flip(1)), Conv()),
        ["one plane"] = () =>
            Of((net, x) => net.Call("conv", x) + net.Call("gray", x[.., 1..2]), Conv(), ("gray", Conv2d(1, 4, 3, padding: 1))),
        ["channels last"] = () => Of((net, x) => net.Call("conv", x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)), Conv()),
        ["permuted and back"] = () => Of((net, x) => net.Call("conv", x.permute(0, 2, 3, 1).permute(0, 3, 1, 2)), Conv()),
        ["view as rows"] = () =>
            Of((net, x) => net.Call("bn", net.Call("fc", x.view(x.shape[0], -1))), ("fc", Linear(432, 5)), ("bn", BatchNorm1d(5))),
        ["view as rows after a stem with statistics"] = () =>
            Of(
                (net, x) => net.Call("bn", net.Call("conv", x)).mean([1, 2, 3]) + net.Call("drop", x.view(x.shape[0], -1)).mean([1]),
                Conv(),
                ("bn", BatchNorm2d(4)),
                ("drop", Dropout(0.5))
            ),
        ["flatten"] = () => Sequential(("flat", Flatten()), ("fc", Linear(432, 5))),
        ["patches"] = () =>
            Of(
                (net, x) => net.Call("fc", x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(x.shape[0], 9, 48)),
                ("fc", Linear(48, 5))
            ),
        ["unfold"] = () => Of((net, x) => net.Call("fc", functional.unfold(x, 4, stride: 4).transpose(1, 2)), ("fc", Linear(48, 5))),
        ["noise with a seed"] = () => Of((net, x) => net.Call("conv", x + randn_like(x)), Conv()),
        ["noise in place of the image"] = () => Of((net, x) => net.Call("conv", rand_like(x)), Conv()),
        ["noise of its own size"] = () => Of((net, x) => net.Call("conv", x) + randn(x.shape[0], 4, 1, 1, dtype: x.dtype), Conv()),
        ["dropout on the image"] = () => Sequential(("drop", Dropout(0.3)), ("conv", Conv2d(3, 4, 3))),
        ["dropout of channels"] = () => Sequential(("drop", Dropout2d(0.5)), ("conv", Conv2d(3, 4, 3))),
        ["alpha dropout"] = () => Sequential(("drop", AlphaDropout(0.3)), ("conv", Conv2d(3, 4, 3))),
        ["noise of the image's own, dropped in place"] = () => Sequential(("drop", Dropout(0.3, inplace: true)), ("conv", Conv2d(3, 4, 3))),
        ["bernoulli"] = () => Of((net, x) => net.Call("conv", x.sigmoid().bernoulli()), Conv()),
        ["random crop"] = () => Of((net, x) => net.Call("conv", x.slice(2, randint(0, 4, [1]).item<long>(), 12, 1)).mean([2, 3]), Conv()),
        ["sub_"] = () => Of((net, x) => net.Call("conv", x.sub_(0.5)), Conv()),
        ["sub_ of nothing"] = () => Of((net, x) => net.Call("conv", x.sub_(0)), Conv()),
        ["a plane is changed"] = () => Of((net, x) => Changed(net, x, image => image.select(1, 1).sub_(0.5)), Conv()),
        ["each plane is changed"] = () =>
            Of((net, x) => Changed(net, x, image => EachPlane(image, (plane, index) => plane.sub_(0.4 + index).div_(0.2 + index))), Conv()),
        ["each plane is changed and put back"] = () =>
            Of(
                (net, x) =>
                    Changed(net, x, image => EachPlane(image, (plane, index) => plane.mul_(1 << index)))
                    + Changed(net, x, image => EachPlane(image, (plane, index) => plane.div_(1 << index))),
                Conv()
            ),
        ["ReLU in place"] = () => Sequential(("relu", ReLU(inplace: true)), ("conv", Conv2d(3, 4, 3))),
        ["clamp_"] = () => Of((net, x) => net.Call("conv", x.clamp_(-1, 1)), Conv()),
        ["put by index"] = () =>
            Of(
                (net, x) =>
                    Changed(
                        net,
                        x,
                        image => image[TensorIndex.Colon, TensorIndex.Single(0), TensorIndex.Single(3)] = zeros(12, dtype: image.dtype)
                    ),
                Conv()
            ),
        ["put by mask"] = () => Of((net, x) => Changed(net, x, image => image.masked_fill_(image.gt(0.3), 0.3)), Conv()),
        ["put by tensor"] = () =>
            Of(
                (net, x) =>
                    Changed(
                        net,
                        x,
                        image => image.index_put_(tensor(7.0, dtype: image.dtype), tensor(new long[] { 0 }), tensor(new long[] { 1 }))
                    ),
                Conv()
            ),
        ["copy_"] = () => Of((net, x) => Changed(net, x, image => image.copy_(image.flip(3))), Conv()),
        ["zero_ in part"] = () => Of((net, x) => Changed(net, x, image => image[.., .., 2..5].zero_()), Conv()),
        ["unsqueeze_"] = () => Of((net, x) => net.Call("conv", x.unsqueeze_(0).squeeze(0)), Conv()),
        ["a counter and noise before it writes"] = () => Of(CountThenWrite, Conv(), ("bn", BatchNorm2d(4)), ("runs", zeros(1))),
        ["keeps its image"] = () => Of((net, x) => Keep(net, x, net.Call("conv", x)), Conv()),
        ["running mean of its images"] = () => Of(RunningMean, Conv()),
        ["running mean in place, begun anew"] = () => Of(RunningMeanInPlace, Conv()),
        ["difference to the frame before"] = () =>
            Of((net, x) => Keep(net, x, net.Call("conv", net.Kept.TryGetValue("image", out Tensor? before) ? x - before : x)), Conv()),
        ["cached grid"] = () => Of(CachedGrid, Conv()),
        ["hidden state"] = () => Of(HiddenState, Conv(), ("back", Conv2d(4, 4, 3, padding: 1))),
        ["disposes its image"] = () => Of(DisposesImage, Conv()),
        ["gives its image"] = () => Of((_, x) => x, Conv()),
        ["gives a part of its image"] = () => Of((_, x) => x[.., 1..], Conv()),
        ["argmax"] = () => Of((net, x) => net.Call("conv", x).argmax(1), Conv()),
        ["a mask"] = () => Of((net, x) => net.Call("conv", x).gt(0), Conv()),
        ["bytes"] = () => Of((net, x) => (net.Call("conv", x).sigmoid() * 255).to(ScalarType.Byte), Conv()),
        ["softmax at the end"] = () => Of((net, x) => net.Call("conv", x).softmax(1), Conv()),
        ["float32 inside"] = () => Of((net, x) => net.Call("conv", x.to(ScalarType.Float32).to(ScalarType.Float64)), Conv()),
        ["transform_input"] = () =>
            Of(
                (net, x) =>
                    net.Call(
                        "conv",
                        cat(
                            [
                                (x[.., 0].unsqueeze(1) * 0.45) - 0.03,
                                (x[.., 1].unsqueeze(1) * 0.44) - 0.08,
                                (x[.., 2].unsqueeze(1) * 0.45) - 0.18,
                            ],
                            1
                        )
                    ),
                Conv()
            ),
        ["a fixed blur first"] = () =>
            Of(
                (net, x) => net.Call("conv", functional.conv2d(x, net.Buffer("blur"), padding: [1, 1], groups: 3)),
                Conv(),
                ("blur", ones(3, 1, 3, 3) / 9)
            ),
        ["a blur layer first"] = () => Sequential(("blur", Conv2d(3, 3, 3, groups: 3, bias: false)), ("conv", Conv2d(3, 4, 3))),
        ["a 1x1 that mixes the channels first"] = () => Sequential(("mix", Conv2d(3, 3, 1)), ("conv", Conv2d(3, 4, 3))),
        ["attention over the image"] = () =>
            Of((net, x) => net.Call("conv", x) * functional.softmax(x.flatten(2).transpose(1, 2).matmul(x.flatten(2)), -1).mean(), Conv()),
        ["decides by values"] = () => Of((net, x) => x.mean().item<double>() > 0 ? net.Call("conv", x) : net.Call("conv", x.neg()), Conv()),
        ["its own autograd"] = () => Of(OwnGradient, Conv()),
        ["under no_grad"] = () => Of(UnderNoGrad, Conv()),
        ["spectral norm by hand"] = () =>
            Of(
                (net, x) =>
                    functional.conv2d(
                        x,
                        ((TorchSharp.Modules.Conv2d)net.Layer("conv")).weight / ((TorchSharp.Modules.Conv2d)net.Layer("conv")).weight.norm()
                    ),
                Conv()
            ),
        ["PReLU of each channel"] = () => Sequential(("act", PReLU(3)), ("conv", Conv2d(3, 4, 3))),
        ["GroupNorm"] = () => Sequential(("norm", GroupNorm(3, 3, affine: false)), ("conv", Conv2d(3, 4, 3))),
        ["LayerNorm"] = () => Sequential(("norm", LayerNorm([3, 12, 12])), ("conv", Conv2d(3, 4, 3))),
        ["ChannelShuffle"] = () => Sequential(("shuffle", ChannelShuffle(3)), ("conv", Conv2d(3, 4, 3))),
        ["upsampled first"] = () => Sequential(("up", Upsample(scale_factor: [2, 2])), ("conv", Conv2d(3, 4, 3))),
        ["pooled first"] = () => Sequential(("pool", AvgPool2d(2)), ("conv", Conv2d(3, 4, 3))),
    };

    public static TheoryData<string> Names => [.. OfOneImage.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_one_image(string name) => StackedRun.Compare(OfOneImage[name]);

    private static (string Name, object Part) Conv(long channels = 3) => ("conv", Conv2d(channels, 4, 3, padding: 1));

    private static Net<Tensor, Tensor> Of(Func<Parts, Tensor, Tensor> run, params (string Name, object Part)[] parts) => new(run, parts);

    private static Tensor Every(Tensor image, int row, int column) =>
        image.slice(2, row, image.size(2), 2).slice(3, column, image.size(3), 2);

    private static Tensor Changed(Parts net, Tensor image, Action<Tensor> change)
    {
        change(image);
        return net.Call("conv", image);
    }

    private static void EachPlane(Tensor image, Action<Tensor, int> change)
    {
        for (int index = 0; index < 3; index++)
        {
            change(image.select(1, index), index);
        }
    }

    private static Tensor CountThenWrite(Parts net, Tensor image)
    {
        net.Buffer("runs").add_(1);
        Tensor features = net.Call("bn", net.Call("conv", image)) + rand(1, dtype: image.dtype);
        return features + net.Call("conv", image.clamp_(-5, 1));
    }

    private static Tensor Keep(Parts net, Tensor image, Tensor result)
    {
        net.Kept["image"] = image;
        return result;
    }

    private static Tensor RunningMean(Parts net, Tensor image)
    {
        net.Kept["mean"] = net.Kept.TryGetValue("mean", out Tensor? mean) ? (mean * 0.9) + image : image;
        return net.Call("conv", net.Kept["mean"]);
    }

    private static Tensor RunningMeanInPlace(Parts net, Tensor image)
    {
        int calls = net.Kept.Count;
        net.Kept["mean"] = calls % 3 != 0 ? net.Kept["mean"].mul_(0.9).add_(image) : image;
        net.Kept[$"call{calls}"] = image;
        return net.Call("conv", net.Kept["mean"]);
    }

    private static Tensor CachedGrid(Parts net, Tensor image)
    {
        if (!net.Kept.TryGetValue("grid", out Tensor? grid))
        {
            net.Kept["grid"] = grid = ones_like(image) / 2;
        }

        return net.Call("conv", image * grid) + net.Call("conv", grid);
    }

    private static Tensor HiddenState(Parts net, Tensor image)
    {
        Tensor features = net.Call("conv", image);
        Tensor state = net.Kept.TryGetValue("state", out Tensor? before) ? (features + net.Call("back", before)).tanh() : features;
        net.Kept["state"] = state.detach();
        return state;
    }

    private static Tensor DisposesImage(Parts net, Tensor image)
    {
        using Tensor own = image;
        return net.Call("conv", own);
    }

    private static Tensor OwnGradient(Parts net, Tensor image)
    {
        using IDisposable enabled = enable_grad();
        using Tensor leaf = image.detach().requires_grad_();
        Tensor energy = net.Call("conv", leaf).square().sum();
        return net.Call("conv", image) + autograd.grad([energy], [leaf], create_graph: true)[0].mean();
    }

    private static Tensor UnderNoGrad(Parts net, Tensor image)
    {
        using IDisposable disabled = no_grad();
        return net.Call("conv", image);
    }
}
