using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace ChannelGen.Views;

/// <summary>
/// The images, channels in the same memory, that a network was given and may have kept for its next runs. They are held
/// weakly.
/// </summary>
internal sealed class KeptImages
{
    private readonly ConditionalWeakTable<Tensor, object?> images = [];

    public void Add(IEnumerable<Tensor> given)
    {
        foreach (Tensor image in given)
        {
            if (!image.IsInvalid)
            {
                images.AddOrUpdate(image, null);
            }
        }
    }

    /// <summary>Gives each channel of those that are still alive memory of its own, as the stacked image has.</summary>
    public void GiveMemory()
    {
        // Those that were made in inference mode may be written to in that mode alone.
        using IDisposable mode = inference_mode();
        foreach ((Tensor image, _) in images)
        {
            if (!image.IsInvalid)
            {
                using Tensor stacked = image.contiguous();
                image.set_(stacked);
            }
        }

        images.Clear();
    }
}
