"""`python -m callcenter.hearing.server ADDRESS --engine MODULE --model DIRECTORY`: one recognition server.

It runs in the foreground. It loads the model before it opens the socket, so every accepted connection can be served.
SIGTERM and SIGINT end it gracefully.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.core.logging import configure_logging
from callcenter.hearing.address import Address, read_address
from callcenter.hearing.server.engine import Engine, load_engine
from callcenter.hearing.server.server import RecognitionServer


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m callcenter.hearing.server", description="one ear")
    parser.add_argument("address", metavar="ADDRESS", help="/path/of/its.sock or host:port")
    parser.add_argument("--engine", required=True, metavar="MODULE", help="module with open_engine(model)")
    parser.add_argument("--model", type=Path, metavar="DIRECTORY", help="the engine's model")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    arguments = parser.parse_args(words)
    configure_logging(arguments.log_level)
    try:
        address = read_address(arguments.address)
        asyncio.run(_serve(load_engine(arguments.engine, arguments.model), address))
    except (CallcenterError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(engine: Engine, address: Address) -> None:
    ear = RecognitionServer(engine)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ear.stop)
    await ear.serve(address)


if __name__ == "__main__":
    sys.exit(main())
