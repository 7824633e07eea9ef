using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>A network trained through its view is the network trained on stacked images, whoever holds its parameters.</summary>
public class ViewTrainingTests
{
    private const int Steps = 40;
    private const double Bound = 1e-12;

    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Optimizers = new()
    {
        ["SGD"] = parameters => optim.SGD(parameters, 0.05),
        ["SGD with momentum and decay"] = parameters => optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01),
        ["Nesterov"] = parameters => optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01, nesterov: true),
        ["Adam with L2"] = parameters => optim.Adam(parameters, 0.01, weight_decay: 0.01),
        ["AdamW"] = parameters => optim.AdamW(parameters, 0.01),
        ["amsgrad"] = parameters => optim.Adam(parameters, 0.01, amsgrad: true),
        ["RMSProp"] = parameters => optim.RMSProp(parameters, 0.01, momentum: 0.5, centered: true),
        ["Adagrad"] = parameters => optim.Adagrad(parameters, 0.05),
        ["Adadelta"] = parameters => optim.Adadelta(parameters, 0.5),
        ["Adamax"] = parameters => optim.Adamax(parameters, 0.01),
        ["NAdam"] = parameters => optim.NAdam(parameters, 0.01),
        ["RAdam"] = parameters => optim.RAdam(parameters, 0.01),
        ["ASGD"] = parameters => optim.ASGD(parameters, 0.05),
        ["Rprop"] = parameters => optim.Rprop(parameters, 0.01),
        ["LBFGS"] = parameters => optim.LBFGS(parameters, 0.01, max_iter: 2),
    };

    public static TheoryData<string> OptimizerNames => [.. Optimizers.Keys];

    [Theory]
    [MemberData(nameof(OptimizerNames))]
    public void With_the_optimizer_made_before(string name)
    {
        var plain = new Training(Optimizers[name]);
        var seen = new Training(Optimizers[name]);
        AssertSame(plain.Run(stacks: true), seen.Run(stacks: false));
        plain.AssertSameState(seen);
    }

    [Fact]
    public void With_a_scheduler_attached_before()
    {
        static Training Made() => new(Optimizers["AdamW"], optimizer => optim.lr_scheduler.StepLR(optimizer, 7, 0.5));
        Training plain = Made();
        Training seen = Made();
        AssertSame(plain.Run(stacks: true), seen.Run(stacks: false));
        plain.AssertSameState(seen);
    }

    [Fact]
    public void With_clipped_gradients_an_average_of_the_weights_and_a_penalty()
    {
        var plain = new Training(Optimizers["SGD with momentum and decay"])
        {
            Clips = true,
            Averages = true,
            Penalizes = true,
        };
        var seen = new Training(Optimizers["SGD with momentum and decay"])
        {
            Clips = true,
            Averages = true,
            Penalizes = true,
        };
        AssertSame(plain.Run(stacks: true), seen.Run(stacks: false));
        plain.AssertSameState(seen);
        StackedRun.AssertEqual(StackedRun.State(plain.Average), StackedRun.State(seen.Average), "the average");
    }

    [Fact]
    public void With_gradients_of_several_batches_summed_up()
    {
        var plain = new Training(Optimizers["Adam with L2"]) { Accumulates = 3 };
        var seen = new Training(Optimizers["Adam with L2"]) { Accumulates = 3 };
        AssertSame(plain.Run(stacks: true), seen.Run(stacks: false));
        plain.AssertSameState(seen);
    }

    [Fact]
    public void With_frozen_kernels_and_then_with_all()
    {
        Training[] both = [new(Optimizers["SGD"]), new(Optimizers["SGD"])];
        double[][] losses =
        [
            .. both.Select(
                (training, index) =>
                {
                    training.Net.Stem.weight.requires_grad = false;
                    double[] frozen = training.Run(stacks: index == 0);
                    training.Net.Stem.weight.requires_grad = true;
                    return (double[])[.. frozen, .. training.Run(stacks: index == 0)];
                }
            ),
        ];
        AssertSame(losses[0], losses[1]);
        both[0].AssertSameState(both[1]);
    }

    public static TheoryData<string> Gradients => ["backward", "grad", "twice"];

    /// <summary>That of each kernel is the one of the stacked run, and has memory of its own.</summary>
    [Theory]
    [MemberData(nameof(Gradients))]
    public void Gradients_are_ordinary_tensors(string way)
    {
        foreach (
            Func<Module<Tensor, Tensor>> make in (Func<Module<Tensor, Tensor>>[])
                [
                    static () => Sequential(("conv", Conv2d(3, 4, 3)), ("act", Tanh())),
                    static () => Sequential(("conv", Conv2d(3, 6, 3, groups: 3)), ("act", Tanh())),
                    static () => Sequential(("conv", ConvTranspose2d(3, 4, 3)), ("act", Tanh())),
                    static () => Sequential(("conv", ConvTranspose2d(3, 6, 3, groups: 3)), ("act", Tanh())),
                    static () => Conv2d(3, 4, 3, padding: 2, padding_mode: PaddingModes.Circular),
                ]
        )
        {
            using DisposeScope scope = NewDisposeScope();
            manual_seed(1);
            Module<Tensor, Tensor> plain = make().to(ScalarType.Float64);
            manual_seed(1);
            Module<Tensor, Tensor> seen = make().to(ScalarType.Float64);
            for (int run = 0; run < 3; run++)
            {
                Tensor gray = randn(2, 1, 8, 8, dtype: ScalarType.Float64);
                Tensor[] expected = Gradient(plain, plain.call(StackedRun.Stack(gray)), way);
                Tensor[] actual = Gradient(seen, seen.AsGrayscale().call(gray), way);
                StackedRun.AssertEqual(expected, actual, way);
                foreach ((Tensor one, Tensor other) in expected.Zip(actual))
                {
                    Assert.Equal(one.is_contiguous(), other.is_contiguous());
                    Assert.Equal(one.stride(), other.stride());
                    using IDisposable grad = no_grad();
                    other.mul_(2).clamp_(-1, 1);
                }
            }
        }
    }

    [Fact]
    public void In_inference_mode_first_and_trained_then()
    {
        Training[] both = [new(Optimizers["AdamW"]), new(Optimizers["AdamW"])];
        double[][] losses =
        [
            .. both.Select(
                (training, index) =>
                {
                    using (IDisposable mode = inference_mode())
                    {
                        using Tensor gray = rand(2, 1, 16, 16, dtype: ScalarType.Float64);
                        for (int run = 0; run < 3; run++)
                        {
                            (index == 0 ? training.Net.call(StackedRun.Stack(gray)) : training.Net.AsGrayscale().call(gray)).Dispose();
                        }
                    }

                    return training.Run(stacks: index == 0);
                }
            ),
        ];
        AssertSame(losses[0], losses[1]);
    }

    [Fact]
    public void Between_evaluations_without_gradients()
    {
        Training[] both = [new(Optimizers["RMSProp"]), new(Optimizers["RMSProp"])];
        double[][] losses =
        [
            .. both.Select(
                (training, index) =>
                {
                    var all = new List<double>();
                    for (int epoch = 0; epoch < 3; epoch++)
                    {
                        all.AddRange(training.Run(stacks: index == 0));
                        using IDisposable grad = no_grad();
                        training.Net.eval();
                        manual_seed(epoch);
                        using Tensor gray = rand(2, 1, 16, 16, dtype: ScalarType.Float64);
                        using Tensor answer =
                            index == 0 ? training.Net.call(StackedRun.Stack(gray)) : training.Net.AsGrayscale().call(gray);
                        Assert.False(answer.requires_grad);
                        all.Add(answer.sum().item<double>());
                    }

                    return all.ToArray();
                }
            ),
        ];
        AssertSame(losses[0], losses[1]);
    }

    private static Tensor[] Gradient(Module<Tensor, Tensor> net, Tensor answer, string way)
    {
        Parameter[] parameters = [.. net.parameters()];
        Tensor loss = answer.square().sum();
        if (way == "backward")
        {
            net.zero_grad();
            loss.backward();
            return [.. parameters.Select(parameter => parameter.grad!)];
        }

        IList<Tensor> gradients = autograd.grad([loss], parameters, retain_graph: way == "twice", create_graph: way == "twice");
        if (way == "grad")
        {
            return [.. gradients];
        }

        Tensor norm = gradients.Select(gradient => gradient.square().sum()).Aggregate((sum, term) => sum + term);
        return [.. autograd.grad([norm], parameters, allow_unused: true).Where(gradient => gradient is not null)];
    }

    private static void AssertSame(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Bound));
        Assert.True(Math.Abs(expected[0] - expected[^1]) > 1e-6, "the training does nothing");
    }

    /// <summary>A network, with an optimizer and whatever else holds its parameters, all made before there is a view.</summary>
    private sealed class Training
    {
        private readonly optim.Optimizer optimizer;
        private readonly optim.lr_scheduler.LRScheduler? scheduler;

        public Training(
            Func<IEnumerable<Parameter>, optim.Optimizer> optimizer,
            Func<optim.Optimizer, optim.lr_scheduler.LRScheduler>? scheduler = null
        )
        {
            manual_seed(7);
            // A bias before a normalization has no gradient but rounding, which some optimizers make much of.
            Net = new PlainNet(bias: false);
            Average = new PlainNet(bias: false);
            Net.to(ScalarType.Float64);
            Average.to(ScalarType.Float64);
            Average.load_state_dict(Net.state_dict());
            this.optimizer = optimizer(Net.parameters());
            this.scheduler = scheduler?.Invoke(this.optimizer);
        }

        public PlainNet Net { get; }

        public PlainNet Average { get; }

        public bool Clips { get; init; }

        public bool Averages { get; init; }

        public bool Penalizes { get; init; }

        public int Accumulates { get; init; } = 1;

        public double[] Run(bool stacks)
        {
            Net.train();
            return [.. Enumerable.Range(0, Steps).Select(step => Step(step, stacks))];
        }

        public void AssertSameState(Training other)
        {
            StackedRun.AssertEqual(StackedRun.State(Net), StackedRun.State(other.Net), "the state");
            StackedRun.AssertEqual(
                Net.parameters().Select(parameter => parameter.grad).ToList(),
                other.Net.parameters().Select(parameter => parameter.grad).ToList(),
                "the gradients"
            );
        }

        private double Step(int step, bool stacks)
        {
            using DisposeScope scope = NewDisposeScope();
            manual_seed(step);
            Tensor gray = rand(4, 1, 16, 16, dtype: ScalarType.Float64);
            Tensor target = randn(4, 4, dtype: ScalarType.Float64);
            Tensor taken = optimizer.step(() =>
            {
                // LBFGS asks several times in a step.
                manual_seed(1000 + step);
                optimizer.zero_grad();
                Tensor sum = zeros(1, dtype: ScalarType.Float64);
                for (int batch = 0; batch < Accumulates; batch++)
                {
                    Tensor loss = Loss(gray + batch, target, stacks);
                    loss.backward();
                    sum += loss.detach();
                }

                if (Clips)
                {
                    nn.utils.clip_grad_norm_(Net.parameters(), 0.1);
                }

                return sum;
            });
            scheduler?.step();
            if (Averages)
            {
                using IDisposable grad = no_grad();
                foreach ((Parameter kept, Parameter now) in Average.parameters().Zip(Net.parameters()))
                {
                    kept.mul_(0.9).add_(now, 0.1);
                }
            }

            return taken.item<double>();
        }

        private Tensor Loss(Tensor gray, Tensor target, bool stacks)
        {
            Tensor answer = stacks ? Net.call(StackedRun.Stack(gray)) : Net.AsGrayscale().call(gray);
            Tensor loss = functional.mse_loss(answer, target);
            return Penalizes ? Net.parameters().Aggregate(loss, static (sum, parameter) => sum + (parameter.square().sum() * 1e-3)) : loss;
        }
    }
}
