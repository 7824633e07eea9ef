using TorchSharp;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Views;

/// <summary>The buffers of a network and the random state, to be put back if a run has to be begun anew.</summary>
internal sealed class NetworkState : IDisposable
{
    private readonly (Tensor Buffer, Tensor Saved)[] buffers;
    private readonly Tensor random = get_rng_state().DetachFromDisposeScope();

    public NetworkState(Module network)
    {
        using IDisposable grad = no_grad();
        buffers =
        [
            .. network
                .named_buffers()
                .Where(static named => named.buffer is { IsInvalid: false })
                .Select(static named => (named.buffer, named.buffer.clone().DetachFromDisposeScope())),
        ];
    }

    public void PutBack()
    {
        using IDisposable grad = no_grad();
        set_rng_state(random);
        foreach ((Tensor buffer, Tensor saved) in buffers)
        {
            if (!buffer.IsInvalid && !buffer.Equals(saved))
            {
                buffer.copy_(saved);
            }
        }
    }

    public void Dispose()
    {
        random.Dispose();
        foreach ((_, Tensor saved) in buffers)
        {
            saved.Dispose();
        }
    }
}
