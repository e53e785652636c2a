"""The commands a person types, one file each: `HELP`, `add_arguments(parser)`, `run(arguments) -> exit code`."""
