using System.Reflection;
using ChannelGen.Conversion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ChannelGen;

/// <summary>
/// Trains a converted network as the stacked one would be. Stacked, each of the n kernels of an output channel gets the same
/// gradient and takes the same step; the converted kernel is their sum and has to take it n times. So the optimizer is shown
/// the mean of the kernels, with the gradient of each, and the sum then takes n times the step that the mean has taken.
/// </summary>
public static class StackedTraining
{
    /// <summary>How far the states of the n kernels may lie apart: they differ by the rounding of their gradients alone.</summary>
    private const double LargestDeviation = 1e-5;

    /// <summary>
    /// Takes the optimizer's step as the training on stacked images would take it. Call it in place of
    /// <c>optimizer.step()</c>. Exact with SGD, AdamW and Rprop, and without weight decay also with Adam, NAdam, RAdam, Adamax,
    /// RMSProp, Adagrad and Adadelta. An optimizer that was running before the conversion goes on: its state for a converted
    /// weight becomes that of one of the kernels.
    /// </summary>
    /// <param name="network">The converted network, whose parameters have their gradients.</param>
    /// <param name="optimizer">An optimizer over its parameters, made before the conversion or after it.</param>
    /// <param name="closure">Computes the loss and its gradients, as for <c>optimizer.step</c>; called once.</param>
    /// <returns>What the closure gives; null without one.</returns>
    /// <exception cref="NotSupportedException">
    /// No step of this optimizer, or with this weight decay, is that of the stacked training. Train through AsGrayscale().
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The conversion folds a normalization in, the optimizer trains none of the converted weights, or its state differs from
    /// kernel to kernel, as after training on color images.
    /// </exception>
    public static Tensor? StepAsStacked(this IConvertedModule network, torch.optim.Optimizer optimizer, Func<Tensor>? closure = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(optimizer);
        network.Conversion.EnsureCurrent();
        (LayerChange Change, KernelCopies Copies)[] trained = Trained(network.Conversion, Known(optimizer));
        Tensor? loss = null;
        if (closure is not null)
        {
            using var grad = enable_grad();
            loss = closure();
        }

        using var none = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var restore = new List<Action>();
        try
        {
            foreach ((LayerChange change, KernelCopies copies) in trained.Where(pair => pair.Change.Layer.weight.grad is not null))
            {
                restore.Add(copies.ShowMean(change.Layer.weight));
            }

            optimizer.step();
        }
        finally
        {
            restore.ForEach(action => action());
        }

        return loss;
    }

    private static OptimizerHelper Known(torch.optim.Optimizer optimizer) =>
        optimizer switch
        {
            ASGD => throw Unlike("ASGD", "it averages weights, and its average would be that of the mean of the kernels, not of their sum"),
            LBFGS => throw Unlike(
                "LBFGS",
                "it weighs all gradients together, of which stacked kernels have three and a converted one has one"
            ),
            OptimizerHelper known when known.GetType().Assembly == typeof(SGD).Assembly => known,
            _ => throw Unlike(optimizer.GetType().Name, "what its step does is not known here"),
        };

    /// <summary>The converted weights that the optimizer trains; its state for them is that of one kernel from here on.</summary>
    private static (LayerChange, KernelCopies)[] Trained(ChannelConversion conversion, OptimizerHelper optimizer)
    {
        var trained = new List<(LayerChange, KernelCopies)>();
        var carried = new List<(OptimizerState State, FieldInfo Field, Tensor Value)>();
        OptimizerHelper.StateDictionary states = optimizer.state_dict();
        int index = 0;
        foreach (ParamGroup group in optimizer.ParamGroups.Cast<ParamGroup>())
        {
            foreach (Parameter parameter in group.Parameters)
            {
                OptimizerState state = states.State[index++];
                if (
                    conversion.Changes.FirstOrDefault(change => !change.SharesWeight && change.Layer.weight.Handle == parameter.Handle) is
                    { } change
                )
                {
                    EnsureEqualSteps(optimizer, group.Options);
                    var copies = KernelCopies.Of(change);
                    trained.Add((change, copies));
                    carried.AddRange(
                        Outdated(state, change).Select(field => (state, field, copies.State(change, field, state, optimizer is SGD)))
                    );
                }
            }
        }

        if (trained.Count == 0)
        {
            throw new InvalidOperationException(
                "The optimizer trains none of the converted weights, "
                    + $"{Text.Quoted(conversion.Changes.Select(change => change.WeightKey))}: call its own step()."
            );
        }

        foreach ((OptimizerState state, FieldInfo field, Tensor value) in carried)
        {
            ((Tensor)field.GetValue(state)!).Dispose();
            field.SetValue(state, value);
        }

        return [.. trained];
    }

