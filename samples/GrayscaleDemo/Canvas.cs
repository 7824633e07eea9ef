using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace GrayscaleDemo;

/// <summary>A picture with tiles and words on white, which can be read on pages with a light or a dark background.</summary>
internal sealed class Canvas : IDisposable
{
    private readonly SKSurface surface;

    public Canvas(int width, int height)
    {
        surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.White);
    }

    /// <summary>Draws a map, [H, W] or in color [3, H, W], with values from 0 to 1.</summary>
    /// <param name="map">The values; those outside are cut off.</param>
    /// <param name="x">The left edge.</param>
    /// <param name="y">The upper edge.</param>
    /// <param name="side">The longer side; the aspect is kept.</param>
    /// <param name="smooth">False to show each value as a square.</param>
    public void Tile(Tensor map, float x, float y, float side, bool smooth)
    {
        using DisposeScope scope = NewDisposeScope();
        int channels = map.ndim == 2 ? 1 : 3;
        int height = (int)map.shape[^2];
        int width = (int)map.shape[^1];
        float scale = side / Math.Max(width, height);
        byte[] bytes = (map.clamp(0, 1) * 255).round().to(ScalarType.Byte).contiguous().data<byte>().ToArray();
        using var bitmap = new SKBitmap(width, height);
        for (int pixel = 0; pixel < width * height; pixel++)
        {
            byte Value(int channel) => bytes[(Math.Min(channel, channels - 1) * width * height) + pixel];
            bitmap.SetPixel(pixel % width, pixel / width, new SKColor(Value(0), Value(1), Value(2)));
        }

        var place = SKRect.Create(x, y, width * scale, height * scale);
        using var paint = new SKPaint { FilterQuality = smooth ? SKFilterQuality.High : SKFilterQuality.None };
        surface.Canvas.DrawBitmap(bitmap, place, paint);
        using var edge = new SKPaint { Style = SKPaintStyle.Stroke, Color = SKColors.Gray };
        surface.Canvas.DrawRect(place, edge);
    }

    /// <summary>Writes lines below each other, the first one's foot at <paramref name="y"/>.</summary>
    public void Text(string text, float x, float y, bool bold = false, SKTextAlign align = SKTextAlign.Left)
    {
        using var typeface = SKTypeface.FromFamilyName("DejaVu Sans", bold ? SKFontStyle.Bold : SKFontStyle.Normal);
        using var paint = new SKPaint
        {
            Color = SKColors.Black,
            IsAntialias = true,
            TextSize = 14,
            Typeface = typeface,
            TextAlign = align,
        };
        foreach (string line in text.Split('\n'))
        {
            surface.Canvas.DrawText(line, x, y, paint);
            y += 18;
        }
    }

    public void Save(string path)
    {
        using SKImage image = surface.Snapshot();
        using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
        using FileStream file = File.Create(path);
        png.SaveTo(file);
    }

    public void Dispose() => surface.Dispose();
}
