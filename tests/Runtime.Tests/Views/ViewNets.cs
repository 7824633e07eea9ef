using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace ChannelGen.Runtime.Tests;

/// <summary>What a network is made of, for those whose forward is a function.</summary>
internal sealed class Parts
{
    private readonly Module owner;

    /// <param name="owner">The network, in which the parts are registered.</param>
    /// <param name="parts">Modules, parameters and tensors (buffers) by name.</param>
    public Parts(Module owner, (string Name, object Part)[] parts)
    {
        this.owner = owner;
        foreach ((string name, object part) in parts)
        {
            switch (part)
            {
                case Module module:
                    owner.register_module(name, module);
                    break;
                case TorchSharp.Modules.Parameter parameter:
                    owner.register_parameter(name, parameter);
                    break;
                default:
                    owner.register_buffer(name, (Tensor)part);
                    break;
            }
        }
    }

    public bool Training => owner.training;

    /// <summary>What the network keeps for itself between its calls.</summary>
    public Dictionary<string, Tensor> Kept { get; } = [];

    public Module<Tensor, Tensor> Layer(string name) =>
        (Module<Tensor, Tensor>)owner.named_children().First(child => child.name == name).module;

    public Tensor Call(string name, Tensor input) => Layer(name).call(input);

    public Tensor Buffer(string name) => owner.get_buffer(name)!;

    public Tensor Parameter(string name) => owner.get_parameter(name)!;
}

/// <summary>A network of one input whose forward is a function.</summary>
internal sealed class Net<TInput, TResult> : Module<TInput, TResult>
{
    private readonly Func<Parts, TInput, TResult> run;

    public Net(Func<Parts, TInput, TResult> run, params (string Name, object Part)[] parts)
        : base(nameof(Net<TInput, TResult>))
    {
        this.run = run;
        Parts = new Parts(this, parts);
    }

    public Parts Parts { get; }

    public override TResult forward(TInput image) => run(Parts, image);
}

/// <summary>A network of two inputs whose forward is a function.</summary>
internal sealed class Net<TFirst, TSecond, TResult> : Module<TFirst, TSecond, TResult>
{
    private readonly Func<Parts, TFirst, TSecond, TResult> run;

    public Net(Func<Parts, TFirst, TSecond, TResult> run, params (string Name, object Part)[] parts)
        : base(nameof(Net<TFirst, TSecond, TResult>))
    {
        this.run = run;
        Parts = new Parts(this, parts);
    }

    public Parts Parts { get; }

    public override TResult forward(TFirst first, TSecond second) => run(Parts, first, second);
}
