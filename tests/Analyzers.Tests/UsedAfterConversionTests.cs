using ChannelGen.Analyzers.Rules;

namespace ChannelGen.Analyzers.Tests;

/// <summary>CG0005: a color network that is used after it was converted.</summary>
public class UsedAfterConversionTests
{
    [Theory]
    [InlineData(
        "the color network runs after its conversion",
        "var gray = net.ToGrayscale(); var a = gray.forward(x); var b = {|CG0005:net.forward(y)|};"
    )]
    [InlineData("the wrapper is thrown away", "net.ToGrayscale(); if (n > 1) { {|CG0005:net.call(y)|}; }")]
    [InlineData(
        "in a loop after the conversion",
        "var gray = net.ToGrayscale(); foreach (var t in new[] { x, y }) { {|CG0005:net.forward(t)|}; }"
    )]
    public Task Used(string reason, string statements) => Verify.Row<UsedAfterConversionAnalyzer>(reason, statements);

    [Theory]
    [InlineData("the color network ran before", "var b = net.forward(y); var gray = net.ToGrayscale(); var a = gray.forward(x);")]
    [InlineData("the conversion may not have run", "if (n > 1) { net.ToGrayscale(); } net.forward(y);")]
    [InlineData("the variable holds another network", "net.ToGrayscale(); net = conv; net.forward(y);")]
    [InlineData("the color network was restored", "var gray = net.ToGrayscale(); gray.forward(x); gray.RestoreColor(); net.forward(y);")]
    [InlineData("only the wrapper runs", "net.ToGrayscale().forward(x); net.ToGrayscale().forward(y); net.eval();")]
    [InlineData("a lambda may run before", "net.ToGrayscale(); Func<Tensor, Tensor> f = t => net.forward(t);")]
    [InlineData("the conversion is in the loop itself", "foreach (var t in new[] { x, y }) { net.ToGrayscale().forward(t); } ")]
    [InlineData("the wrapper in a using", "using (var gray = net.ToGrayscale()) { gray.forward(x); } ")]
    [InlineData("the wrapper's network by its name", "var gray = net.ToGrayscale(); gray.Network.forward(x);")]
    [InlineData("the wrapper was made color again", "var gray = net.ToGrayscale(); gray.ToColor(LumaCoefficients.Bt601); net.forward(y);")]
    [InlineData("a conditional conversion", "var gray = n > 1 ? net.ToGrayscale() : null; net.forward(y);")]
    [InlineData("an alias that holds another network", "var other = net; net.ToGrayscale(); other = conv; other.forward(y);")]
    [InlineData("nameof runs nothing", "net.ToGrayscale(); var names = nameof(net.forward);")]
    [InlineData("the conversion failed", "try { net.ToGrayscale(); } catch (InvalidOperationException) { net.forward(y); }")]
    public Task Silent(string reason, string statements) => Verify.Row<UsedAfterConversionAnalyzer>(reason, statements);
}
