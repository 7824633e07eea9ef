using System.ComponentModel;
using ChannelGen.Conversion;
using TorchSharp;
using static TorchSharp.torch;

namespace ChannelGen;

// Optional parameters in several overloads: their receivers differ, so that no call can come to mean another.
#pragma warning disable RS0026

public static partial class ChannelConversions
{
    private const string ExportedProgramHelp =
        "A program of torch.export (.pt2) is compiled, and its kernels cannot be changed. Convert the network before it is exported, "
            + "or a TorchScript of it (torch.jit.load, ToGrayscale, torch.jit.save).";

    private const string UntypedScriptHelp =
        "Only a script that takes one tensor can be converted: load it as torch.jit.load<Tensor, Tensor>(path), "
            + "with the type of its answer as the second.";

    /// <summary>
    /// Converts a TorchScript module in place so that it takes one channel where it took identical ones, with the same answers;
    /// see the conversion of networks. What torch.jit.save writes of it afterwards takes one channel as well.
    /// </summary>
    /// <remarks>
    /// The kernel is the one that is named, or the only one with as many input channels. No hook runs inside a script: the
    /// check compares the answers alone. A normalization that differs from channel to channel becomes a second input channel
    /// of the kernel, which the wrapper fills with ones; so does whoever calls the script itself.
    /// </remarks>
    /// <param name="script">The module, as torch.jit.load gives it; not frozen.</param>
    /// <param name="options">What cannot be known from the module; null for the defaults.</param>
    /// <returns>The wrapper that takes one channel.</returns>
    /// <exception cref="ArgumentException">The options name a layer or a shape that does not fit.</exception>
    /// <exception cref="InvalidOperationException">The module is frozen, or cannot be converted exactly; it is as it was.</exception>
    public static GrayscaleModule<Tensor, TResult> ToGrayscale<TResult>(
        this jit.ScriptModule<Tensor, TResult> script,
        GrayscaleOptions? options = null
    ) =>
        WrapperFactory.Grayscale(
            ScriptModule<TResult>.Of(script),
            null,
            options,
            null,
            static (network, conversion) => new GrayscaleModule<Tensor, TResult>(network, conversion)
        );

    /// <summary>
    /// Converts a natively gray TorchScript module in place so that it takes three channels: for an image in color it gives
    /// what it gave for its luma. See <see cref="ToGrayscale{TResult}(jit.ScriptModule{Tensor, TResult}, GrayscaleOptions)"/>.
    /// </summary>
    /// <param name="script">The module, as torch.jit.load gives it; not frozen.</param>
    /// <param name="luma">The weight of each channel, in the order of the channels.</param>
    /// <param name="options">What cannot be known from the module; null for the defaults.</param>
    /// <returns>The wrapper that takes three channels.</returns>
    /// <exception cref="ArgumentException">The options name a layer or a shape that does not fit.</exception>
    /// <exception cref="InvalidOperationException">The module is frozen, or cannot be converted exactly; it is as it was.</exception>
    public static ColorModule<Tensor, TResult> ToColor<TResult>(
        this jit.ScriptModule<Tensor, TResult> script,
        LumaCoefficients luma,
        ColorOptions? options = null
    ) =>
        WrapperFactory.Color(
            ScriptModule<TResult>.Of(script),
            null,
            luma,
            options,
            null,
            static (network, conversion) => new ColorModule<Tensor, TResult>(network, conversion)
        );

    /// <summary>Not possible: only a script of one tensor can be converted, and loaded as such.</summary>
    /// <param name="script">The module.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(UntypedScriptHelp, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static IConvertedModule ToGrayscale(this jit.ScriptModule script, GrayscaleOptions? options = null) =>
        throw new NotSupportedException(UntypedScriptHelp);

    /// <summary>Not possible: a program of torch.export (.pt2) is compiled, and its kernels cannot be changed.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(ExportedProgramHelp, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static IConvertedModule ToGrayscale(this ExportedProgram program, GrayscaleOptions? options = null) =>
        throw new NotSupportedException(ExportedProgramHelp);
}
