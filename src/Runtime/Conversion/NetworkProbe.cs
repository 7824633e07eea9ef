using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>
/// Runs a network on an image to see what it does with it, and leaves it as it was: under no_grad, in eval mode unless said,
/// with the modes, what the network keeps, and the random state if the network draws from it, put back afterwards. The
/// user's hooks run, since what they do may be part of the answer.
/// </summary>
internal sealed class NetworkProbe(Module network, Func<Tensor, object?> forward, bool training = false)
{
    /// <summary>Whether the network draws random numbers; null as long as it is not known to.</summary>
    private bool? drawsNumbers = training ? true : null;

    /// <summary>Whether the network has written to an image that it was given.</summary>
    public bool WritesToImage { get; private set; }

    /// <summary>
    /// The tensors of the network's answer to a copy of <paramref name="image"/>, which belong to <paramref name="owner"/>.
    /// While it runs, <paramref name="observe"/> may hang hooks on the modules; they are removed with the rest.
    /// </summary>
    /// <exception cref="ProbeException">The network does not run on that image.</exception>
    public (string Path, Tensor Value)[] Run(Tensor image, DisposeScope owner, Action? observe = null)
    {
        if (drawsNumbers == false)
        {
            return RunOnce(image, owner, observe);
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor randomState = get_rng_state();
        try
        {
            (string, Tensor Value)[] answer = RunOnce(image, owner, observe);
            if (drawsNumbers is null && !randomState.Equals(get_rng_state()))
            {
                // The state is the whole program's: was it this network that drew, or another thread?
                (string, Tensor Value)[] again = RunOnce(image, scope, null);
                drawsNumbers = answer.Length != again.Length || !answer.Zip(again).All(pair => pair.First.Value.Equals(pair.Second.Value));
            }

            return answer;
        }
        finally
        {
            if (drawsNumbers == true)
            {
                set_rng_state(randomState);
            }
        }
    }

    /// <summary>A copy that belongs to <paramref name="owner"/> rather than to the scope that is current.</summary>
    public static Tensor Kept(Tensor tensor, DisposeScope owner)
    {
        Tensor copy = tensor.detach().clone().DetachFromDisposeScope();
        owner.Attach(copy);
        return copy;
    }

    /// <summary>The network and all modules in it, every one before its descendants.</summary>
    public static IEnumerable<Module> Modules(Module network) =>
        network.named_modules().OrderBy(named => named.name.Count(letter => letter == '.')).Select(named => named.module).Prepend(network);

    private (string Path, Tensor Value)[] RunOnce(Tensor image, DisposeScope owner, Action? observe)
    {
        (Module Module, bool Training)[] modes = [.. Modules(network).Select(module => (module, module.training))];
        KeptState state = KeptState.Of(network);
        using var grad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        try
        {
            if (Array.Exists(modes, module => module.Training != training))
            {
                network.train(training);
            }

            observe?.Invoke();
            Tensor given = image.clone();
            (string, Tensor)[] answer = [.. Forward(given).Select(found => (found.Path, Kept(found.Value, owner)))];
            WritesToImage |= !given.IsInvalid && !given.Equals(image);
            return answer;
        }
        finally
        {
            foreach ((Module module, bool mode) in modes)
            {
                // train(...) goes down to the children; they come later in this list, so their own mode is the last word.
                if (module.training != mode)
                {
                    module.train(mode);
                }
            }

            state.Restore(network);
        }
    }

    /// <summary>
    /// A network may throw anything at a size or a number of channels that it was not made for; what this class itself does
    /// wrong is another matter, and not caught with it.
    /// </summary>
    private (string Path, Tensor Value)[] Forward(Tensor image)
    {
        object? answer;
        try
        {
            answer = forward(image);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new ProbeException(exception);
        }

        return [.. Answers.In(answer)];
    }
}

/// <summary>The network itself failed on an image; the reason is inside.</summary>
internal sealed class ProbeException(Exception reason) : Exception(reason.Message, reason);
