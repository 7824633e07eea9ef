using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ChannelGen.Conversion;

/// <summary>
/// While the check runs, parameters through which nothing would be seen have other values: a conversion holds for any, but
/// behind a gate of zeros, a tiny scale or NaN a wrong one would not show. Put back when disposed.
/// </summary>
internal sealed class OpenedParameters : IDisposable
{
    /// <summary>
    /// ReZero and zero-initialized heads are 0; LayerScale starts at 1e-2 at most. Of a matrix that is divided by the root of the
    /// terms that it sums: the weights of large layers are small.
    /// </summary>
    private const double Closed = 0.011;

    private readonly List<(Parameter Parameter, Tensor Saved)> opened = [];

    public OpenedParameters(Module network)
    {
        using var grad = no_grad();
        foreach ((string name, Parameter parameter) in network.named_parameters())
        {
            // What is added hides nothing.
            bool isBias = name == "bias" || name.EndsWith(".bias", StringComparison.Ordinal);
            if (!parameter.is_floating_point() || parameter.numel() == 0)
            {
                continue;
            }

            using DisposeScope scope = NewDisposeScope();
            double largest = Agreement.Reach(parameter).Largest;
            double size = 1 / Math.Sqrt((double)parameter.numel() / parameter.shape.DefaultIfEmpty(1).Max());
            if (!double.IsFinite(largest) || (largest <= Closed * size && !isBias))
            {
                opened.Add((parameter, parameter.detach().clone().DetachFromDisposeScope()));
                Tensor open = ProbeImages.Noise(
                    parameter.shape,
                    random => size * (0.25 + (random.NextDouble() / 2)) * (random.Next(2) == 0 ? -1 : 1),
                    parameter.dtype,
                    parameter.device,
                    seed: opened.Count
                );
                parameter.copy_(double.IsFinite(largest) ? open : where(parameter.isfinite(), parameter, open));
            }
        }
    }

    /// <summary>Whether one of these parameters has another value for the time being.</summary>
    public bool Touches(IEnumerable<Parameter> parameters) =>
        opened.Exists(pair => parameters.Any(parameter => parameter.Handle == pair.Parameter.Handle));

    public void Dispose()
    {
        using var grad = no_grad();
        foreach ((Parameter parameter, Tensor saved) in opened)
        {
            if (!parameter.IsInvalid)
            {
                parameter.copy_(saved);
            }

            saved.Dispose();
        }

        opened.Clear();
    }
}
