namespace GrayscaleDemo;

/// <summary>
/// Ctrl+C. The first one asks the work to stop at its next step, so that the progress display puts the terminal in order; a second
/// one ends the process at once, with the cursor shown.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source = new();

    public Interruption() => Console.CancelKeyPress += Stop;

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Stop;
        source.Dispose();
    }

    private void Stop(object? sender, ConsoleCancelEventArgs arguments)
    {
        arguments.Cancel = !source.IsCancellationRequested;
        if (arguments.Cancel)
        {
            source.Cancel();
        }
        else if (!Console.IsErrorRedirected)
        {
            Console.Error.WriteLine("\e[?25h");
        }
    }
}
