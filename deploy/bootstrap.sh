#!/bin/bash
# Installs what the centre needs on Debian 12 or 13: system packages, the virtual environment, the desk's styles.
# usage: deploy/bootstrap.sh [--for-tests | --packages | --clean]
# --packages installs the system packages only: the part that needs root.
#
# Only what is missing is installed; with everything there it takes a moment. It may be interrupted at any point:
# a mark is written after a step is complete, and a step without its mark is done again.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(postgresql mmdebstrap debian-archive-keyring bubblewrap festival festvox-ru libfst-tools tzdata)
locks=(requirements.txt)
for_tests=''

say() { printf '%s\n' "$*"; }
fail() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }

clean() {
  if [ -x .venv/bin/python ] && .venv/bin/python - <<'PYTHON'
import sys
from callcenter.layout import Layout
from callcenter.instance.instance import find_home
from callcenter.instance.processes import find_running
sys.exit(0 if any(find_running(file) for file in Layout(find_home()).pid_directory.glob("*")) else 1)
PYTHON
  then fail 'the centre runs from this tree; make stop first'; fi
  rm -rf .venv .venv-node node_modules callcenter/web/static/vendor callcenter.egg-info \
    .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
  find . -name __pycache__ -type d -prune -exec rm -rf {} +
}

# --- system packages

missing_packages() {
  local installed
  installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
    awk '$2 == "installed" { print $1 }') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "not root, and no sudo; run as root: $*"; fi
}

# What a command says matters only when it fails. It must not inherit our lock: it may outlive us.
quietly() {
  local said
  said=$("$@" 2>&1 9<&-) || { tail -n 25 <<<"$said" >&2; return 1; }
}

apt_get() {
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@"
}

install_packages() {
  command -v dpkg-query >/dev/null || fail 'this is no Debian; see docs/operations.md for what must be installed'
  # An ordinary user builds Asterisk's root in a user namespace, unless root has built one before.
  [ "$(id -u)" = 0 ] || packages+=(uidmap)
  find_python >/dev/null || packages+=(python3 python3-venv)
  local missing
  mapfile -t missing < <(missing_packages "${packages[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "· пакеты Debian: ${missing[*]}"
  apt_get update || fail 'apt-get update failed'
  # An installation that was interrupted, ours or another, is ended first.
  quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a || true
  apt_get --fix-broken install || fail 'apt-get --fix-broken install failed'
  if [[ " ${missing[*]} " == *' postgresql '* ]]; then
    # Ours is a private cluster; without this Debian would also make and start one for the whole machine.
    apt_get install postgresql-common || fail 'apt-get could not install postgresql-common'
    as_root sed -i -E 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' \
      /etc/postgresql-common/createcluster.conf
    grep -q '^create_main_cluster = false' /etc/postgresql-common/createcluster.conf ||
      echo 'create_main_cluster = false' | as_root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  apt_get install "${missing[@]}" || fail "apt-get could not install ${missing[*]}"
}

# --- Python

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
      2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

key_of() { { printf '%s\n' "$PWD"; cat "$@"; } | sha256sum | cut -c1-32; }

make_environment() {
  local mark=".venv/.ready${for_tests:+-for-tests}" key python
  key=$(key_of requirements-build.txt "${locks[@]}" pyproject.toml)
  if [ ! -e .venv/.installing ] && [ "$(cat "$mark" 2>/dev/null)" = "$key" ] &&
    .venv/bin/python -c 'import callcenter' 2>/dev/null; then
    return 0
  fi
  python=$(find_python) || fail 'no Python 3.11, 3.12 or 3.13 with venv was found'
  # A half-installed package is not worth guessing about: after an interruption the environment is made anew.
  if [ -e .venv/.installing ] || ! .venv/bin/python -c \
    'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
    rm -rf .venv
  fi
  mkdir -p .venv
  touch .venv/.installing
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then "$python" -m venv .venv; fi
  say "· виртуальное окружение: $(.venv/bin/python --version)"
  local pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check install)
  "${pip[@]}" --require-hashes --requirement requirements-build.txt
  # Without isolation: what is built is built with the locked setuptools, not with whatever is newest today.
  # Tests use a small part of what is installed; Python compiles that part when it is first imported.
  "${pip[@]}" ${for_tests:+--no-compile} --require-hashes --no-build-isolation $(printf -- '--requirement %s ' "${locks[@]}")
  "${pip[@]}" --no-deps --no-build-isolation --editable .
  printf '%s\n' "$key" >"$mark"
  rm .venv/.installing
}

# --- the desk's styles and scripts

npm_command() {
  if command -v npm >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null; then
    npm "$@"
    return
  fi
  local key
  key=$(key_of requirements-setup.txt)
  if [ "$(cat .venv-node/.ready 2>/dev/null)" != "$key" ]; then
    say '· Node.js из PyPI (своего npm на машине нет)'
    rm -rf .venv-node
    "$(find_python)" -m venv .venv-node
    .venv-node/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes \
      --requirement requirements-setup.txt
    printf '%s\n' "$key" >.venv-node/.ready
  fi
  PATH="$PWD/.venv-node/bin:$PATH" npm "$@"
}

copy_vendor_files() {
  local mark=callcenter/web/static/vendor/.ready key
  key=$(key_of package-lock.json callcenter/web/vendor.json)
  [ "$(cat "$mark" 2>/dev/null)" != "$key" ] || return 0
  say '· оформление рабочего места (npm)'
  npm_command ci --loglevel=error >/dev/null || fail 'npm could not fetch the styles of the desk'
  .venv/bin/python deploy/vendor.py
  printf '%s\n' "$key" >"$mark"
}

case "${1:-}" in
  '') ;;
  --for-tests) packages+=(sip-tester baresip-core chromium espeak-ng); locks=(requirements-dev.txt); for_tests=yes ;;
  --packages) packages+=(uidmap); install_packages; exit 0 ;;
  --clean) clean; exit 0 ;;
  *) fail "usage: $0 [--for-tests | --packages | --clean]" ;;
esac
exec 9<Makefile
flock --nonblock 9 || {
  say '· жду: в этом дереве уже идёт установка' # two at once would install over each other
  flock 9
}
install_packages
make_environment
copy_vendor_files
