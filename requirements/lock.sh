#!/usr/bin/env bash
# Write the lock files: every package that the project may install, pinned with its hashes. They name no index,
# so any mirror that serves the same files will do. One resolution of everything comes first and binds the rest,
# so that two locks never disagree about a version.
#
#   requirements/lock.sh            keep the pins that still fit
#   requirements/lock.sh --upgrade  take the newest that fit
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export UV_CUSTOM_COMPILE_COMMAND='make lock'
printf 'hatchling\n' > "$work/build.in"   # builds the editable install, so that no build fetches an unpinned one

# locked NAME [uv arguments...]: requirements/NAME.lock from pyproject.toml and these extras.
locked() {
    local name=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-annotate pyproject.toml "$work/build.in" \
        --output-file "requirements/$name.lock" "$@"
}

locked all --all-extras ${1:+"$1"}
sed -E '/^ +--hash/d; s/ *\\$//' requirements/all.lock > "$work/pins.txt"
locked match --constraint "$work/pins.txt"
for extra in serve train monitor test bench; do
    locked "$extra" --extra "$extra" --constraint "$work/pins.txt"
done
