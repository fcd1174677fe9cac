#!/usr/bin/env bash
# Every test of the tree. The last line says `N passed, N failed`; the exit code is 0 only when none failed.
#   ./test.sh          format, structure, unit tests (debug, and with Address and UB sanitizer), end-to-end tests
#   ./test.sh --unit   format, structure of the sources, unit tests
#   ./test.sh --e2e    structure of the binaries, end-to-end tests and the red team
#   ./test.sh --long   all of them, with what takes long, and the end-to-end tests on sanitized binaries too
set -uo pipefail
cd "$(dirname "$0")"

unit=true e2e=true long=false
for option in "$@"; do
  case "$option" in
    --unit) e2e=false ;;
    --e2e) unit=false ;;
    --long) long=true ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

jobs=$(nproc)
out=$PWD/build/test
results=$out/results
mkdir -p "$out"
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0

say() { printf '\n== %s  (%s s)\n' "$*" "$SECONDS"; }

# Adds up a JUnit file; none, or an empty one, is a failure: the program that should have written it died.
add() {
  local counts
  if counts=$(python3 test/count.py "$1"); then
    read -r p f s <<<"$counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    echo "$(basename "$1" .xml): $p passed, $f failed, $s skipped"
  else
    failed=$((failed + 1))
  fi
}

one() {  # one NAME COMMAND…: a check that is one test
  local name=$1
  shift
  if "$@"; then passed=$((passed + 1)); echo "$name: passed"; else failed=$((failed + 1)); echo "$name: FAILED"; fi
}

finish() {
  say "done"
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
  echo "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# Without a build there is nothing to test.
must() {
  if ! "$@"; then
    echo "FAILED: $*"
    failed=$((failed + 1))
    finish
  fi
}

quiet() {  # quiet NAME COMMAND…: its output is shown only when it fails
  local log=$out/$1.log
  shift
  "$@" >"$log" 2>&1 || { tail -n 100 "$log"; return 1; }
}

build() {  # build PRESET
  say "build $1"
  must quiet "configure-$1" cmake --preset "$1"
  must quiet "build-$1" cmake --build --preset "$1" --parallel "$jobs"
}

install_to() {  # install_to FOLDER PRESET
  rm -rf "build/$1"
  must quiet "install-$1" cmake --install "build/$2" --prefix "build/$1"
}

formatted() {
  git ls-files -z '*.cc' '*.h' | xargs -0 clang-format-16 --dry-run -Werror
}

python_environment() {
  local wanted
  wanted=$(cat test/e2e/requirements.txt; python3 --version)
  [ -f "$out/venv/wanted" ] && [ "$(cat "$out/venv/wanted")" = "$wanted" ] && return 0
  rm -rf "$out/venv"
  python3 -m venv "$out/venv" && "$out/venv/bin/pip" install -q --disable-pip-version-check -r test/e2e/requirements.txt &&
    echo "$wanted" >"$out/venv/wanted"
}

node_environment() {
  mkdir -p "$out/node"
  cp test/e2e/node/sdk.mjs "$out/node/"
  cmp -s test/e2e/node/package-lock.json "$out/node/package-lock.json" && [ -d "$out/node/node_modules/openai" ] && return 0
  cp test/e2e/node/package.json test/e2e/node/package-lock.json "$out/node/"
  (cd "$out/node" && npm ci --no-audit --no-fund --silent)
}

run_pytest() {  # run_pytest NAME PREFIX ARGUMENTS…
  local name=$1 prefix=$2
  shift 2
  AISIX_PREFIX=$prefix AISIX_NODE_TESTS=$out/node PYTHONDONTWRITEBYTECODE=1 \
    "$out/venv/bin/python" -m pytest -q -p no:cacheprovider --junitxml "$results/$name.xml" "$@"
  add "$results/$name.xml"
}

unit_tests() {  # unit_tests PRESET
  say "unit tests, $1"
  # A leak is a failure; the options make every finding of the UB sanitizer one, too.
  ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    ctest --preset "$1" --parallel "$jobs" --output-junit "$results/unit-$1.xml" --progress >"$out/unit-$1.log" 2>&1 ||
    tail -n 200 "$out/unit-$1.log"
  add "$results/unit-$1.xml"
}

say "dependencies"
must scripts/dependencies.sh test
must python_environment

if $unit; then
  say "format and structure"
  one format formatted
  run_pytest structure "$PWD/build/install" test/structure/test_tree.py test/structure/test_dependencies.py
  build debug
  unit_tests debug
  build asan
  unit_tests asan
fi

if $e2e; then
  say "end-to-end tests"
  must node_environment
  build release
  install_to install release
  run_pytest binaries "$PWD/build/install" test/structure/test_binaries.py
  more=()
  if $long; then more=(--long); fi
  run_pytest e2e "$PWD/build/install" test/e2e "${more[@]}"
  say "red team"
  must quiet configure-debug cmake --preset debug
  must quiet build-redteam cmake --build --preset debug --parallel "$jobs" --target redteam
  AISIX_REDTEAM=$PWD/build/debug/bin run_pytest redteam "$PWD/build/install" test/redteam "${more[@]}"
  say "quickstart"
  one quickstart ./quickstart.sh --check
  if $long; then
    build asan
    install_to install-asan asan
    run_pytest e2e-asan "$PWD/build/install-asan" test/e2e
  fi
fi
finish
