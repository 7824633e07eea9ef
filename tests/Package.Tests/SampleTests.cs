using System.Text.RegularExpressions;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;

namespace ChannelGen.Package.Tests;

/// <summary>The sample as its users build and run it: copied out of the repository and built with the package.</summary>
public sealed partial class SampleTests(Workplace workplace, SampleTests.Sample sample)
    : IClassFixture<Workplace>,
        IClassFixture<SampleTests.Sample>
{
    [Fact]
    public void Building_it_warns_where_it_stacks_and_nowhere_else()
    {
        string folder = sample.Folder(workplace);
        string[] lines = File.ReadAllLines(Path.Combine(folder, "StackingProgram.cs"));
        string[] stacked =
        [
            .. Enumerable
                .Range(1, lines.Length)
                .Where(line =>
                    lines[line - 1].Contains("cat(new[] { image, image, image }", StringComparison.Ordinal)
                    || lines[line - 1].Contains("image.expand(-1, 3, -1, -1)", StringComparison.Ordinal)
                )
                .Select(line => $"CG0001 StackingProgram.cs:{line}"),
        ];
        Assert.Equal(2, stacked.Length);
        Assert.Equal(stacked, sample.Build(workplace).Diagnostics);
    }

    [Fact]
    public void Fixed_it_builds_without_a_warning_and_gives_the_same_answers()
    {
        string before = sample.Run(workplace, "").AssertSucceeded().Output;
        Assert.Equal(6, Answers(before).Length);
        Assert.Contains("Every difference is within what rounding explains.", before);
        string words = Regex.Replace(before, @"\s+", " ");
        Assert.Contains("The answers are the same: the class agrees on 6 of 6 images", words);
        Assert.Contains("The first layer, conv1, has a third of its weights: 3,136 in place of 9,408.", words);
        Assert.Contains("The input has a third of its bytes", words);
        Assert.Equal(2, Regex.Count(words, @"it is [^(]*(as fast as with stacked images|too close to tell) \(the middle half of 15 pairs"));

        string folder = Sample.Make(workplace, "fixed");
        Workplace.Dotnet(folder, "restore").AssertSucceeded();
        Workplace.Dotnet(folder, "format analyzers --diagnostics CG0001 --no-restore").AssertSucceeded();
        Assert.Empty(Workplace.Dotnet(folder, "build -c Release").AssertSucceeded().Diagnostics);
        string after = Workplace.Dotnet(folder, "run -c Release --no-build").AssertSucceeded().Output;
        Assert.Equal(Answers(before), Answers(after));
    }

    [Fact]
    public void Every_kind_of_image_has_its_line()
    {
        string folder = workplace.Empty("images");
        string nested = Directory.CreateDirectory(Path.Combine(folder, "folder")).FullName;
        L16[] deep = [.. Enumerable.Range(0, 60 * 50).Select(index => new L16((ushort)(20_000 + index)))];
        using Image<L16> sixteen = Image.LoadPixelData(deep, 60, 50);
        var deepPng = new PngEncoder { BitDepth = PngBitDepth.Bit16, ColorType = PngColorType.Grayscale };
        sixteen.Save(Path.Combine(nested, "sixteen.png"), deepPng);
        Tiff16.Write(Path.Combine(nested, "sixteen.tif"), [.. deep.Select(level => level.PackedValue)], 60, 50);
        La16[] faint = [.. Enumerable.Range(0, 64 * 40).Select(index => new La16((byte)(index % 64 * 4), 9))];
        using Image<La16> alpha = Image.LoadPixelData(faint, 64, 40);
        alpha.Save(Path.Combine(nested, "alpha.png"), new PngEncoder { ColorType = PngColorType.GrayscaleWithAlpha });
        L8[] steps = [.. Enumerable.Range(0, 80 * 40).Select(index => new L8((byte)(index % 80 / 8 * 20)))];
        using Image<L8> gray = Image.LoadPixelData(steps, 80, 40);
        gray.SaveAsBmp(Path.Combine(nested, "wide.bmp"));
        gray.SaveAsGif(Path.Combine(nested, "wide.gif"));
        gray.SaveAsPng(Path.Combine(nested, "wide.png"));
        gray.Metadata.ExifProfile = new ExifProfile();
        gray.Metadata.ExifProfile.SetValue(ExifTag.Orientation, (ushort)6);
        gray.SaveAsJpeg(Path.Combine(nested, "turned.jpg"));
        File.WriteAllText(Path.Combine(nested, "labels.csv"), "not an image, and not complained of");
        using (var large = new Image<L8>(8000, 8000))
        {
            large.SaveAsPng(Path.Combine(folder, "large.png"));
        }

        byte[] whole = File.ReadAllBytes(Path.Combine(nested, "sixteen.png"));
        byte[] tiff = File.ReadAllBytes(Path.Combine(nested, "sixteen.tif"));
        using var color = new Image<Rgb24>(40, 40, new Rgb24(10, 20, 30));
        using var tiny = new Image<L8>(8, 9);
        color.SaveAsPng(Path.Combine(folder, "color.png"));
        tiny.SaveAsPng(Path.Combine(folder, "tiny.png"));
        Directory.CreateDirectory(Path.Combine(folder, "none"));
        (string Name, byte[]? Content, string Complaint)[] unusable =
        [
            ("text.png", "no image"u8.ToArray(), "not readable as an image"),
            ("empty.png", [], "an empty file."),
            ("cut.png", whole[..(whole.Length / 2)], "cut short or damaged."),
            ("cut.tif", tiff[..(tiff.Length / 2)], "not readable as an image"),
            ("zero.png", [.. whole[..16], 0, 0, 0, 0, .. whole[20..]], "not readable as an image"),
            (
                "scan.dcm",
                [.. new byte[128], .. "DICM"u8, 0, 0],
                "a DICOM file, which this demo does not read; export it as a 16-bit PNG or TIFF."
            ),
            ("color.png", null, "a color image; wanted a grayscale one."),
            ("tiny.png", null, "8 x 9 pixels; the networks need 32 x 32 or more."),
            ("missing.png", null, "no such file or folder."),
            ("none", null, "a folder without images."),
        ];
        foreach ((string name, byte[]? content, _) in unusable.Where(file => file.Content is not null))
        {
            File.WriteAllBytes(Path.Combine(folder, name), content!);
        }

        string[] paths = [nested, Path.Combine(folder, "large.png"), .. unusable.Select(file => Path.Combine(folder, file.Name))];
        Result run = sample.Run(workplace, string.Join(" ", paths.Select(path => $"\"{path}\"")));
        Assert.True(run.ExitCode == 1, run.Output + run.Error);
        foreach ((string name, _, string complaint) in unusable)
        {
            string path = Path.Combine(folder, name) + ": ";
            string line = Assert.Single(run.Error.Split('\n'), line => line.StartsWith(path, StringComparison.Ordinal));
            Assert.StartsWith(path + complaint, line);
        }

        Assert.DoesNotContain("labels.csv", run.Error);
        Assert.DoesNotContain("   at ", run.Output + run.Error);
        Assert.Equal(
            [
                "alpha.png 64 x 40 64",
                "large.png 8000 x 8000, scaled to 512 x 512 1",
                "sixteen.png 60 x 50 3,000",
                "sixteen.tif 60 x 50 3,000",
                "turned.jpg 40 x 80 10",
                "wide.bmp 80 x 40 10",
                "wide.gif 80 x 40 10",
                "wide.png 80 x 40 10",
            ],
            Rows(run.Output).Select(row => string.Join(" ", row.Take(3))).Order(StringComparer.Ordinal)
        );

        // The same gray levels in several formats, so the same answers.
        foreach ((string name, int formats) in new[] { ("wide.", 3), ("sixteen.", 2) })
        {
            string[][] rows = [.. Rows(run.Output).Where(row => row[0].StartsWith(name, StringComparison.Ordinal))];
            Assert.Equal(formats, rows.Length);
            Assert.Single(rows.Select(row => (row[3], row[4])).Distinct());
        }
    }

    [Fact]
    public void Without_a_usable_image_it_ends_with_2()
    {
        Result none = sample.Run(workplace, "missing.png");
        Assert.Equal(2, none.ExitCode);
        Assert.Equal("missing.png: no such file or folder.\nThere is no image to run on.\n", none.Error.TrimEnd('\n') + "\n");
    }

    [Fact]
    public void The_command_line_explains_itself()
    {
        Result help = sample.Run(workplace, "--help").AssertSucceeded();
        Assert.All(["--size", "--output", "--version", "Ends with 0 if"], part => Assert.Contains(part, help.Output));
        Assert.StartsWith(workplace.Version, sample.Run(workplace, "--version").AssertSucceeded().Output);
        (string, string)[] mistakes = [("--sise 3", "Unknown option '--sise'."), ("--size 3", "--size must be from 32 to 4096.")];
        foreach ((string arguments, string message) in mistakes)
        {
            Result wrong = sample.Run(workplace, arguments);
            Assert.Equal(2, wrong.ExitCode);
            Assert.Contains(message, wrong.Error);
        }
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(160)]
    public void It_fits_the_terminal_and_uses_its_width(int columns)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Result run = InTerminal(columns, "").AssertSucceeded();
        string[] lines = Plain(run.Output).Split('\n', '\r');
        Assert.All(lines, line => Assert.True(line.Length <= columns, $"{line.Length} columns: {line}"));
        Assert.Contains("Every difference is within what rounding explains.", run.Output);

        Assert.Contains(lines, line => line.Length > columns - 20);
        Assert.Contains("\e[3", run.Output.Replace("\e[?", "", StringComparison.Ordinal));
        Assert.Equal("\e[?25h", Cursor().Matches(run.Output)[^1].Value);
    }

    [Fact]
    public void It_does_without_colors_where_they_are_not_wanted()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Result run = InTerminal(80, "NO_COLOR=1 ").AssertSucceeded();
        Assert.DoesNotMatch(@"\e\[([0-9;]*;)?[34][0-9]", run.Output);
        Assert.Contains("Every difference is within what rounding explains.", run.Output);
    }

    [Fact]
    public void Interrupted_it_leaves_a_whole_terminal()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        bool pressed = false;
        // So many images that it cannot have come to its end before the key is pressed.
        Result run = InTerminal(
            80,
            "",
            images: 500,
            meanwhile: (output, keyboard) =>
            {
                if (!pressed && output.Contains("\e[?25l", StringComparison.Ordinal))
                {
                    pressed = true;
                    keyboard.Write('\x03');
                    keyboard.Flush();
                }
            }
        );
        Assert.True(pressed);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("\e[?25h", Cursor().Matches(run.Output)[^1].Value);
        Assert.EndsWith("Stopped.\r\n", Plain(run.Output));
        Assert.DoesNotContain("Every difference", run.Output);
    }

    /// <summary>Runs it on a small image, or on that image so many times, in a terminal of so many columns.</summary>
    private Result InTerminal(int columns, string variables, int images = 1, Action<string, StreamWriter>? meanwhile = null)
    {
        string image = Directory.GetFiles(Path.Combine(sample.Output(workplace), "phantoms"), "*64-8bit.png").Single();
        string program = $"dotnet {sample.Program(workplace)} -o . {string.Join(' ', Enumerable.Repeat(image, images))}";

        // Tests that are started in the background ignore Ctrl+C, and what they start would inherit that.
        string settings = $"{variables}OMP_NUM_THREADS=1 TERM=xterm-256color env --default-signal=INT";
        string command = $"stty cols {columns} rows 40; {settings} {program}";
        return Workplace.Run(
            workplace.Empty($"terminal-{columns}"),
            new System.Diagnostics.ProcessStartInfo("script", ["-qec", command, "/dev/null"]),
            meanwhile
        );
    }

    /// <summary>Without what moves the cursor or colors the text.</summary>
    private static string Plain(string output) => Regex.Replace(output, @"\e(\[[0-9;?]*[A-Za-z]|[=>])", "");

    [GeneratedRegex(@"\e\[\?25[hl]")]
    private static partial Regex Cursor();

    /// <summary>The cells of the table of answers.</summary>
    private static List<string[]> Rows(string output) =>
        [
            .. output
                .Split('\n')
                .SkipWhile(line => !line.Contains("gray levels", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(line => line.Trim().Length > 0)
                .Select(line => Regex.Split(line.Trim(), @"\s{2,}")),
        ];

    private static string[] Answers(string output) => [.. Rows(output).Select(row => string.Join(" ", row))];

    /// <summary>The sample, built once for all tests of this class.</summary>
    public sealed class Sample
    {
        private string? folder;
        private Result? build;

        public static string Make(Workplace workplace, string name)
        {
            string source = Path.Combine(Workplace.RepositoryRoot, "samples", "GrayscaleDemo");
            string target = workplace.Empty(name);
            foreach (string file in Directory.GetFiles(source, "*.cs"))
            {
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }

            File.WriteAllText(
                Path.Combine(target, "GrayscaleDemo.csproj"),
                $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <Version>{workplace.Version}</Version>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <Nullable>enable</Nullable>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <SatelliteResourceLanguages>en</SatelliteResourceLanguages>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="ChannelGen" />
                    <PackageReference Include="TorchSharp" />
                    <PackageReference Include="TorchVision" />
                    <PackageReference Include="Spectre.Console" />
                    <PackageReference Include="SixLabors.ImageSharp" />
                    <PackageReference Include="System.CommandLine" />
                  </ItemGroup>
                </Project>
                """
            );
            return target;
        }

        public string Folder(Workplace workplace)
        {
            Build(workplace);
            return folder!;
        }

        public Result Build(Workplace workplace)
        {
            if (build is null)
            {
                folder = Make(workplace, "sample");
                build = Workplace.Dotnet(folder, "build -c Release").AssertSucceeded();
            }

            return build;
        }

        public string Program(Workplace workplace) => Path.Combine(Folder(workplace), "bin", "Release", "net10.0", "GrayscaleDemo.dll");

        public Result Run(Workplace workplace, string arguments) =>
            Workplace.Dotnet(Folder(workplace), $"{Program(workplace)} {arguments}");

        /// <summary>Where a run without arguments leaves its phantoms.</summary>
        public string Output(Workplace workplace)
        {
            string output = Path.Combine(Folder(workplace), "bin", "Release", "net10.0", "output");
            if (!Directory.Exists(Path.Combine(output, "phantoms")))
            {
                Run(workplace, "").AssertSucceeded();
            }

            return output;
        }
    }
}
