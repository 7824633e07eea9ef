using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers;

/// <summary>The one place for titles, messages and severities.</summary>
internal static class Descriptors
{
    public const string Category = "ChannelGen.Grayscale";
    public const string UsageCategory = "ChannelGen.Usage";
    private const string HelpBase = Product.DocumentationUrl + "docs/rules/";

    public static readonly DiagnosticDescriptor Stacked = new(
        DiagnosticIds.Stacked,
        "A grayscale tensor is stacked into several channels",
        "The grayscale tensor '{0}' is stacked into {1} channels{2}; pass '{0}' itself to net.AsGrayscale(), "
            + "or to deploy the network convert it with ToGrayscale()",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "If all input channels are equal, the first convolution with its kernels summed over the input channels gives the "
            + "same activations from one channel. AsGrayscale() computes so and leaves the network as it is, "
            + "for programs that train or also use it in color; ToGrayscale() converts the network itself, "
            + "for what is deployed: a third of the input, and of the first layer's parameters and multiplications.",
        helpLinkUri: HelpBase + DiagnosticIds.Stacked + ".md"
    );

    public static readonly DiagnosticDescriptor PerhapsStacked = new(
        DiagnosticIds.PerhapsStacked,
        "A tensor is perhaps a grayscale image stacked into several channels",
        "The tensor '{0}' is copied {1} times, perhaps into channels; if it is a grayscale image, "
            + "pass '{0}' itself to net.AsGrayscale(), or to deploy the network convert it with ToGrayscale()",
        Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        description: "The same tensor is copied along a dimension that is that of the channels if it is an unbatched image, "
            + "which nothing here proves.",
        helpLinkUri: HelpBase + DiagnosticIds.PerhapsStacked + ".md"
    );

    public static readonly DiagnosticDescriptor WrongKernel = new(
        DiagnosticIds.WrongKernel,
        "A kernel for another number of channels gives other activations",
        "The kernel made of '{0}' {1}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "A convolution adds up what its kernels give for each input channel. With equal channels that is the sum of the "
            + "kernels applied to one of them: their mean, one of them, or a sum with weights gives other activations. The other way "
            + "round, a gray kernel that is copied for each channel has to be divided by their number.",
        helpLinkUri: HelpBase + DiagnosticIds.WrongKernel + ".md"
    );

    public static readonly DiagnosticDescriptor NormalizedStack = new(
        DiagnosticIds.NormalizedStack,
        "A stacked grayscale image is normalized per channel",
        "The stacked grayscale image '{0}' is normalized with different numbers for each channel, so its channels are no longer equal; "
            + "pass the normalization to the conversion as GrayscaleOptions.Normalization",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "After a per-channel normalization the channels differ, and the sum of the kernels alone is no longer exact. "
            + "The conversion folds the normalization into the first layer, exactly also at the borders, when it is told about it.",
        helpLinkUri: HelpBase + DiagnosticIds.NormalizedStack + ".md"
    );

    public static readonly DiagnosticDescriptor UsedAfterConversion = new(
        DiagnosticIds.UsedAfterConversion,
        "A color network is used after it was converted to grayscale",
        "'{0}' was converted in place by ToGrayscale(), so it takes one channel now; "
            + "call the wrapper that ToGrayscale() gave, or use net.AsGrayscale() instead, which leaves the network in color",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "ToGrayscale() changes the network itself. What is still called with color images afterwards fails, "
            + "and what is called with gray images bypasses the wrapper's check. "
            + "AsGrayscale() is a view, which takes gray images and leaves the network in color.",
        helpLinkUri: HelpBase + DiagnosticIds.UsedAfterConversion + ".md"
    );

    public static readonly DiagnosticDescriptor InvalidOption = new(
        DiagnosticIds.InvalidOption,
        "An option of ChannelGen has a value that is not understood",
        "The option '{0}' has the value '{1}', which is ignored; wanted numbers of copies, 2 or more, separated by commas, "
            + "such as 3 or 2,3",
        UsageCategory,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "The value in .editorconfig is ignored, so what it was written for does not happen. "
            + "dotnet_code_quality.CG0001.copies takes the numbers of copies that count as stacking.",
        helpLinkUri: HelpBase + DiagnosticIds.InvalidOption + ".md",
        customTags: WellKnownDiagnosticTags.CompilationEnd
    );

