using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using ChannelGen;
using ChannelGen.Tool;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var file = new Argument<string>("file") { Description = "The checkpoint: .dat of TorchSharp, .pth of torch.save, or .safetensors." };
var source = new Argument<string>("file") { Description = "The checkpoint to convert. It is left as it is." };
var target = new Argument<string>("out")
{
    Description = "The new file. Its ending says the format: .dat, .pth, .pt, .bin or .safetensors.",
};
var first = new Argument<string>("a") { Description = "One checkpoint." };
var second = new Argument<string>("b") { Description = "The other checkpoint." };
var to = new Option<string>("--to") { Description = "What the new checkpoint is for: gray or color images.", Required = true };
to.AcceptOnlyFromAmong("gray", "color");
var layer = new Option<string?>("--layer")
{
    Description = "The convolution that receives the image, as in the file without \".weight\". Needed if several could be meant.",
};
var luma = new Option<string>("--luma")
{
    Description =
        "The weights of red, green and blue in the gray images, for --to color: " + string.Join(", ", Names.Luma.Keys) + ". Usual: bt601.",
    DefaultValueFactory = _ => "bt601",
};
luma.AcceptOnlyFromAmong([.. Names.Luma.Keys]);
var normalize = new Option<string?>("--normalize")
{
    Description =
        "The normalization that the color network's images went through: imagenet. The gray network then takes images without it.",
};
normalize.AcceptOnlyFromAmong([.. Names.Normalizations.Keys]);

var inspect = new Command("inspect", "Shows the entries of a checkpoint, and which of them could receive the image.") { file };
inspect.SetAction(result => Run(() => Inspection.Print(result.GetValue(file)!, Console.Out)));

var convert = new Command("convert", "Converts a checkpoint between color and gray, from format to format.")
{
    source,
    target,
    to,
    layer,
    luma,
    normalize,
};
convert.SetAction(result =>
    Run(() =>
        Conversion.Convert(
            result.GetValue(source)!,
            result.GetValue(target)!,
            result.GetValue(to) == "gray",
            result.GetValue(layer),
            Names.Luma[result.GetValue(luma)!],
            Normalization(result)
        )
    )
);

var verify = new Command("verify", "Tells whether two checkpoints are of the same network, one in color and one in gray, or both the same.")
{
    first,
    second,
    normalize,
};
verify.SetAction(result =>
    Run(() => Verification.Compare(result.GetValue(first)!, result.GetValue(second)!, Normalization(result), Console.Out))
);

var root = new RootCommand(
    "Inspects, converts and compares checkpoints of networks for color and for gray images.\n"
        + "Ends with 0 if all went well, 1 if two checkpoints differ, 2 if a file or the command is wrong."
)
{
    inspect,
    convert,
    verify,
};
ParseResult parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction)
{
    string[] errors = [.. parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" "))];
    Console.Error.WriteLine($"channelgen: {string.Join(' ', errors)} See channelgen --help.");
    return ExitCodes.Wrong;
}

return parsed.Invoke();

ChannelNormalization? Normalization(ParseResult result) => result.GetValue(normalize) is { } name ? Names.Normalizations[name] : null;

// What is wrong with a file is told in one line. Anything else is a fault of ours, and is shown with all that is known of it.
static int Run(Func<int> action)
{
    try
    {
        return action();
    }
    catch (Exception exception)
        when (exception is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
    {
        string message = exception is ArgumentException { ParamName: { } name }
            ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : exception.Message;
        Console.Error.WriteLine($"channelgen: {message.ReplaceLineEndings(" ")}");
        return ExitCodes.Wrong;
    }
}
