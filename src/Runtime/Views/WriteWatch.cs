using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>
/// Tells whether anything was written to a tensor or to a view of it, the values that it had already included. Its version
/// counter cannot be read, but a product keeps what it needs for its gradient, and refuses to give that gradient once the
/// version is another.
/// </summary>
internal sealed class WriteWatch : IDisposable
{
    private readonly Tensor leaf;
    private readonly Tensor product;

    /// <param name="tensor">A tensor with elements, made outside of inference mode: others have no version.</param>
    public WriteWatch(Tensor tensor)
    {
        using IDisposable mode = inference_mode(false);
        using IDisposable grad = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        leaf = ones(1, device: tensor.device, requires_grad: true).DetachFromDisposeScope();
        Tensor first = tensor.detach().as_strided([1], [1]);
        product = (leaf * (first.is_complex() ? first.real : first)).DetachFromDisposeScope();
    }

    public bool HasSeenWrite()
    {
        using IDisposable mode = inference_mode(false);
        try
        {
            // autograd.grad would end the process.
            product.backward();
            return false;
        }
        catch (ExternalException exception) when (exception.Message.Contains("modified by an inplace operation", StringComparison.Ordinal))
        {
            return true;
        }
    }

    public void Dispose()
    {
        product.Dispose();
        leaf.grad?.Dispose();
        leaf.Dispose();
    }
}
