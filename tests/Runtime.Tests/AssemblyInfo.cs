// TorchSharp uses all cores by itself, and tests that count live tensors must not see those of others.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
