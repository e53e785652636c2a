"""`callcenter demo`: softphones call the running centre and check what they hear.

Exit code 0 when every scene passes; a scene that this centre cannot play (no speech recognition) is skipped.
"""

import argparse
import asyncio
import json
import sys

from callcenter.instance.instance import open_instance
from tools.demo.runner import play_scenes
from tools.demo.scenes import SCENES
from tools.demo.trace import Account


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the account as JSON (the steps go to stderr)")
    parser.add_argument(
        "--scene",
        action="append",
        choices=[scene.letter for scene in SCENES],
        default=[],
        metavar="LETTER",
        help="only this scene; may be repeated: " + ", ".join(f"{scene.letter} {scene.title}" for scene in SCENES),
    )


def run(arguments: argparse.Namespace) -> int:
    """Raises NotRunning when the centre does not run, or lacks an account or a script that the demo needs."""
    output = sys.stderr if arguments.json else sys.stdout

    def tell(line: str) -> None:
        print(line, file=output, flush=True)

    accounts = asyncio.run(play_scenes(open_instance(), arguments.scene, tell=tell))
    if arguments.json:
        print(json.dumps([account.as_json() for account in accounts], ensure_ascii=False, indent=2))
    else:
        tell(summarise(accounts))
    return 0 if all(account.has_passed for account in accounts) else 1


def summarise(accounts: list[Account]) -> str:
    """The summary in Russian that ends the printed report, a few lines for each scene."""
    lines = [""]
    for account in accounts:
        mark = "–" if account.skip_reason else "✓" if account.has_passed else "✗"
        lines.append(f"{mark} {account.scene}) {account.title}{account.skip_reason and f': {account.skip_reason}'}")
        if account.failure:
            lines.append(f"    {account.failure}")
        if account.ticket:
            lines.append(f"    заявка {account.ticket}")
        if account.recording:
            lines.append(f"    запись {account.recording} ({account.recording_seconds or 0:.1f} с)")
    failed = sum(not account.has_passed for account in accounts)
    skipped = sum(bool(account.skip_reason) for account in accounts)
    done = "Всё получилось." if not skipped else f"Получилось всё, что этот центр может показать; пропущено: {skipped}."
    lines.append(done if not failed else f"Не получилось сцен: {failed} из {len(accounts)}.")
    return "\n".join(lines)