    public static readonly DiagnosticDescriptor ImageChannels = new(
        DiagnosticIds.ImageChannels,
        "An image has another number of channels than the network takes",
        "'{0}' has {1}, but '{2}' takes {3}, so this call fails when it runs; {4}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "The first convolution of a network is made for a number of channels, and refuses an image of another. A gray "
            + "image need not be stacked for a network in color: AsGrayscale() is a view of it that takes one channel.",
        helpLinkUri: HelpBase + DiagnosticIds.ImageChannels + ".md"
    );

    public static readonly DiagnosticDescriptor NotPartial = new(
        DiagnosticIds.NotPartial,
        "A class marked [GrayscaleInput] is not partial",
        "'{0}' is marked [GrayscaleInput] but not partial, so ToGrayscale() cannot be added to it; make it partial",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The generator adds AsGrayscale() and ToGrayscale() to the class itself, so the class must be partial.",
        helpLinkUri: HelpBase + DiagnosticIds.NotPartial + ".md"
    );

    public static readonly DiagnosticDescriptor ContainerNotPartial = new(
        DiagnosticIds.ContainerNotPartial,
        "A class marked [GrayscaleInput] is inside a type that is not partial",
        "'{0}' is marked [GrayscaleInput] but lies in '{1}', which is not partial; make it partial",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The generated part of a nested class lies in the same types around it, which must be partial to be opened again.",
        helpLinkUri: HelpBase + DiagnosticIds.ContainerNotPartial + ".md"
    );

    public static readonly DiagnosticDescriptor NotModule = new(
        DiagnosticIds.NotModule,
        "A class marked [GrayscaleInput] is not a network that can be wrapped",
        "'{0}' is marked [GrayscaleInput] but {1}",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The generated view and wrapper derive from the same Module<...> as the network and hand the image on, "
            + "so there must be such a Module and an image among its inputs.",
        helpLinkUri: HelpBase + DiagnosticIds.NotModule + ".md"
    );

    public static readonly DiagnosticDescriptor NoSuchLayer = new(
        DiagnosticIds.NoSuchLayer,
        "The layer that [GrayscaleInput] names does not exist",
        "'{0}' has no layer '{1}'{2}",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The conversion would fail when the program runs. Layers are named as in the state_dict, without \".weight\".",
        helpLinkUri: HelpBase + DiagnosticIds.NoSuchLayer + ".md"
    );

    public static readonly DiagnosticDescriptor NotImageConvolution = new(
        DiagnosticIds.NotImageConvolution,
        "The layer that [GrayscaleInput] names cannot receive the image",
        "Layer '{1}' of '{0}' is {2}; wanted a convolution with three input channels, or one",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "Only the kernels of a convolution of three input channels can be summed, "
            + "and only those of a convolution of one input channel can be spread over three.",
        helpLinkUri: HelpBase + DiagnosticIds.NotImageConvolution + ".md"
    );

    public static readonly DiagnosticDescriptor SeveralStems = new(
        DiagnosticIds.SeveralStems,
        "Several layers of a class marked [GrayscaleInput] could receive the image",
        "Several layers of '{0}' could receive the image: {1}; name one, as in [GrayscaleInput(\"{2}\")]",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The image reaches several convolutions. The one that is converted is never guessed, so name it; "
            + "others that receive the same image are converted with it.",
        helpLinkUri: HelpBase + DiagnosticIds.SeveralStems + ".md"
    );

    public static readonly DiagnosticDescriptor AssemblyForm = new(
        DiagnosticIds.AssemblyForm,
        "[assembly: GrayscaleInput] lacks a type or repeats one",
        "[assembly: GrayscaleInput] {0}",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "For a class whose source is elsewhere the attribute must say which class is meant, and a class can "
            + "be marked once.",
        helpLinkUri: HelpBase + DiagnosticIds.AssemblyForm + ".md"
    );

    public static readonly DiagnosticDescriptor NothingGenerated = new(
        DiagnosticIds.NothingGenerated,
        "Nothing can be generated for a class marked [GrayscaleInput]",
        "'{0}' is marked [GrayscaleInput], but {1}",
        UsageCategory,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        description: "The generated code would not compile or would have nothing to do, so nothing is generated, and the "
            + "calls that it would serve do not exist.",
        helpLinkUri: HelpBase + DiagnosticIds.NothingGenerated + ".md"
    );
}
