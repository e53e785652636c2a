"""Copies the desk's styles and scripts out of `node_modules`, as `callcenter/web/vendor.json` lists them."""

import json
import shutil
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
WEB = TREE / "callcenter" / "web"


def main() -> int:
    """Fills `static/vendor` anew; an earlier version's files do not stay behind."""
    wanted: dict[str, str] = json.loads((WEB / "vendor.json").read_text(encoding="utf-8"))
    missing = [source for source in wanted if not (TREE / "node_modules" / source).is_file()]
    if missing:
        print(f"callcenter/web/vendor.json: not in node_modules: {', '.join(missing)}", file=sys.stderr)
        return 1
    shutil.rmtree(WEB / "static" / "vendor", ignore_errors=True)
    for source, target in wanted.items():
        file = WEB / target
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TREE / "node_modules" / source, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
