#!/bin/bash
# Rebuilds the acoustic weights from packages, or reports on the committed ones. Hours on two cores; never in CI.
# usage: speech_model/make.sh model|more|report [WORK]     WORK (default: /var/tmp/callcenter-model) takes 8 GB
# `more` trains the committed weights further instead of beginning anew.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?model, more or report} work=${2:-/var/tmp/callcenter-model}
python=$work/venv/bin/python
packages=(festvox-ru asterisk-core-sounds-ru asterisk-core-sounds-ru-wav)

mkdir -p "$work/debs" "$work/packages"
work=$(cd "$work" && pwd)
if [ ! -e "$work/venv/.ready" ]; then
  python3 -m venv "$work/venv"
  # retro-ru-tts was written for a Python before 3.10: its wheel fails on a newer one, its source can be told.
  CFLAGS=-DPY_SSIZE_T_CLEAN "$python" -m pip --quiet install --no-binary retro-ru-tts --require-hashes \
    --requirement speech_model/requirements.txt
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

run() { echo "· $*"; "$python" -W ignore -m "speech_model.training.$1" "${@:2}"; }

case $what in
  model | more)
    run everyday "$work"
    run prepare "$work"
    run development "$work"
    begin=()
    if [ "$what" = more ]; then
      run recall "$work" speech_model/acoustic "$work/start.pt"
      begin=(--start "$work/start.pt")
    fi
    run train "$work" --minutes "${MINUTES:-120}" "${begin[@]}"
    run export "$work/network.pt" speech_model/acoustic
    run report "$work" ;;
  report) run report "$work" ;;
  *) echo "usage: $0 model|more|report [WORK]" >&2; exit 2 ;;
esac
