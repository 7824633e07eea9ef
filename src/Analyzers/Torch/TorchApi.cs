using Microsoft.CodeAnalysis;

namespace ChannelGen.Analyzers.Torch;

/// <summary>What a method of TorchSharp or TorchVision does to the tensor that it works on, or what the layer that it makes does.</summary>
[Flags]
internal enum Effect
{
    None = 0,

    /// <summary>The result has the shape of the tensor.</summary>
    KeepsShape = 1 << 0,

    /// <summary>The same numbers, elsewhere or of another type.</summary>
    Moves = 1 << 1,

    /// <summary>The result is the tensor itself, with another owner or setting.</summary>
    IsItself = 1 << 18,

    /// <summary>Each number is computed from the one in its place, or from it and the one in the same place of another tensor.</summary>
    Elementwise = 1 << 2,

    /// <summary>The result has the rank, batch and channels of the tensor, but other sizes in space.</summary>
    KeepsChannels = 1 << 3,

    /// <summary>Each channel is computed by itself, and all alike.</summary>
    ByChannel = 1 << 4,

    /// <summary>Arithmetic of two tensors, or of one and a number.</summary>
    Broadcasts = 1 << 5,

    /// <summary>The result is a mask, labels, indices or a grid.</summary>
    GivesNoImage = 1 << 6,

    /// <summary>One number is left of each dimension that is named.</summary>
    Reduces = 1 << 7,

    /// <summary>A view of a part of the tensor: what changes it in place changes the part only.</summary>
    IsPart = 1 << 8,

    /// <summary>A part of the tensor is changed in place, or another is put in its place.</summary>
    ChangesPart = 1 << 9,

    /// <summary>The shape of the tensor itself is changed.</summary>
    ReshapesInPlace = 1 << 10,

    /// <summary>A new tensor of the shape that is given.</summary>
    Makes = 1 << 11,

    /// <summary>A new tensor of numbers that the program has in an array or a list.</summary>
    TakesNumbers = 1 << 12,

    /// <summary>The result may be copies of one tensor along one dimension.</summary>
    Copies = 1 << 13,

    /// <summary>Several tensors become one.</summary>
    Joins = 1 << 14,

    /// <summary>An image is read from a file or from bytes.</summary>
    ReadsImage = 1 << 15,

    /// <summary>An image is written to a file or to bytes.</summary>
    WritesImage = 1 << 16,

    /// <summary>Makes a convolution.</summary>
    Convolves = 1 << 17,
}

