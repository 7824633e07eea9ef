using ChannelGen.Analyzers.Marked;
using Microsoft.CodeAnalysis.CSharp;

namespace ChannelGen.Generator;

/// <summary>Writes the typed view of one class, and the method that gives it. Pure functions of the model.</summary>
internal static class ViewEmitter
{
    private const string Channels = "one channel, [N, 1, spatial...] or [1, spatial...]";

    /// <summary>AsGrayscale: a method of the class, or an extension of it.</summary>
    public static void Method(SourceWriter writer, WrapperModel model)
    {
        string network = Network(model);
        string view = model.IsExtension ? $"global::{(model.Namespace.Length > 0 ? model.Namespace + "." : "")}{Name(model)}" : Name(model);
        string self = model.IsExtension ? "network" : "this";
        string receiver = model.IsExtension ? $"this {network} network, " : "";
        string modifiers =
            model.IsExtension ? "public static "
            : model.HidesBase ? "public new "
            : "public ";
        string generic = model.IsExtension ? model.TypeParameters : "";
        string constraints = model.IsExtension && model.Constraints.Length > 0 ? " " + model.Constraints : "";
        string image = SymbolDisplay.FormatLiteral(model.Parameters[model.ImageIndex].TrimStart('@'), quote: true);

        writer.Line("/// <summary>");
        writer.Line(
            "/// A view of this network that takes gray images of one channel and gives what the network gives for them stacked, with"
        );
        writer.Line(
            "/// its first convolutions computed from one channel. Nothing about the network changes. Called again, it gives the same view."
        );
        writer.Line("/// </summary>");
        if (model.IsExtension)
        {
            writer.Line("/// <param name=\"network\">The network.</param>");
        }

        writer.Line("/// <param name=\"channels\">How many channels the network takes, 2 or more; null for 3.</param>");
        writer.Line(
            "/// <param name=\"image\">The name of forward's parameter that is the image, or several separated by commas; "
                + $"null for {image.Trim('"')}.</param>"
        );
        writer.Line("/// <param name=\"layout\">In which order images lie in memory while the network runs.</param>");
        writer.Line(
            "/// <param name=\"channelsLastAnswers\">Whether answers of four dimensions may come back channels-last; "
                + "else they are contiguous.</param>"
        );
        writer.Line("/// <returns>The view.</returns>");
        writer.Line(
            "/// <exception cref=\"global::System.ArgumentException\">The network is disposed, or there is no such parameter.</exception>"
        );
        WrapperEmitter.Mark(writer);
        writer.Line($"{modifiers}{view} AsGrayscale{generic}({receiver}{Options}){constraints} =>");
        writer.Line($"    global::ChannelGen.Views.ViewFactory.Grayscale<{network}, {view}>(");
        string create = $"static (network, view) => new {view}(network, view)";
        writer.Line($"        {self}, channels, image ?? {image}, layout, channelsLastAnswers, {create});");
    }

    /// <summary>The view's class.</summary>
    public static void View(SourceWriter writer, WrapperModel model)
    {
        string network = Network(model);
        string arguments = string.Join(", ", model.ModuleArguments);
        string result = model.ModuleArguments[model.ModuleArguments.Count - 1];
        string parameters = string.Join(", ", model.Parameters.Select((parameter, index) => $"{model.ModuleArguments[index]} {parameter}"));
        string constraints = model.Constraints.Length > 0 ? " " + model.Constraints : "";

        writer.Line(
            $"/// <summary>A <see cref=\"{WrapperEmitter.CRef(model)}\"/> seen by images of {Channels}; "
                + "the network itself stays as it is.</summary>"
        );
        foreach (string parameter in WrapperEmitter.TypeParameterNames(model))
        {
            writer.Line($"/// <typeparam name=\"{parameter}\">As of the network.</typeparam>");
        }

        WrapperEmitter.Mark(writer);
        writer.Open($"{model.Accessibility} sealed class {Name(model)} : global::ChannelGen.GrayscaleView<{arguments}>{constraints}");
        writer.Open(
            $"internal {model.PlainName}GrayscaleView({network} network, global::ChannelGen.Views.ViewedNetwork view) : base(network, view)"
        );
        writer.Close().Line();
        writer.Line("/// <summary>The network inside.</summary>");
        writer.Line($"public new {network} Network => ({network})base.Network;").Line();
        writer.Line("/// <summary>What the network gives for the image stacked into its channels.</summary>");
        for (int index = 0; index < model.Parameters.Count; index++)
        {
            string text = index == model.ImageIndex ? $"The image, of {Channels}." : "As of the network.";
            writer.Line($"/// <param name=\"{model.Parameters[index].TrimStart('@')}\">{text}</param>");
        }

        writer.Line("/// <returns>What the network gives.</returns>");
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">The image has another number of channels.</exception>");
        writer.Line($"public override {result} forward({parameters}) => base.forward({string.Join(", ", model.Parameters)});");
        writer.Close();
    }

    private const string Options =
        "long? channels = null, string? image = null, "
        + "global::ChannelGen.MemoryLayout layout = global::ChannelGen.MemoryLayout.Contiguous, bool channelsLastAnswers = false";

    private static string Name(WrapperModel model) => $"{model.PlainName}GrayscaleView{model.TypeParameters}";

    private static string Network(WrapperModel model) => model.IsExtension ? model.QualifiedName : model.ClassName + model.TypeParameters;
}
