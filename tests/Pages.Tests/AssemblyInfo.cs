// The examples write to the console and to the current folder, of which a process has one each.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
