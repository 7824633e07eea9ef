using static TorchSharp.torch;

namespace ChannelGen.Convolutions;

/// <summary>
/// The one comparison of devices. TorchSharp's Device is a class without equality, and each tensor makes a new one: two of
/// them are never equal by ==, wherever the tensors lie.
/// </summary>
internal static class SameDevice
{
    /// <summary>Whether two devices are one: the same type and, of those of which there may be several, the same index.</summary>
    public static bool IsSameAs(this Device left, Device right) =>
        left.type == right.type && (left.type == TorchSharp.DeviceType.CPU || left.index == right.index);
}
