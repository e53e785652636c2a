"""The commands of the `callcenter` program, one module each: `add_arguments(parser)`, `run(arguments) -> exit code`.

`callcenter/__main__.py` lists the commands; the other modules here are helpers of a command.
"""
