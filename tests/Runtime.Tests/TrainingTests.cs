using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

/// <summary>The training of a converted network, beside that of the same network on stacked images.</summary>
public class TrainingTests
{
    private const int Steps = 30;

    /// <summary>Two unit roundings of a loss about 1: the sums of the two networks are taken in another order.</summary>
    private const double SameLoss = 4.5e-16;

    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Optimizers = new()
    {
        ["SGD"] = parameters => optim.SGD(parameters, 0.02),
        ["SGD, momentum"] = parameters => optim.SGD(parameters, 0.02, momentum: 0.9, dampening: 0.1, weight_decay: 0.01),
        ["SGD, Nesterov"] = parameters => optim.SGD(parameters, 0.02, momentum: 0.9, weight_decay: 0.01, nesterov: true),
        ["Adam"] = parameters => optim.Adam(parameters, 0.002),
        ["Adam, amsgrad"] = parameters => optim.Adam(parameters, 0.002, beta1: 0.8, amsgrad: true),
        ["AdamW"] = parameters => optim.AdamW(parameters, 0.002, weight_decay: 0.05),
        ["AdamW, amsgrad"] = parameters => optim.AdamW(parameters, 0.002, beta1: 0.8, weight_decay: 0.1, amsgrad: true),
        ["NAdam"] = parameters => optim.NAdam(parameters, 0.002),
        ["RAdam"] = parameters => optim.RAdam(parameters, 0.05),
        ["Adamax"] = parameters => optim.Adamax(parameters, 0.002),
        ["RMSProp"] = parameters => optim.RMSProp(parameters, 0.001),
        ["RMSProp, centered"] = parameters => optim.RMSProp(parameters, 0.001, momentum: 0.9, centered: true),
        ["Adagrad"] = parameters => optim.Adagrad(parameters, 0.005, lr_decay: 0.01, initial_accumulator_value: 0.1),
        ["Adadelta"] = parameters => optim.Adadelta(parameters, 0.5),
        ["Rprop"] = parameters => optim.Rprop(parameters, 0.001, max_step: 0.004),
    };

