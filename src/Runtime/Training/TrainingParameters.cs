using System.Runtime.CompilerServices;
using ChannelGen.Conversion;
using ChannelGen.Convolutions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen;

/// <summary>
/// Parameter groups with which a converted network trains as the stacked one would. Stacked, each of the C kernels gets the
/// same gradient, so their sum moves C times as fast; the converted kernel follows with C times the learning rate and a
/// C-th of the weight decay, on its weight alone.
/// </summary>
public static class TrainingParameters
{
    private static readonly ConditionalWeakTable<torch.optim.Optimizer, HashSet<ChannelConversion>> Told = new();

    /// <summary>
    /// Groups for SGD, with momentum and weight decay or without: the converted weights in one group, all other parameters
    /// in another. Exact: the sum of the stacked kernels and the converted kernel stay the same.
    /// </summary>
    /// <param name="network">The converted network.</param>
    /// <param name="learningRate">The learning rate of the stacked training.</param>
    /// <param name="momentum">Its momentum; null: what the optimizer is given.</param>
    /// <param name="dampening">Its dampening; null: what the optimizer is given.</param>
    /// <param name="weightDecay">Its weight decay, which belongs here: what the optimizer is given does not count.</param>
    /// <param name="nesterov">Whether it uses Nesterov's momentum; null: what the optimizer is given.</param>
    /// <exception cref="InvalidOperationException">The conversion folds normalization in, so no such training exists.</exception>
    public static IReadOnlyList<SGD.ParamGroup> SgdGroups(
        this IConvertedModule network,
        double learningRate,
        double? momentum = null,
        double? dampening = null,
        double weightDecay = 0,
        bool? nesterov = null
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        return Groups(
            network,
            ofAdam: false,
            (parameters, factor) =>
                new SGD.ParamGroup(
                    parameters,
                    new SGD.Options
                    {
                        LearningRate = learningRate * factor,
                        momentum = momentum,
                        dampening = dampening,
                        weight_decay = weightDecay / factor,
                        nesterov = nesterov,
                    }
                )
        );
    }

    /// <summary>
    /// Groups for AdamW: the converted weights in one group, all other parameters in another. Exact, since each of the
    /// stacked kernels takes the same step; Adam with L2 in the gradient would not be.
    /// </summary>
    /// <param name="network">The converted network.</param>
    /// <param name="learningRate">The learning rate of the stacked training.</param>
    /// <param name="beta1">Its first beta; null: what the optimizer is given.</param>
    /// <param name="beta2">Its second beta; null: what the optimizer is given.</param>
    /// <param name="epsilon">Its epsilon; null: what the optimizer is given.</param>
    /// <param name="weightDecay">Its decoupled weight decay, none unless said, as AdamW of TorchSharp; it belongs here.</param>
    /// <exception cref="InvalidOperationException">The conversion folds normalization or a scale in, so no such training exists.</exception>
    public static IReadOnlyList<AdamW.ParamGroup> AdamWGroups(
        this IConvertedModule network,
        double learningRate,
        double? beta1 = null,
        double? beta2 = null,
        double? epsilon = null,
        double weightDecay = 0
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        return Groups(
            network,
            ofAdam: true,
            (parameters, factor) =>
                new AdamW.ParamGroup(
                    parameters,
                    new AdamW.Options
                    {
                        LearningRate = learningRate * factor,
                        beta1 = beta1,
                        beta2 = beta2,
                        eps = epsilon,
                        weight_decay = weightDecay / factor,
                    }
                )
        );
    }

