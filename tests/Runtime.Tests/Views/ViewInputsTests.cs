using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>Networks of several inputs, of lists, of other layouts and of other answers than one tensor.</summary>
public class ViewInputsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_image_and_a_number_for_each(bool isNamed) =>
        Compare(
            () => new Net<Tensor, Tensor, Tensor>((net, image, age) => net.Call("conv", image).mean([2, 3]) + age, Conv()),
            () => (Gray(2, 1, 12, 12), Gray(2, 1)),
            given => (StackedRun.Stack(given.Item1), given.Item2),
            net => net.AsGrayscale(image: isNamed ? "first" : null)
        );

    [Fact]
    public void Tokens_and_an_image_that_is_named() =>
        Compare(
            () =>
                new Net<Tensor, Tensor, Tensor>(
                    (net, tokens, image) => net.Call("conv", image).mean([2, 3]) + tokens.to(image.dtype).mean(),
                    Conv()
                ),
            () => (randint(0, 100, [2, 7]), Gray(2, 1, 12, 12)),
            given => (given.Item1, StackedRun.Stack(given.Item2)),
            net => net.AsGrayscale(image: "second")
        );

    /// <summary>As a perceptual distance does it: a scaling layer of buffers, one backbone called twice.</summary>
    [Theory]
    [InlineData("first, second")]
    [InlineData("second,first")]
    public void Two_images_through_scaling_buffers_and_one_backbone(string image) =>
        Compare(
            () =>
                new Net<Tensor, Tensor, Tensor>(
                    (net, x, y) =>
                        (
                            net.Call("conv", (x - net.Buffer("shift")) / net.Buffer("scale"))
                            - net.Call("conv", (y - net.Buffer("shift")) / net.Buffer("scale"))
                        )
                            .square()
                            .mean([1, 2, 3]),
                    Conv(),
                    ("shift", rand(1, 3, 1, 1)),
                    ("scale", rand(1, 3, 1, 1) + 0.5)
                ),
            () => (Gray(2, 1, 12, 12), Gray(2, 1, 12, 12)),
            given => (StackedRun.Stack(given.Item1), StackedRun.Stack(given.Item2)),
            net => net.AsGrayscale(image: image)
        );

    [Fact]
    public void One_gray_and_one_color_image() =>
        Compare(
            () => new Net<Tensor, Tensor, Tensor>((net, x, y) => net.Call("conv", x) - net.Call("conv", y), Conv()),
            () => (Gray(2, 1, 12, 12), Gray(2, 3, 12, 12)),
            given => (StackedRun.Stack(given.Item1), given.Item2),
            net => net.AsGrayscale(image: "first, second")
        );

    [Fact]
    public void The_second_image_is_written_to() =>
        Compare(
            () => new Net<Tensor, Tensor, Tensor>((net, x, y) => net.Call("conv", x) - net.Call("conv", y.sub_(x).clamp_(-1, 1)), Conv()),
            () => (Gray(2, 1, 12, 12), Gray(2, 1, 12, 12)),
            given => (StackedRun.Stack(given.Item1), StackedRun.Stack(given.Item2)),
            net => net.AsGrayscale(image: "first, second")
        );

    [Fact]
    public void The_same_image_twice() =>
        Compare(
            () => new Net<Tensor, Tensor, Tensor>((net, x, y) => net.Call("conv", x) * net.Call("conv", y), Conv()),
            () =>
            {
                Tensor image = Gray(2, 1, 12, 12);
                return (image, image);
            },
            given => (StackedRun.Stack(given.Item1), StackedRun.Stack(given.Item2)),
            net => net.AsGrayscale(image: "first, second")
        );

    [Fact]
    public void An_image_and_flags() =>
        Compare(
            () => new Net<Tensor, bool, (Tensor, Tensor?)>((net, x, all) => (net.Call("conv", x), all ? x.mean([2, 3]) : null), Conv()),
            () => (Gray(2, 1, 12, 12), rand(1).item<float>() > 0.5f),
            given => (StackedRun.Stack(given.Item1), given.Item2),
            net => net.AsGrayscale()
        );

    public static TheoryData<string> Lists => [.. Detectors.Keys];

    private static readonly Dictionary<string, Func<Parts, IReadOnlyList<Tensor>, Tensor>> Detectors = new()
    {
        ["stacked to a batch"] = (net, images) => net.Call("conv", stack(images)),
        ["one by one"] = (net, images) => images.Select(image => net.Call("conv", image).mean([1, 2])).Aggregate((sum, next) => sum + next),
        ["padded into a batch"] = (net, images) => net.Call("conv", Batch(images)),
        ["normalized one by one"] = (net, images) => net.Call("conv", stack([.. images.Select(image => (image - net.Buffer("mean")) / 2)])),
        ["written to"] = (net, images) => net.Call("conv", stack([.. images.Select(image => image.sub_(net.Buffer("mean")))])),
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Lists_of_images(string name) =>
        Compare(
            () => new Net<List<Tensor>, Tensor>((net, images) => Detectors[name](net, images), Conv(), ("mean", rand(3, 1, 1))),
            () => (List<Tensor>)[Gray(1, 12, 12), Gray(1, 12, 12)],
            images => [.. images.Select(image => StackedRun.Stack(image, 0))],
            net => net.AsGrayscale()
        );

    [Theory]
    [MemberData(nameof(Lists))]
    public void Arrays_of_images(string name) =>
        Compare(
            () => new Net<Tensor[], Tensor>((net, images) => Detectors[name](net, images), Conv(), ("mean", rand(3, 1, 1))),
            () => (Tensor[])[Gray(1, 12, 12), Gray(1, 12, 12)],
            images => [.. images.Select(image => StackedRun.Stack(image, 0))],
            net => net.AsGrayscale()
        );

    [Theory]
    [MemberData(nameof(Lists))]
    public void Sequences_of_images(string name) =>
        Compare(
            () =>
                new Net<IEnumerable<Tensor>, Tensor>(
                    (net, images) => Detectors[name](net, images.ToArray()),
                    Conv(),
                    ("mean", rand(3, 1, 1))
                ),
            () => (IEnumerable<Tensor>)(Tensor[])[Gray(1, 12, 12), Gray(1, 12, 12)],
            images => [.. images.Select(image => StackedRun.Stack(image, 0))],
            net => net.AsGrayscale()
        );

    [Fact]
    public void A_list_and_a_list_of_others() =>
        Compare(
            () =>
                new Net<List<Tensor>, List<Tensor>, List<Dictionary<string, Tensor>>>(
                    (net, images, boxes) =>
                        [
                            .. images.Zip(
                                boxes,
                                (image, box) =>
                                    new Dictionary<string, Tensor>
                                    {
                                        ["boxes"] = box + 1,
                                        ["scores"] = net.Call("conv", image).mean([1, 2]),
                                    }
                            ),
                        ],
                    Conv()
                ),
            () => ((List<Tensor>)[Gray(1, 12, 12), Gray(1, 9, 11)], (List<Tensor>)[Gray(3, 4), Gray(2, 4)]),
            given => ((List<Tensor>)[.. given.Item1.Select(image => StackedRun.Stack(image, 0))], given.Item2),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Channels_last() =>
        Compare(
            () => new Net<Tensor, Tensor>((net, image) => net.Call("conv", image.permute(0, 3, 1, 2)), Conv()),
            () => Gray(2, 12, 10, 1),
            image => StackedRun.Stack(image, 3),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Frames() =>
        Compare(
            () =>
                new Net<Tensor, Tensor>(
                    (net, image) => net.Call("conv", image.flatten(0, 1)).unflatten(0, image.shape[0], image.shape[1]),
                    Conv()
                ),
            () => Gray(2, 4, 1, 12, 10),
            image => StackedRun.Stack(image, 2),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Frames_seen_as_a_batch() =>
        Compare(
            () => new Net<Tensor, Tensor>((net, image) => net.Call("conv", image.view(-1, 3, image.shape[3], image.shape[4])), Conv()),
            () => Gray(2, 4, 1, 12, 10),
            image => StackedRun.Stack(image, 2),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Frames_of_three() =>
        Compare(
            () => new Net<Tensor, Tensor>((net, image) => net.Call("conv", image.flatten(0, 1)), Conv()),
            () => Gray(2, 3, 1, 12, 10),
            image => StackedRun.Stack(image, 2),
            net => net.AsGrayscale()
        );

    [Fact]
    public void A_volume() =>
        Compare(
            () => new Net<Tensor, Tensor>((net, image) => net.Call("conv", image), ("conv", Conv3d(3, 4, 3))),
            () => Gray(2, 1, 5, 6, 7),
            image => StackedRun.Stack(image),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Without_a_batch() =>
        Compare(
            () => new Net<Tensor, Tensor>((net, image) => net.Call("conv", image), Conv()),
            () => Gray(1, 12, 12),
            image => StackedRun.Stack(image, 0),
            net => net.AsGrayscale()
        );

    [Fact]
    public void Stems_by_size() =>
        StackedRun.Compare(
            () =>
                new Net<Tensor, Tensor>(
                    (net, image) => image.shape[^1] < 10 ? net.Call("conv", image) : net.Call("large", image),
                    Conv(),
                    ("large", Conv2d(3, 4, 5))
                ),
            number => Gray(2, 1, 12, 7 + number)
        );

    internal sealed record Answer(Tensor Scores, Tensor Image, IReadOnlyList<Tensor> Features);

    [Fact]
    public void An_answer_that_is_a_record_with_the_image_in_it()
    {
        CompareWritten(
            () =>
                new Net<Tensor, Answer>((net, image) => new Answer(net.Call("conv", image), image, [net.Call("conv", image * 2)]), Conv()),
            answer => answer.Image
        );
        CompareWritten(
            () => new Net<Tensor, (Tensor, Tensor)>((net, image) => (net.Call("conv", image), image), Conv()),
            answer => answer.Item2
        );
        CompareWritten(() => new Net<Tensor, List<Tensor>>((net, image) => [image, net.Call("conv", image)], Conv()), answer => answer[0]);
        CompareWritten(() => new Net<Tensor, Tensor[]>((net, image) => [image, net.Call("conv", image)], Conv()), answer => answer[0]);
        CompareWritten(
            () =>
                new Net<Tensor, Dictionary<string, Tensor>>(
                    (net, image) => new() { ["x"] = image, ["y"] = net.Call("conv", image) },
                    Conv()
                ),
            answer => answer["x"]
        );
        CompareWritten(() => new Net<Tensor, Tensor>((_, image) => image, Conv()), answer => answer);
        CompareWritten(() => new Net<Tensor, Tensor>((_, image) => image.transpose(2, 3), Conv()), answer => answer);
    }

    /// <summary>The caller may write to the image that he is given back, as after a stacked run.</summary>
    private static void CompareWritten<TResult>(Func<Module<Tensor, TResult>> make, Func<TResult, Tensor> image)
    {
        StackedRun.Compare(make);
        using Module<Tensor, TResult> net = make();
        net.to(ScalarType.Float64);
        for (int run = 0; run < 4; run++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor gray = Gray(1, 1, 12, 12);
            Tensor copy = gray.clone();
            Tensor expected = image(net.forward(StackedRun.Stack(gray)));
            Tensor actual = image(net.AsGrayscale().forward(gray));
            expected[.., 1].mul_(3);
            actual[.., 1].mul_(3);
            StackedRun.AssertEqual(expected, actual.add_(0), "written to");
            Assert.True(copy.Equals(gray), "the caller's own image");
        }
    }

    /// <summary>A video loop that reads each frame into the same tensor, before a network that compares frames.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_callers_tensor_is_used_again_or_disposed(bool disposes)
    {
        static Module<Tensor, Tensor> Made()
        {
            manual_seed(3);
            return new Net<Tensor, Tensor>(
                (net, x) =>
                {
                    Tensor result = net.Call("conv", net.Kept.TryGetValue("before", out Tensor? before) ? x - before : x);
                    net.Kept["before"] = x;
                    return result;
                },
                Conv()
            );
        }

        using Module<Tensor, Tensor> plain = Made();
        using Module<Tensor, Tensor> seen = Made();
        Tensor frame = zeros(1, 1, 12, 12);
        for (int number = 0; number < 6; number++)
        {
            if (disposes)
            {
                frame.Dispose();
                frame = rand(1, 1, 12, 12);
            }
            else
            {
                frame.copy_(rand(1, 1, 12, 12));
            }

            using Tensor expected = plain.forward(StackedRun.Stack(frame));
            using Tensor actual = seen.AsGrayscale().forward(frame);
            Assert.True(Bounds.LargestDifference(expected, actual) < 1e-5);
        }

        frame.Dispose();
    }

    /// <summary>Images of inference mode are still about when the network is seen to need memory for each channel.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void In_inference_mode_first_and_with_memory_of_its_own_then(bool keeps)
    {
        var kept = new List<Tensor>();
        using var net = new Net<Tensor, Tensor>(
            (parts, x) =>
            {
                if (keeps)
                {
                    kept.Add(x);
                }

                return parts.Call("conv", x).mean([1, 2, 3]) + (parts.Training ? x.view(x.shape[0], -1).mean([1]) : x.mean([1, 2, 3]));
            },
            Conv()
        );
        net.to(ScalarType.Float64);
        foreach (bool trains in (bool[])[false, true, false, true])
        {
            net.train(trains);
            using IDisposable? mode = trains ? null : inference_mode();
            for (int run = 0; run < 4; run++)
            {
                Tensor gray = Gray(2, 1, 12, 12);
                StackedRun.AssertEqual(
                    net.forward(StackedRun.Stack(gray)),
                    net.AsGrayscale().forward(gray),
                    $"run {run}, trains: {trains}"
                );
            }
        }

        Assert.All(kept, image => Assert.Equal([2, 3, 12, 12], image.shape));
    }

    private static Tensor Gray(params long[] shape) => randn(shape, dtype: ScalarType.Float64);

    private static (string Name, object Part) Conv() => ("conv", Conv2d(3, 4, 3, padding: 1));

    private static Tensor Batch(IReadOnlyList<Tensor> images)
    {
        Tensor batch = zeros(images.Count, 3, 16, 16, dtype: images[0].dtype);
        for (int index = 0; index < images.Count; index++)
        {
            batch[index, .., ..12, ..12].copy_(images[index]);
        }

        return batch;
    }

    private static void Compare<T, TResult>(
        Func<Module<T, TResult>> make,
        Func<T> inputs,
        Func<T, T> stack,
        Func<Module<T, TResult>, Module<T, TResult>> view
    ) =>
        StackedRun.Compare(
            make,
            _ => inputs(),
            stack,
            static (net, given) => net.forward(given),
            static (net, given) => net.call(given),
            view
        );

    private static void Compare<T1, T2, TResult>(
        Func<Module<T1, T2, TResult>> make,
        Func<(T1, T2)> inputs,
        Func<(T1, T2), (T1, T2)> stack,
        Func<Module<T1, T2, TResult>, Module<T1, T2, TResult>> view
    ) =>
        StackedRun.Compare(
            make,
            _ => inputs(),
            stack,
            static (net, given) => net.forward(given.Item1, given.Item2),
            static (net, given) => net.call(given.Item1, given.Item2),
            view
        );
}
