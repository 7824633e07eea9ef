using System.IO.Compression;
using System.Text;

namespace ChannelGen.Package.Tests;

/// <summary>The sample, copied out of the repository and built with the package.</summary>
public sealed class SampleTests(Workplace workplace, SampleTests.Sample sample)
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
        Assert.Contains("Every difference is within what rounding explains.", before);
        Assert.Equal(6, Answers(before).Length);

        string folder = Sample.Make(workplace, "fixed");
        Workplace.Dotnet(folder, "restore").AssertSucceeded();
        Workplace.Dotnet(folder, "format analyzers --diagnostics CG0001 --no-restore").AssertSucceeded();
        Assert.Empty(Workplace.Dotnet(folder, "build -c Release").AssertSucceeded().Diagnostics);
        string after = Workplace.Dotnet(folder, "run -c Release --no-build").AssertSucceeded().Output;
        Assert.Equal(Answers(before), Answers(after));
    }

    [Fact]
    public void Bad_input_is_told_in_a_line_each_and_the_rest_goes_on()
    {
        string folder = workplace.Empty("images");
        string good = Directory.GetFiles(Path.Combine(sample.Output(workplace), "phantoms"), "*64-8bit.png").Single();
        string broken = Write(folder, "broken.png", "no image"u8.ToArray());
        string empty = Write(folder, "empty.png", []);
        string cut = Write(folder, "cut.png", File.ReadAllBytes(good)[..200]);
        string zero = Write(folder, "zero.png", Png(0, 0, colorType: 0));
        string color = Write(folder, "color.png", Png(40, 40, colorType: 2));
        string tiny = Write(folder, "tiny.png", Png(8, 8, colorType: 0));
        string missing = Path.Combine(folder, "missing.png");
        string noImages = Directory.CreateDirectory(Path.Combine(folder, "none")).FullName;

        Result run = sample.Run(
            workplace,
            string.Join(" ", new[] { broken, empty, cut, zero, color, tiny, missing, noImages, good }.Select(path => $"\"{path}\""))
        );
        Assert.Equal(1, run.ExitCode);
        foreach (string path in new[] { broken, empty, cut, zero, color, tiny, missing, noImages })
        {
            Assert.Single(run.Error.Split('\n'), line => line.StartsWith(path + ": ", StringComparison.Ordinal));
        }

        Assert.Single(Answers(run.Output));
        Assert.DoesNotContain("   at ", run.Output + run.Error);

        Result none = sample.Run(workplace, $"\"{missing}\"");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("There is no image to run on.", none.Error);
    }

    private static string[] Answers(string output) =>
        [.. output.Split('\n').Select(line => line.Trim()).Where(line => line.Contains(": ResNet-18 ", StringComparison.Ordinal))];

    private static string Write(string folder, string name, byte[] content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A PNG of 8 bits: gray (color type 0) or a color gradient (2).</summary>
    private static byte[] Png(int width, int height, byte colorType)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        byte[] header = new byte[13];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header, width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        header[9] = colorType;
        Chunk(file, "IHDR", header);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int row = 0; row < height; row++)
            {
                zlib.WriteByte(0);
                for (int column = 0; column < width; column++)
                {
                    zlib.Write(colorType == 2 ? [(byte)(column * 6), (byte)(row * 6), 9] : [(byte)(column * 6)]);
                }
            }
        }

        Chunk(file, "IDAT", data.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(Stream file, string type, byte[] data)
    {
        byte[] number = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(body);
        uint crc = uint.MaxValue;
        foreach (byte value in body)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
            }
        }

        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }

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
                """
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
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

        public Result Run(Workplace workplace, string arguments) =>
            Workplace.Dotnet(Folder(workplace), $"run -c Release --no-build -- {arguments}");

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
