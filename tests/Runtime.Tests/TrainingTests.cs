using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Runtime.Tests;

public class TrainingTests
{
    private const int Steps = 30;

    [Theory]
    [InlineData("SGD")]
    [InlineData("SGD with momentum, Nesterov and weight decay")]
    [InlineData("AdamW")]
    public void Thirty_steps_follow_the_stacked_training(string optimizer)
    {
        (Sequential stacked, Sequential gray) = Twins();
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale();
        using torch.optim.Optimizer ofStacked = optimizer switch
        {
            "SGD" => torch.optim.SGD(stacked.parameters(), 0.05),
            "AdamW" => torch.optim.AdamW(stacked.parameters(), 0.01, weight_decay: 0.05),
            _ => torch.optim.SGD(stacked.parameters(), 0.02, momentum: 0.9, weight_decay: 0.01, nesterov: true),
        };
        using torch.optim.Optimizer ofGray = optimizer switch
        {
            "SGD" => torch.optim.SGD(converted.SgdGroups(0.05), 0.05),
            "AdamW" => torch.optim.AdamW(converted.AdamWGroups(0.01, weightDecay: 0.05), 0.01),
            _ => torch.optim.SGD(converted.SgdGroups(0.02, momentum: 0.9, weightDecay: 0.01, nesterov: true), 0.02),
        };
        Assert.True(LargestLossDifference(stacked, converted, ofStacked, ofGray, Steps) < 1e-6);
    }

    [Fact]
    public void Without_the_groups_it_does_not_follow()
    {
        (Sequential stacked, Sequential gray) = Twins();
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale();
        using var ofStacked = torch.optim.SGD(stacked.parameters(), 0.05);
        using var ofGray = torch.optim.SGD(converted.parameters(), 0.05);
        Assert.True(LargestLossDifference(stacked, converted, ofStacked, ofGray, Steps) > 1e-4);
    }

    [Fact]
    public void An_optimizer_that_was_running_goes_on_with_its_momentum()
    {
        (Sequential stacked, Sequential gray) = Twins();
        using var ofStacked = torch.optim.SGD(stacked.parameters(), 0.02, momentum: 0.9, weight_decay: 0.01);
        using var ofGray = torch.optim.SGD(gray.parameters(), 0.02, momentum: 0.9, weight_decay: 0.01);
        LargestLossDifference(stacked, gray, ofStacked, ofGray, 10, bothStacked: true);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale();
        converted.ContinueTraining(ofGray);
        Assert.True(LargestLossDifference(stacked, converted, ofStacked, ofGray, Steps) < 1e-6);
    }

    [Fact]
    public void Second_moments_are_refused()
    {
        (_, Sequential gray) = Twins();
        using var adam = torch.optim.AdamW(gray.parameters(), 0.01);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale();
        Assert.Contains("AdamWGroups", Assert.Throws<NotSupportedException>(() => converted.ContinueTraining(adam)).Message);
    }

    [Fact]
    public void A_folded_normalization_is_refused()
    {
        (_, Sequential gray) = Twins();
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale(
            new GrayscaleOptions { Normalization = ChannelNormalization.ImageNet }
        );
        Assert.Contains("'conv1.weight'", Assert.Throws<InvalidOperationException>(() => converted.SgdGroups(0.1)).Message);
        Assert.Throws<InvalidOperationException>(() => converted.AdamWGroups(0.1));
    }

    [Fact]
    public void An_optimizer_made_before_the_conversion_trains_on()
    {
        (_, Sequential gray) = Twins();
        using var optimizer = torch.optim.SGD(gray.parameters(), 0.1);
        GrayscaleModule<Tensor, Tensor> converted = gray.ToGrayscale();
        var conv = (Conv2d)gray.named_modules().First().module;
        using Tensor before = conv.weight.detach().clone();
        converted.forward(rand(2, 1, 8, 8, dtype: ScalarType.Float64)).square().mean().backward();
        optimizer.step();
        Assert.True(Bounds.LargestDifference(before, conv.weight) > 0);
    }

    private static (Sequential, Sequential) Twins()
    {
        manual_seed(6);
        Sequential stacked = Make();
        Sequential gray = Make();
        gray.load_state_dict(stacked.state_dict());
        return (stacked, gray);

        static Sequential Make() =>
            Sequential(
                    ("conv1", Conv2d(3, 8, 3, padding: 1)),
                    ("relu", ReLU()),
                    ("conv2", Conv2d(8, 4, 3)),
                    ("flatten", Flatten()),
                    ("fc", Linear(4 * 36, 3))
                )
                .to(ScalarType.Float64);
    }

    private static double LargestLossDifference(
        Module<Tensor, Tensor> stacked,
        Module<Tensor, Tensor> gray,
        torch.optim.Optimizer ofStacked,
        torch.optim.Optimizer ofGray,
        int steps,
        bool bothStacked = false
    )
    {
        manual_seed(8);
        double largest = 0;
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor image = rand(4, 1, 8, 8, dtype: ScalarType.Float64);
            Tensor labels = randint(0, 3, [4]);
            double one = Step(stacked, ofStacked, Bounds.Stack(image), labels);
            double other = Step(gray, ofGray, bothStacked ? Bounds.Stack(image) : image, labels);
            largest = Math.Max(largest, Math.Abs(one - other));
        }

        return largest;
    }

    private static double Step(Module<Tensor, Tensor> net, torch.optim.Optimizer optimizer, Tensor image, Tensor labels)
    {
        optimizer.zero_grad();
        Tensor loss = functional.cross_entropy(net.call(image), labels);
        loss.backward();
        optimizer.step();
        return loss.item<double>();
    }
}
