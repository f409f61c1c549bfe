#!/usr/bin/env bash
# Make a virtual environment hold one lock file and this checkout, if it does not already.
#
#   requirements/install.sh FOLDER NAME     e.g. requirements/install.sh .venv test
#
# A stamp in the environment keeps the checksum of what was installed: unchanged locks cost nothing, changed ones are
# installed again. Set PYTHON to choose the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
name=$2
stamp="$venv/$name.stamp"
want=$(cat "requirements/$name.lock" pyproject.toml | cksum)
[ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ] || exit 0

works() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ ! -x "$venv/bin/python" ]; then
    for python in ${PYTHON:-python3.11 python3}; do
        if works "$python"; then found=$python && break; fi
    done
    if [ -z "${found:-}" ]; then
        echo "Python 3.11 with its venv module is needed (on Debian: apt install python3.11-venv); or set PYTHON." >&2
        exit 2
    fi
    echo "Making $venv with $("$found" --version)"
    "$found" -m venv "$venv"
fi

echo "Installing requirements/$name.lock into $venv (only when it changes)"
export PIP_DISABLE_PIP_VERSION_CHECK=1
# A lock names everything, so pip resolves nothing; it would stumble over extras that a dependency asks for.
"$venv/bin/python" -m pip install --quiet --no-deps --require-hashes -r "requirements/$name.lock"
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
printf '%s\n' "$want" > "$stamp"
