"""What the subcommands of `medsapiens` do. Torch is imported inside functions, so that `--help` answers at once."""