    /// <summary>
    /// Lets an optimizer that was running before the conversion go on as the stacked training would have: the converted
    /// weights move to a group of their own, and their momentum, summed and divided by the factor of the learning rate, is
    /// carried over.
    /// </summary>
    /// <param name="network">The converted network.</param>
    /// <param name="optimizer">An SGD optimizer over its parameters.</param>
    /// <exception cref="NotSupportedException">
    /// The optimizer is not SGD: second moments, as Adam keeps them, do not sum. Make a new one with <see cref="AdamWGroups"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The optimizer does not hold a converted weight, it has been told before, a scheduler has changed its learning rate, or
    /// the conversion folds normalization in. Make schedulers afterwards: they know the groups of when they were made.
    /// </exception>
    public static void ContinueTraining(this IConvertedModule network, torch.optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (optimizer is not SGD sgd)
        {
            throw new NotSupportedException(
                $"The state of {optimizer?.GetType().Name ?? "null"} cannot be carried over exactly: its second moments do not sum. Make a new optimizer, AdamW with {nameof(AdamWGroups)}, whose state starts anew."
            );
        }

        if (Told.TryGetValue(sgd, out HashSet<ChannelConversion>? told) && told.Contains(network.Conversion))
        {
            throw new InvalidOperationException(
                "This optimizer has been told of this conversion already: its group for the converted weights is made once."
            );
        }

        ParamGroup[] groups = [.. sgd.ParamGroups.Cast<ParamGroup>()];
        OptimizerState[] states = [.. sgd.state_dict().State];
        var plans = new List<(LayerChange Change, double Factor, SGD.Options Options, ParamGroup Group, SGD.State State)>();
        foreach (LayerChange change in Exact(network.Conversion, ofAdam: false))
        {
            int index = 0;
            bool found = false;
            foreach (ParamGroup group in groups)
            {
                foreach (Parameter parameter in group.Parameters)
                {
                    if (ReferenceEquals(parameter, change.Layer.weight) || parameter.Handle == change.Layer.weight.Handle)
                    {
                        var options = (SGD.Options)group.Options;
                        if (options.LearningRate != options.InitialLearningRate)
                        {
                            throw new InvalidOperationException(
                                $"The learning rate of the group of '{change.WeightKey}' is {options.LearningRate}, and was {options.InitialLearningRate}: a scheduler, which would not see a new group. Make a new optimizer with {nameof(SgdGroups)} and a new scheduler, or leave the network as it is and use AsGrayscale()."
                            );
                        }

                        plans.Add((change, Factor(change), options, group, (SGD.State)states[index]));
                        found = true;
                    }

                    index++;
                }
            }

            if (!found)
            {
                throw new InvalidOperationException($"The optimizer does not train '{change.WeightKey}'.");
            }
        }

        Told.GetOrCreateValue(sgd).Add(network.Conversion);
        foreach ((LayerChange change, double factor, SGD.Options options, ParamGroup group, SGD.State state) in plans)
        {
            Parameter weight = change.Layer.weight;
            Tensor? carried = Carried(change, state.momentum_buffer, factor);
            group.Parameters = [.. group.Parameters.Where(parameter => parameter.Handle != weight.Handle)];
            state.momentum_buffer?.Dispose();
            state.momentum_buffer = null!;
            sgd.add_param_group(
                new SGD.ParamGroup(
                    [weight],
                    options.LearningRate!.Value * factor,
                    options.momentum ?? 0,
                    options.dampening ?? 0,
                    (options.weight_decay ?? 0) / factor,
                    options.nesterov ?? false,
                    options.maximize ?? false
                )
            );
            if (carried is not null)
            {
                ((SGD.State)sgd.state_dict().State[^1]).momentum_buffer = carried;
            }
        }
    }

    private static IReadOnlyList<TGroup> Groups<TGroup>(
        IConvertedModule network,
        bool ofAdam,
        Func<IEnumerable<Parameter>, double, TGroup> group
    )
    {
        LayerChange[] changes = Exact(network.Conversion, ofAdam);
        HashSet<IntPtr> converted = [.. changes.Select(change => change.Layer.weight.Handle)];
        Parameter[] others = [.. ((Module)network).parameters().Where(parameter => !converted.Contains(parameter.Handle))];
        var groups = new List<TGroup> { group(others, 1) };
        groups.AddRange(changes.GroupBy(Factor).Select(same => group([.. same.Select(change => change.Layer.weight)], same.Key)));
        return groups;
    }

    /// <summary>How many times as fast the sum moves: sum_i a_i^2 over the channels of a group, where x_i = a_i * g.</summary>
    private static double Factor(LayerChange change)
    {
        double scale = change.Map[0, 0];
        return scale * scale * change.OldLayout.InChannels / change.OldLayout.Groups;
    }

    private static Tensor? Carried(LayerChange change, Tensor? momentum, double factor)
    {
        if (momentum is null || momentum.IsInvalid)
        {
            return null;
        }

        // The momentum is of the kernels of before; it sums as they do.
        using var grad = no_grad();
        using Tensor summed = change.Convert(momentum);
        return (summed / factor).DetachFromDisposeScope();
    }

    private static LayerChange[] Exact(ChannelConversion conversion, bool ofAdam)
    {
        conversion.EnsureCurrent();
        foreach (LayerChange change in conversion.Changes)
        {
            bool isUniform =
                change.Map.NewChannels == 1 && change.Map.Column(0).All(factor => factor == change.Map[0, 0]);
            if (!isUniform || change.Map.HasOffset || (ofAdam && change.Map[0, 0] != 1))
            {
                throw new InvalidOperationException(
                    $"No training of '{change.WeightKey}' follows the stacked one exactly: the conversion {(change.Map.NewChannels == 1 ? "folds a normalization or scale into it" : "is not one to grayscale")}. Convert without, and normalize the gray image with one mean and deviation."
                );
            }
        }

        return [.. conversion.Changes.Where(change => !change.SharesWeight)];
    }
}