    /// <summary>The tensors of a state that have the shape from before the conversion.</summary>
    private static IEnumerable<FieldInfo> Outdated(OptimizerState state, LayerChange change) =>
        state
            .GetType()
            .GetFields()
            .Where(field =>
                field.GetValue(state) is Tensor { IsInvalid: false } tensor
                && tensor.shape.AsSpan().SequenceEqual(change.OldShape)
                && !change.OldShape.AsSpan().SequenceEqual(change.NewShape)
            );

    /// <summary>Refuses a weight decay that is added to the gradient before the optimizer divides by the gradient's size.</summary>
    private static void EnsureEqualSteps(OptimizerHelper optimizer, OptimizerOptions options)
    {
        double? decay = options switch
        {
            SGD.Options or AdamW.Options or Rprop.Options => 0,
            Adam.Options of => of.weight_decay,
            NAdam.Options of => of.weight_decay,
            RAdam.Options of => of.weight_decay,
            Adamax.Options of => of.weight_decay,
            RMSProp.Options of => of.weight_decay,
            Adagrad.Options of => of.weight_decay,
            Adadelta.Options of => of.weight_decay,
            _ => throw Unlike(optimizer.GetType().Name, "what its step does is not known here"),
        };
        if (decay is not (null or 0))
        {
            throw Unlike(
                $"{optimizer.GetType().Name} with weight_decay {decay}",
                "the decay is part of a gradient that is then divided by its size, so that each kernel takes another step. "
                    + "The weight decay of SGD and AdamW is exact"
            );
        }
    }

    private static NotSupportedException Unlike(string optimizer, string reason) =>
        new(
            $"No step of {optimizer} on a converted network is that of the training on stacked images: {reason}. Train through the view, "
                + "AsGrayscale(), which is exact with every optimizer."
        );

    /// <summary>How many original kernels a converted kernel is the sum of, and what each of them was multiplied by.</summary>
    private readonly record struct KernelCopies(double Count, double Scale)
    {
        /// <exception cref="InvalidOperationException">The kernels do not all get the same gradient.</exception>
        public static KernelCopies Of(LayerChange change)
        {
            double scale = change.Map[0, 0];
            if (change.Map.NewChannels == 1 && !change.Map.HasOffset && change.Map.Column(0).All(factor => factor == scale))
            {
                return new KernelCopies((double)change.OldLayout.InChannels / change.OldLayout.Groups, scale);
            }

            throw new InvalidOperationException(
                $"No training of '{change.WeightKey}' is exactly that on stacked images: "
                    + $"the conversion {(change.Map.NewChannels == 1 ? "folds a normalization into it" : "is not one to grayscale")}. "
                    + "Convert without it, and normalize the gray image with one mean and deviation, or train through AsGrayscale()."
            );
        }

        /// <summary>Puts the mean and its gradient in the sum's place; the result brings the sum back, with its step.</summary>
        public Action ShowMean(Parameter weight)
        {
            double factor = Count * Scale;
            Tensor sum = weight.detach().clone();
            Tensor gradient = weight.grad!;
            weight.div_(factor);
            Tensor mean = weight.detach().clone();
            weight.grad = gradient * Scale;
            return () =>
            {
                weight.copy_(sum + ((weight - mean) * factor));
                weight.grad = gradient;
            };
        }

        /// <summary>
        /// The mean of a state's tensor over the kernels, which each of them equals. The momentum of SGD with weight decay differs
        /// from kernel to kernel, and its mean is that of the mean.
        /// </summary>
        public Tensor State(LayerChange change, FieldInfo field, OptimizerState state, bool isLinear)
        {
            using var grad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            var old = (Tensor)field.GetValue(state)!;
            Tensor exact = old.to(ScalarType.Float64);
            Tensor mean = change.Convert(exact) / (Count * Scale);
            Tensor variance = (change.Convert(exact.square()) / (Count * Scale)) - mean.square();
            double deviation = Math.Sqrt(variance.abs().max().item<double>());
            return isLinear || deviation <= LargestDeviation * exact.abs().max().item<double>()
                ? mean.to(old.dtype).DetachFromDisposeScope()
                : throw new InvalidOperationException(
                    $"The optimizer's {field.Name} of '{change.WeightKey}' differs from kernel to kernel, "
                        + "as after training on color images, so that it does not belong to their sum. Make a new optimizer, "
                        + "or train the network as it was through AsGrayscale()."
                );
        }
    }
}
