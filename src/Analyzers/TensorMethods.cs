namespace ChannelGen.Analyzers;

/// <summary>What TorchSharp's methods do to a shape, by name; that they are TorchSharp's is known before these are asked.</summary>
internal static class TensorMethods
{
    /// <summary>The result has the shape of the tensor.</summary>
    public static readonly HashSet<string> KeepShape = new(StringComparer.Ordinal)
    {
        "to", "type", "type_as", "cuda", "cpu", "clone", "detach", "detach_", "alias", "contiguous", "float", "half", "bfloat16", "double", "int", "long",
        "byte", "char", "short", "MoveToOuterDisposeScope", "DetachFromDisposeScope", "MoveToOtherDisposeScope", "with_requires_grad", "requires_grad_",
        "pin_memory", "abs", "abs_", "absolute", "neg", "neg_", "negative", "exp", "exp_", "expm1", "log", "log_", "log2", "log10", "log1p", "sqrt", "sqrt_",
        "rsqrt", "square", "pow", "pow_", "reciprocal", "sigmoid", "sigmoid_", "tanh", "tanh_", "sin", "cos", "erf", "relu", "relu_", "relu6", "leaky_relu",
        "leaky_relu_", "elu", "selu", "gelu", "silu", "mish", "hardtanh", "hardswish", "softplus", "clamp", "clamp_", "clip", "clip_", "clamp_min", "clamp_max",
        "round", "round_", "floor", "floor_", "ceil", "ceil_", "trunc", "frac", "flip", "fliplr", "flipud", "roll", "dropout", "dropout_", "softmax",
        "log_softmax", "nan_to_num", "fill_", "zero_", "normal_", "uniform_", "masked_fill", "masked_fill_", "rand_like", "randn_like", "zeros_like",
        "ones_like", "full_like", "empty_like", "bernoulli", "copy_", "add_", "sub_", "mul_", "div_", "subtract_", "multiply_", "divide_", "cumsum", "sign",
        "batch_norm", "instance_norm", "group_norm", "layer_norm", "normalize", "local_response_norm", "sort", "hflip", "vflip", "invert", "adjust_brightness",
        "adjust_contrast", "adjust_gamma", "adjust_sharpness", "autocontrast", "equalize", "posterize", "solarize", "convert_image_dtype", "gaussian_blur",
    };

    /// <summary>The result has the rank, batch and channels of the tensor, but other sizes in space.</summary>
    public static readonly HashSet<string> KeepChannels = new(StringComparer.Ordinal)
    {
        "interpolate", "upsample", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "lp_pool2d", "resize", "crop", "center_crop",
        "resized_crop", "rotate", "affine", "perspective", "pad", "grid_sample",
    };

    /// <summary>The result is a mask, labels, indices or a grid.</summary>
    public static readonly HashSet<string> GiveNoImage = new(StringComparer.Ordinal)
    {
        "eq", "ne", "lt", "le", "gt", "ge", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isinf", "isfinite", "isclose",
        "logical_and", "logical_or", "logical_not", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_not", "bool", "argmax", "argmin", "argsort", "nonzero",
        "one_hot", "multinomial", "arange", "linspace", "logspace", "meshgrid", "eye", "randperm", "tril", "triu", "tril_indices", "triu_indices", "bincount",
        "bucketize", "searchsorted", "affine_grid", "embedding",
    };

    /// <summary>One number is left of each dimension that is named.</summary>
    public static readonly HashSet<string> Reductions = new(StringComparer.Ordinal)
    {
        "mean", "sum", "amax", "amin", "std", "var", "prod", "logsumexp", "norm", "nanmean", "nansum", "median", "nanmedian", "quantile", "count_nonzero",
    };

    /// <summary>The same numbers, elsewhere or of another type.</summary>
    public static readonly HashSet<string> Moves = new(StringComparer.Ordinal)
    {
        "to", "type", "type_as", "cuda", "cpu", "clone", "detach", "alias", "contiguous", "float", "half", "bfloat16", "double", "requires_grad_",
        "with_requires_grad", "MoveToOuterDisposeScope", "DetachFromDisposeScope", "MoveToOtherDisposeScope", "pin_memory",
    };

    /// <summary>Views of a part of a tensor: what changes them in place changes the part only.</summary>
    public static readonly HashSet<string> Parts = new(StringComparer.Ordinal) { "select", "narrow", "slice", "index", "diagonal", "index_select" };

    /// <summary>Change a part of the tensor in place, or put another in its place.</summary>
    public static readonly HashSet<string> ChangeParts = new(StringComparer.Ordinal)
    {
        "index_put_", "index_copy_", "index_fill_", "index_add_", "scatter_", "scatter_add_", "masked_scatter_", "copy_", "set_", "fill_diagonal_",
    };

    /// <summary>Arithmetic of two tensors, or of one and a number.</summary>
    public static readonly HashSet<string> Broadcasting = new(StringComparer.Ordinal)
    {
        "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "maximum", "minimum", "fmod", "remainder", "lerp", "addcmul", "addcdiv",
    };

    /// <summary>A new tensor of the shape that is given.</summary>
    public static readonly HashSet<string> Factories = new(StringComparer.Ordinal) { "rand", "randn", "zeros", "ones", "empty", "full", "randint", "normal" };

    /// <summary>A new tensor of numbers that the program has in an array or a list.</summary>
    public static readonly HashSet<string> OfNumbers = new(StringComparer.Ordinal) { "tensor", "as_tensor", "from_array", "frombuffer" };

    /// <summary>Change the shape of the tensor itself.</summary>
    public static readonly HashSet<string> ReshapeInPlace = new(StringComparer.Ordinal)
    {
        "unsqueeze_", "squeeze_", "resize_", "resize_as_", "transpose_", "t_", "swapaxes_", "swapdims_", "set_", "as_strided_",
    };

    /// <summary>Layers for words and series, whose results are no images.</summary>
    public static readonly HashSet<string> LayersThatGiveNoImage = new(StringComparer.Ordinal)
    {
        "Embedding", "EmbeddingBag", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "TransformerEncoder", "TransformerDecoder",
        "TransformerEncoderLayer", "TransformerDecoderLayer", "MultiheadAttention",
    };

    /// <summary>Layers that give the channels that they are given.</summary>
    public static readonly HashSet<string> LayersThatKeepChannels = new(StringComparer.Ordinal)
    {
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softmax", "Hardtanh", "Hardswish", "Softplus", "Dropout",
        "Dropout2d", "BatchNorm2d", "InstanceNorm2d", "GroupNorm", "LocalResponseNorm", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d",
        "Upsample", "ZeroPad2d", "ReflectionPad2d", "ReplicationPad2d", "ConstantPad2d", "Identity",
    };
}
