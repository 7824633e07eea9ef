using BenchmarkDotNet.Attributes;
using ChannelGen;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Benchmarks;

/// <summary>
/// What the wrapper adds to the network inside: a ResNet-20 on one image of 32 x 32, the smallest that is common; and a
/// network of one multiplication, where what it adds is not lost in the noise.
/// </summary>
public class Wrapper
{
    private Module<Tensor, Tensor> network = null!;
    private GrayscaleModule<Tensor, Tensor> wrapper = null!;
    private Tensor image = null!;
    private Module<Tensor, Tensor> pixel = null!;
    private GrayscaleModule<Tensor, Tensor> pixelWrapper = null!;
    private Tensor onePixel = null!;
    private IDisposable grad = null!;

    [GlobalSetup]
    public void Setup()
    {
        _ = SteadyMemory.Set();
        set_num_threads(1);
        grad = no_grad();
        network = new GrayscaleDemo.LesionNet();
        network.eval();
        wrapper = network.ToGrayscale();
        image = rand(1, 1, 32, 32);
        pixel = Conv2d(3, 1, 1);
        pixelWrapper = pixel.ToGrayscale();
        onePixel = rand(1, 1, 1, 1);
    }

    [GlobalCleanup]
    public void Cleanup() => grad.Dispose();

    [Benchmark(Baseline = true)]
    public void Network() => network.forward(image).Dispose();

    [Benchmark]
    public void Wrapped() => wrapper.forward(image).Dispose();

    [Benchmark]
    public void LookedUpAndWrapped() => network.ToGrayscale().forward(image).Dispose();

    [Benchmark]
    public void Pixel() => pixel.forward(onePixel).Dispose();

    [Benchmark]
    public void WrappedPixel() => pixelWrapper.forward(onePixel).Dispose();
}