/// <summary>
/// What each method of TorchSharp and TorchVision does to a tensor: the one table of it. A method is found by its symbol, the
/// type that declares it included, so that methods of other types and assemblies never count.
/// </summary>
internal static class TorchApi
{
    /// <summary>By name; methods of one name do the same, whether they are the tensor's, torch's or torchvision's.</summary>
    public static readonly IReadOnlyDictionary<string, Effect> Table = new Builder
    {
        { Effect.KeepsShape | Effect.Moves | Effect.Elementwise, "to type type_as to_type cuda cpu clone detach alias contiguous" },
        { Effect.KeepsShape | Effect.Moves | Effect.Elementwise, "float half bfloat16 double pin_memory" },
        { Effect.KeepsShape | Effect.Moves | Effect.IsItself, "requires_grad_ with_requires_grad detach_ MoveToOuterDisposeScope" },
        { Effect.KeepsShape | Effect.Moves | Effect.IsItself, "DetachFromDisposeScope MoveToOtherDisposeScope" },
        { Effect.KeepsShape | Effect.Elementwise, "int long byte char short abs abs_ absolute neg neg_ negative exp exp_ expm1" },
        { Effect.KeepsShape | Effect.Elementwise, "log log_ log2 log10 log1p sqrt sqrt_ rsqrt square pow pow_ reciprocal" },
        { Effect.KeepsShape | Effect.Elementwise, "sigmoid sigmoid_ tanh tanh_ sin cos erf relu relu_ relu6 leaky_relu leaky_relu_" },
        { Effect.KeepsShape | Effect.Elementwise, "elu selu gelu silu mish hardtanh hardswish softplus clamp clamp_ clip" },
        { Effect.KeepsShape | Effect.Elementwise, "clamp_min clamp_max round round_ floor floor_ ceil ceil_ trunc frac nan_to_num sign" },
        { Effect.KeepsShape | Effect.Elementwise, "fill_ zero_ masked_fill masked_fill_ add_ sub_ mul_ div_ subtract_ multiply_" },
        { Effect.KeepsShape | Effect.Elementwise, "divide_ adjust_brightness adjust_gamma invert posterize solarize" },
        { Effect.KeepsShape | Effect.Elementwise | Effect.ChangesPart, "copy_" },
        { Effect.KeepsShape | Effect.ByChannel, "convert_image_dtype hflip vflip" },
        { Effect.KeepsShape, "adjust_contrast adjust_sharpness autocontrast equalize gaussian_blur normal_ uniform_ bernoulli" },
        { Effect.KeepsShape, "flip fliplr flipud roll dropout softmax log_softmax cumsum sort normalize batch_norm" },
        { Effect.KeepsShape, "instance_norm group_norm layer_norm local_response_norm" },
        { Effect.KeepsShape, "rand_like randn_like zeros_like ones_like full_like empty_like" },
        { Effect.KeepsChannels | Effect.ByChannel, "interpolate max_pool2d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d" },
        { Effect.KeepsChannels | Effect.ByChannel, "resize crop center_crop" },
        { Effect.KeepsChannels, "upsample lp_pool2d resized_crop rotate affine perspective pad grid_sample" },
        { Effect.Broadcasts | Effect.Elementwise, "add sub subtract div divide true_divide maximum minimum fmod remainder lerp" },
        { Effect.Broadcasts | Effect.Elementwise, "addcmul addcdiv" },
        { Effect.Broadcasts | Effect.Elementwise | Effect.Copies, "mul multiply" },
        { Effect.GivesNoImage, "eq ne lt le gt ge equal not_equal less less_equal greater greater_equal isnan isinf isfinite" },
        { Effect.GivesNoImage, "isclose logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_not bool" },
        { Effect.GivesNoImage, "argmax argmin argsort nonzero one_hot multinomial arange linspace logspace meshgrid eye randperm" },
        { Effect.GivesNoImage, "tril triu tril_indices triu_indices bincount bucketize searchsorted affine_grid" },
        { Effect.Reduces, "mean sum amax amin std var prod logsumexp norm nanmean nansum median nanmedian quantile count_nonzero" },
        { Effect.IsPart, "select narrow slice index diagonal" },
        { Effect.IsPart | Effect.Copies, "index_select" },
        { Effect.ChangesPart, "index_put_ index_copy_ index_fill_ index_add_ scatter_ scatter_add_ masked_scatter_" },
        { Effect.ChangesPart | Effect.ReshapesInPlace, "set_" },
        { Effect.ReshapesInPlace, "unsqueeze_ squeeze_ transpose_" },
        { Effect.Makes, "rand randn zeros ones empty full randint normal" },
        { Effect.TakesNumbers, "tensor as_tensor from_array frombuffer" },
        { Effect.Joins | Effect.Copies, "cat concat concatenate stack hstack column_stack vstack row_stack dstack" },
        { Effect.Copies, "repeat tile expand expand_as broadcast_to repeat_interleave" },
        { Effect.ReadsImage, "read_image read_image_async decode_image" },
        { Effect.WritesImage, "write_jpeg write_png" },
        { Effect.Convolves, "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d" },
        { Effect.GivesNoImage, "Embedding EmbeddingBag LSTM GRU RNN LSTMCell GRUCell RNNCell TransformerEncoder TransformerDecoder" },
        { Effect.GivesNoImage, "TransformerEncoderLayer TransformerDecoderLayer MultiheadAttention" },
        { Effect.KeepsChannels, "ReLU ReLU6 LeakyReLU ELU SELU GELU SiLU Mish Sigmoid Tanh Softmax Hardtanh Hardswish Softplus" },
        { Effect.KeepsChannels, "Dropout Dropout2d BatchNorm2d InstanceNorm2d GroupNorm LocalResponseNorm MaxPool2d AvgPool2d" },
        { Effect.KeepsChannels, "AdaptiveAvgPool2d AdaptiveMaxPool2d Upsample ZeroPad2d ReflectionPad2d ReplicationPad2d" },
        { Effect.KeepsChannels, "ConstantPad2d Identity" },
        { Effect.KeepsChannels, "Resize CenterCrop RandomResizedCrop Pad Rotate RandomRotation" },
        { Effect.KeepsShape, "HorizontalFlip VerticalFlip ConvertImageDType Invert GaussianBlur ColorJitter AutoContrast Equalize" },
    };

    /// <summary>Of the name alone: asked first, of every call, because it costs next to nothing.</summary>
    public static bool MayBe(string method, Effect effect) => Table.TryGetValue(method, out Effect effects) && (effects & effect) != 0;

    /// <summary>What a method does; nothing for one of another library or of the program.</summary>
    public static Effect EffectOf(this TorchSymbols symbols, IMethodSymbol method) =>
        Table.TryGetValue(method.Name, out Effect effect) && symbols.IsOfApi(method) ? effect : Effect.None;

    /// <summary>Whether a method does such a thing.</summary>
    public static bool Does(this TorchSymbols symbols, IMethodSymbol method, Effect effect) => (symbols.EffectOf(method) & effect) != 0;

    /// <summary>Reads the rows of the table.</summary>
    private sealed class Builder : Dictionary<string, Effect>
    {
        public Builder()
            : base(StringComparer.Ordinal) { }

        public void Add(Effect effect, string names)
        {
            foreach (string name in names.Split(' '))
            {
                Add(name, effect);
            }
        }
    }
}
