#!/bin/bash
# Rebuilds the acoustic weights from packages, or reports on the committed ones. Hours on two cores; never in CI.
# usage: speech_model/make.sh model|report [WORK]     WORK (default: /var/tmp/callcenter-model) takes 15 GB
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?model or report} work=${2:-/var/tmp/callcenter-model}
python=$work/venv/bin/python
packages=(festvox-ru asterisk-core-sounds-ru asterisk-core-sounds-ru-wav)

mkdir -p "$work/debs" "$work/packages"
work=$(cd "$work" && pwd)
if [ ! -e "$work/venv/.ready" ]; then
  python3 -m venv "$work/venv"
  # The source of retro-ru-tts was written for a Python before 3.10.
  CFLAGS=-DPY_SSIZE_T_CLEAN "$python" -m pip --quiet install --require-hashes --requirement speech_model/requirements.txt
  touch "$work/venv/.ready"
fi
for tool in festival espeak-ng fstconvert dpkg-deb; do
  command -v $tool >/dev/null || { echo "missing: $tool (apt-get install festival festvox-ru espeak-ng libfst-tools)"; exit 1; }
done
for package in "${packages[@]}"; do
  [ -e "$work/debs/$package" ] && continue
  (cd "$work/debs" && apt-get --quiet download "$package" && dpkg-deb -x "$package"_*.deb "$work/packages")
  touch "$work/debs/$package"
done

case $what in
  model)
    run() { echo "· $*"; "$python" -W ignore -m "speech_model.training.$1" "${@:2}"; }
    run everyday "$work"
    run prepare "$work"
    run development "$work"
    run train "$work" --minutes "${MINUTES:-120}"
    run export "$work/network.pt" speech_model/acoustic
    "$0" report "$work" ;;
  report) "$python" -W ignore -m speech_model.training.report "$work" ;;
  *) echo "usage: $0 model|report [WORK]" >&2; exit 2 ;;
esac
