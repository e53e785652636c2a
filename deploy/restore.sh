#!/bin/bash
# Puts the records of a backup in the place of those that are there, into whatever PostgreSQL is in force.
# usage: deploy/restore.sh DIRECTORY/<day>/callcenter.dump    (as the user who runs the centre, while it is stopped)
set -euo pipefail
[ $# = 1 ] && [ -r "$1" ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
dump=$(realpath "$1")
cd "$(dirname "$0")/.."
.venv/bin/python -m callcenter stop --keep-calls # while anybody writes, nothing is restored
.venv/bin/python -m callcenter setup             # PostgreSQL runs afterwards
mapfile -t facts < <(.venv/bin/python - <<'PYTHON'
import json
from callcenter.instance.instance import find_home
print(find_home() / "run", json.loads((find_home() / "ports.json").read_text())["postgres"], sep="\n")
PYTHON
)
server=(--host "${facts[0]}" --port "${facts[1]}" --username callcenter)
createdb "${server[@]}" restored
pg_restore "${server[@]}" --dbname restored --exit-on-error "$dump" || { dropdb "${server[@]}" restored; exit 1; }
dropdb "${server[@]}" --if-exists replaced
psql "${server[@]}" --quiet --dbname postgres --command 'ALTER DATABASE callcenter RENAME TO replaced' \
  --command 'ALTER DATABASE restored RENAME TO callcenter'
.venv/bin/python -m callcenter setup # an older backup gets today's tables
echo 'Записи восстановлены; прежние лежат рядом в базе replaced. Запустите центр: make run'
