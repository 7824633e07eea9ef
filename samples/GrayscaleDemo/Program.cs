using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using GrayscaleDemo;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var paths = new Argument<string[]>("images")
{
    Description =
        "Grayscale images, or folders of them: PNG and TIFF of 8 and 16 bits, JPEG, BMP, GIF, WebP. "
        + "Without any, the demo draws Shepp-Logan phantoms.",
    Arity = ArgumentArity.ZeroOrMore,
};
var side = new Option<int>("--size", "-s")
{
    Description =
        "The longest side of an image that the networks are given, in pixels. "
        + "Larger images are scaled down, which bounds the memory.",
    DefaultValueFactory = _ => 512,
};
var output = new Option<string>("--output", "-o")
{
    Description = "The folder for the pictures and the phantoms.",
    DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "output"),
};
paths.Validators.Add(result =>
{
    foreach (string unknown in result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-') && !Path.Exists(value)))
    {
        result.AddError($"Unknown option '{unknown}'.");
    }
});
side.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is < ImageReader.SmallestSide or > 4096)
    {
        result.AddError($"--size must be from {ImageReader.SmallestSide} to 4096.");
    }
});

var command = new RootCommand(
    "Runs color networks on grayscale images, once stacked into three channels and once converted to one channel, "
        + "and says what was gained.\n"
        + "Ends with 0 if every image could be used, 1 if some could not, 2 if none could or the command is wrong, "
        + "3 if the answers differ by more than rounding explains, 130 after Ctrl+C."
)
{
    paths,
    side,
    output,
};
using var interruption = new Interruption();
command.SetAction(result => Demo.Run(result.GetValue(paths)!, result.GetValue(side), result.GetValue(output)!, interruption.Token));
ParseResult parsed = command.Parse(args);
if (parsed.Action is ParseErrorAction wrong)
{
    wrong.ShowHelp = false;
}

int exitCode = parsed.Invoke();
return parsed.Errors.Count > 0 ? ExitCodes.Nothing : exitCode;