    public static TheoryData<string, string> Follow
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string optimizer in Optimizers.Keys)
            {
                foreach (string net in new[] { "Conv2d", "Conv1d of two", "grouped", "depthwise", "transposed", "scaled" })
                {
                    all.Add(optimizer, net);
                }
            }

            return all;
        }
    }

    public static TheoryData<string> Running => new(Optimizers.Keys);

    [Theory]
    [MemberData(nameof(Follow))]
    public void Thirty_steps_follow_the_stacked_training(string optimizer, string kind)
    {
        var twins = new Twins(kind);
        using optim.Optimizer ofStacked = Optimizers[optimizer](twins.Stacked.parameters());
        twins.Convert();
        using optim.Optimizer ofGray = Optimizers[optimizer](twins.Converted.parameters());
        Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, Steps), 0, Largest(optimizer));
    }

    [Theory]
    [MemberData(nameof(Running))]
    public void An_optimizer_that_was_running_goes_on(string optimizer)
    {
        var twins = new Twins("Conv2d");
        using optim.Optimizer ofStacked = Optimizers[optimizer](twins.Stacked.parameters());
        using optim.Optimizer ofGray = Optimizers[optimizer](twins.Gray.parameters());
        Assert.Equal(0, twins.LargestLossDifference(ofStacked, ofGray, 10));
        twins.Convert();
        Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, Steps), 0, Largest(optimizer));
    }

    [Theory]
    [InlineData("Adam")]
    [InlineData("SGD, momentum")]
    public void One_that_had_not_run_yet_begins(string optimizer)
    {
        var twins = new Twins("grouped");
        using optim.Optimizer ofStacked = Optimizers[optimizer](twins.Stacked.parameters());
        using optim.Optimizer ofGray = Optimizers[optimizer](twins.Gray.parameters());
        twins.Convert();
        Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, Steps), 0, SameLoss);
    }

    [Theory]
    [InlineData("step", false)]
    [InlineData("step", true)]
    [InlineData("lambda", false)]
    [InlineData("lambda", true)]
    [InlineData("cycle", false)]
    [InlineData("cycle", true)]
    public void Schedulers_of_before_and_of_after_are_followed(string scheduler, bool madeBefore)
    {
        var twins = new Twins("Conv2d");
        using optim.Optimizer ofStacked = Optimizers["SGD, momentum"](twins.Stacked.parameters());
        using optim.Optimizer ofGray = Optimizers["SGD, momentum"](twins.Gray.parameters());
        optim.lr_scheduler.LRScheduler first = Make(ofStacked);
        optim.lr_scheduler.LRScheduler? second = madeBefore ? Make(ofGray) : null;
        twins.Convert();
        second ??= Make(ofGray);
        for (int epoch = 0; epoch < 4; epoch++)
        {
            Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, 5, seed: epoch), 0, SameLoss);
            first.step();
            second.step();
        }

        optim.lr_scheduler.LRScheduler Make(optim.Optimizer optimizer) =>
            scheduler switch
            {
                "step" => optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
                "lambda" => optim.lr_scheduler.LambdaLR(optimizer, epoch => 1.0 / (epoch + 1)),
                _ => optim.lr_scheduler.CyclicLR(optimizer, 0.001, 0.05, 2),
            };
    }

    [Fact]
    public void Groups_with_rates_of_their_own_keep_them()
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        using var ofStacked = optim.SGD(Groups(twins.Stacked), 0.01);
        using var ofGray = optim.SGD(Groups(twins.Gray), 0.01);
        Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, Steps), 0, SameLoss);

        static SGD.ParamGroup[] Groups(Module net) =>
            [
                new([.. net.parameters().Skip(1)], lr: 0.03, weight_decay: 0.02),
                new([net.parameters().First()], lr: 0.004, momentum: 0.8, weight_decay: 0.1, maximize: true),
            ];
    }

    [Fact]
    public void The_closure_computes_the_loss_once()
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        using var optimizer = optim.SGD(twins.Converted.parameters(), 0.1);
        using Tensor image = rand(2, 1, 9, 9, dtype: ScalarType.Float64);
        int calls = 0;
        using Tensor? loss = twins.Converted.StepAsStacked(
            optimizer,
            () =>
            {
                calls++;
                Tensor found = twins.Call(image).square().mean();
                found.backward();
                return found;
            }
        );
        Assert.Equal(1, calls);
        Assert.True(loss!.item<double>() > 0);
    }

    [Theory]
    [InlineData("Adam")]
    [InlineData("NAdam")]
    [InlineData("RAdam")]
    [InlineData("Adamax")]
    [InlineData("RMSProp")]
    [InlineData("Adagrad")]
    [InlineData("Adadelta")]
    public void Weight_decay_that_does_not_follow_is_refused_by_name(string kind)
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        IEnumerable<Parameter> parameters = twins.Gray.parameters();
        using optim.Optimizer optimizer = kind switch
        {
            "Adam" => optim.Adam(parameters, weight_decay: 0.5),
            "NAdam" => optim.NAdam(parameters, weight_decay: 0.5),
            "RAdam" => optim.RAdam(parameters, weight_decay: 0.5),
            "Adamax" => optim.Adamax(parameters, weight_decay: 0.5),
            "RMSProp" => optim.RMSProp(parameters, weight_decay: 0.5),
            "Adagrad" => optim.Adagrad(parameters, weight_decay: 0.5),
            _ => optim.Adadelta(parameters, weight_decay: 0.5),
        };
        string message = Refused(twins, optimizer);
        Assert.Contains($"{kind} with weight_decay 0.5", message);
        Assert.Contains("AdamW", message);
    }

    [Fact]
    public void Other_optimizers_are_refused_by_name_with_the_reason()
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        using var asgd = optim.ASGD(twins.Gray.parameters());
        Assert.Contains("ASGD", Refused(twins, asgd));
        Assert.Contains("averages", Refused(twins, asgd));
        using var lbfgs = optim.LBFGS(twins.Gray.parameters());
        Assert.Contains("LBFGS", Refused(twins, lbfgs));
        using var own = new OwnOptimizer(twins.Gray.parameters());
        Assert.Contains("OwnOptimizer", Refused(twins, own));
    }

    [Theory]
    [InlineData("Adam")]
    [InlineData("RMSProp, centered")]
    public void A_state_from_color_images_is_refused_and_left(string kind)
    {
        var twins = new Twins("Conv2d");
        using optim.Optimizer optimizer = Optimizers[kind](twins.Gray.parameters());
        twins.Gray.call(rand(2, 3, 9, 9, dtype: ScalarType.Float64)).square().mean().backward();
        optimizer.step();
        twins.Convert();
        using Tensor before = twins.Gray.parameters().First().detach().clone();
        for (int time = 0; time < 2; time++)
        {
            string message = Assert.Throws<InvalidOperationException>(() => twins.Converted.StepAsStacked(optimizer)).Message;
            Assert.Contains("color images", message);
        }

        Assert.Equal(0, Bounds.LargestDifference(before, twins.Gray.parameters().First()));
    }

    [Fact]
    public void Momentum_from_color_images_is_that_of_the_sum()
    {
        var twins = new Twins("Conv2d");
        using optim.Optimizer ofStacked = Optimizers["SGD, momentum"](twins.Stacked.parameters());
        using optim.Optimizer ofGray = Optimizers["SGD, momentum"](twins.Gray.parameters());
        using Tensor color = rand(2, 3, 9, 9, dtype: ScalarType.Float64);
        foreach ((Module<Tensor, Tensor> net, optim.Optimizer optimizer) in new[] { (twins.Stacked, ofStacked), (twins.Gray, ofGray) })
        {
            net.call(color).square().mean().backward();
            optimizer.step();
        }

        twins.Convert();
        Assert.InRange(twins.LargestLossDifference(ofStacked, ofGray, Steps), 0, SameLoss);
    }

    [Fact]
    public void An_optimizer_without_the_converted_weight_is_refused()
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        using var optimizer = optim.SGD(twins.Gray.parameters().Skip(2), 0.1);
        Assert.Contains(
            "'conv1.weight'",
            Assert.Throws<InvalidOperationException>(() => twins.Converted.StepAsStacked(optimizer)).Message
        );
    }

    [Fact]
    public void A_folded_normalization_and_a_network_that_is_not_gray_are_refused()
    {
        var twins = new Twins("Conv2d");
        GrayscaleModule<Tensor, Tensor> normalized = twins.Gray.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        using var ofGray = optim.SGD(twins.Gray.parameters(), 0.1);
        string message = Assert.Throws<InvalidOperationException>(() => normalized.StepAsStacked(ofGray)).Message;
        Assert.Contains("'conv1.weight'", message);
        Assert.Contains("AsGrayscale()", message);
        using Conv2d conv = Conv2d(1, 4, 3);
        ColorModule<Tensor, Tensor> color = conv.ToColor(LumaCoefficients.Bt601);
        using var ofColor = optim.SGD(conv.parameters(), 0.1);
        Assert.Contains("not one to grayscale", Assert.Throws<InvalidOperationException>(() => color.StepAsStacked(ofColor)).Message);
    }

    [Fact]
    public void A_step_of_the_optimizer_itself_does_not_follow()
    {
        var twins = new Twins("Conv2d");
        using optim.Optimizer ofStacked = Optimizers["SGD"](twins.Stacked.parameters());
        twins.Convert();
        using optim.Optimizer ofGray = Optimizers["SGD"](twins.Gray.parameters());
        Assert.True(twins.LargestLossDifference(ofStacked, ofGray, Steps, plainly: true) > 1e-4);
    }

    [Fact]
    public void Without_a_gradient_nothing_moves()
    {
        var twins = new Twins("Conv2d");
        twins.Convert();
        using var optimizer = optim.AdamW(twins.Gray.parameters(), 0.1, weight_decay: 0.1);
        using Tensor before = twins.Gray.parameters().First().detach().clone();
        twins.Converted.StepAsStacked(optimizer);
        Assert.Equal(0, Bounds.LargestDifference(before, twins.Gray.parameters().First()));
    }

    /// <summary>Centered RMSProp divides by the root of a difference of two averages, which leaves fewer digits.</summary>
    private static double Largest(string optimizer) => optimizer == "RMSProp, centered" ? 10 * SameLoss : SameLoss;

    private static string Refused(Twins twins, optim.Optimizer optimizer)
    {
        string message = Assert.Throws<NotSupportedException>(() => twins.Converted.StepAsStacked(optimizer)).Message;
        Assert.Contains("AsGrayscale()", message);
        return message;
    }

    /// <summary>Two networks with the same weights, one to stay as it is, the other to be converted.</summary>
    private sealed class Twins
    {
        private readonly string kind;
        private GrayscaleModule<Tensor, Tensor>? converted;

        public Twins(string kind)
        {
            this.kind = kind;
            manual_seed(6);
            Stacked = Make();
            Gray = Make();
            Gray.load_state_dict(Stacked.state_dict());
        }

        public Sequential Stacked { get; }

        public Sequential Gray { get; }

        public GrayscaleModule<Tensor, Tensor> Converted => converted!;

        private bool IsFlat => kind == "Conv1d of two";

        private double Scale => kind == "scaled" ? 1 / 255.0 : 1;

        public void Convert() =>
            converted = Gray.ToGrayscale(new GrayscaleOptions { InChannels = IsFlat ? 2 : null, InputScale = Scale });

        public Tensor Call(Tensor image) => (converted ?? (Module<Tensor, Tensor>)Gray).call(image);

        public double LargestLossDifference(
            optim.Optimizer ofStacked,
            optim.Optimizer ofGray,
            int steps,
            int seed = 8,
            bool plainly = false
        )
        {
            manual_seed(seed);
            double largest = 0;
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                long[] shape = IsFlat ? [4, 1, 9] : [4, 1, 9, 9];
                Tensor image = rand(shape, dtype: ScalarType.Float64);
                Tensor stack = Bounds.Stack(image, copies: IsFlat ? 2 : 3);
                Tensor labels = randint(0, 3, [4]);
                double one = Loss(() => Stacked.call(stack), labels, ofStacked);
                ofStacked.step();
                double other = Loss(() => converted is null ? Gray.call(stack) : converted.call(image / Scale), labels, ofGray);
                if (converted is null || plainly)
                {
                    ofGray.step();
                }
                else
                {
                    converted.StepAsStacked(ofGray);
                }

                largest = Math.Max(largest, Math.Abs(one - other));
            }

            return largest;
        }

        private static double Loss(Func<Tensor> run, Tensor labels, optim.Optimizer optimizer)
        {
            optimizer.zero_grad();
            Tensor loss = functional.cross_entropy(run(), labels);
            loss.backward();
            return loss.item<double>();
        }

        private Sequential Make()
        {
            Module<Tensor, Tensor> first = kind switch
            {
                "Conv1d of two" => Conv1d(2, 6, 3, padding: 1),
                "grouped" => Conv2d(3, 6, 3, padding: 1, groups: 3),
                "depthwise" => Conv2d(3, 3, 3, padding: 1, groups: 3),
                "transposed" => ConvTranspose2d(3, 6, 3, padding: 1),
                _ => Conv2d(3, 6, 3, padding: 1),
            };
            long channels = kind == "depthwise" ? 3 : 6;
            return Sequential(
                    ("conv1", first),
                    ("relu", ReLU()),
                    ("conv2", IsFlat ? Conv1d(channels, 4, 3) : Conv2d(channels, 4, 3)),
                    ("flatten", Flatten()),
                    ("fc", Linear(IsFlat ? 28 : 196, 3))
                )
                .to(ScalarType.Float64);
        }
    }

    private sealed class OwnOptimizer(IEnumerable<Parameter> parameters) : SGD(parameters, 0.1);
}
