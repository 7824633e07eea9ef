namespace ChannelGen.Tool;

/// <summary>What the command line calls the lumas and the normalizations of the runtime.</summary>
internal static class Names
{
    public static IReadOnlyDictionary<string, LumaCoefficients> Luma { get; } =
        new Dictionary<string, LumaCoefficients>
        {
            ["bt601"] = LumaCoefficients.Bt601,
            ["bt709"] = LumaCoefficients.Bt709,
            ["bt2020"] = LumaCoefficients.Bt2020,
            ["average"] = LumaCoefficients.Average,
            ["torchvision"] = LumaCoefficients.TorchVision,
        };

    public static IReadOnlyDictionary<string, ChannelNormalization> Normalizations { get; } =
        new Dictionary<string, ChannelNormalization> { ["imagenet"] = ChannelNormalization.ImageNet };
}
