#!/bin/bash
# Copies all that cannot be made again: records, recordings, secrets, settings, what people wrote and spoke.
# usage: deploy/backup.sh DIRECTORY    (as the user who runs the centre, while it runs)
#
# Records and files go to DIRECTORY/<day>, the newest of a day wins; DIRECTORY/recordings is a mirror. All of it is
# personal data. docs/operations.md says how to restore.
set -euo pipefail
umask 077
[ $# = 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
target=$(realpath --canonicalize-missing "$1")
cd "$(dirname "$0")/.."

mapfile -t facts < <(.venv/bin/python - <<'PYTHON'
import json
from callcenter.instance.instance import find_home
from callcenter.settings import read_settings, settings_file
home, settings = find_home(), read_settings()
print(home, settings.recordings_directory, json.loads((home / "ports.json").read_text())["postgres"], sep="\n")
for file in (settings_file(), settings.telephony.trunk.password_file):
    if file is not None:
        print(file.absolute().parent, file.name, sep="\n")
PYTHON
)
home=${facts[0]} recordings=${facts[1]} port=${facts[2]} settings=()
for ((i = 3; i < ${#facts[@]}; i += 2)); do settings+=(--directory "${facts[i]}" "${facts[i + 1]}"); done
day=$target/$(date +%F)
mkdir -p "$day" "$target/recordings"

# The journal before the records: a note in both is taken once, a note in neither is lost.
(cd "$home" && find secrets.toml ports.json boots journal tapes -type f -print0 &&
  find . -maxdepth 1 -name studio.tsv -print0 && find prompts asterisk/data/sounds -name '*.human.*' -print0) |
  tar --create --gzip --directory "$home" --file "$day/instance.tar.gz.new" --null --files-from - --ignore-failed-read
tar --create --gzip --file "$day/tree.tar.gz.new" "${settings[@]}" --directory "$PWD" ivr_scripts knowledge_base
pg_dump --host "$home/run" --port "$port" --username callcenter --format custom --file "$day/callcenter.dump.new" callcenter
for file in instance.tar.gz tree.tar.gz callcenter.dump; do mv "$day/$file.new" "$day/$file"; done

# What retention removed goes from the mirror too, but not everything at once when the disk is away.
rsync --archive --delete --max-delete=2000 "$recordings/" "$target/recordings/"
du --summarize --human-readable "$day" "$target/recordings"
