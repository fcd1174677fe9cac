#!/usr/bin/env bash
# Installs, builds and serves the gateway on an embedded default: one resources file and a mock provider.
#   ./quickstart.sh           serves until Ctrl-C
#   ./quickstart.sh --check   starts, sends one request, stops; exit 0 when it was answered
# The addresses can be chosen: PROXY_PORT=3000 ADMIN_PORT=3001 METRICS_PORT=9090 MOCK_PORT=3100 ./quickstart.sh
set -euo pipefail
cd "$(dirname "$0")"

check=false
case "${1:-}" in
  "") ;;
  --check) check=true ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

prefix=$PWD/build/quickstart
run=$prefix/run
jobs=$(nproc)

scripts/dependencies.sh build
if [ ! -f build/release/build.ninja ]; then
  echo "configuring …"
  mkdir -p build
  cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log >&2; exit 1; }
fi
echo "building (the first time takes some minutes) …"
cmake --build --preset release --parallel "$jobs"
cmake --install build/release --prefix "$prefix" >/dev/null

# Nothing of the caller's environment may change what is started here.
for name in $(compgen -e | grep -i '^aisix_' || true); do unset "$name"; done

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# port NAME WANTED: WANTED, or 0 (the kernel chooses) with a word about it when somebody listens there.
port() {
  if taken "$2"; then
    echo "port $2 is taken: the $1 gets a free one (choose with $3=…)" >&2
    echo 0
  else
    echo "$2"
  fi
}

mkdir -p "$run"
mock_pid= gateway_pid= tail_pid=
stop() {
  trap - EXIT INT TERM
  for pid in $gateway_pid $mock_pid; do kill "$pid" 2>/dev/null || true; done
  [ -z "$gateway_pid" ] || wait "$gateway_pid" 2>/dev/null || true
  [ -z "$mock_pid" ] || wait "$mock_pid" 2>/dev/null || true
  [ -z "$tail_pid" ] || kill "$tail_pid" 2>/dev/null || true
}
trap stop EXIT
trap 'echo; echo "stopping …"; stop; exit 0' INT TERM

# until_true SECONDS COMMAND…: polls; fails when the time is over or a process that was started has ended.
until_true() {
  local ends=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $ends ] || return 1
    [ -z "$mock_pid" ] || kill -0 "$mock_pid" 2>/dev/null || return 1
    [ -z "$gateway_pid" ] || kill -0 "$gateway_pid" 2>/dev/null || return 1
    sleep 0.05
  done
}

# A second start must not read the address of the first.
: >"$run/mock.log"
"$prefix/bin/aisix-mock-provider" --port "$(port "mock provider" "${MOCK_PORT:-3100}" MOCK_PORT)" --ttft-ms 20 --gap-ms 20 \
  >"$run/mock.log" 2>&1 &
mock_pid=$!
until_true 10 grep -q '^listening ' "$run/mock.log" || { cat "$run/mock.log" >&2; exit 1; }
mock_url=$(sed -n 's/^listening //p' "$run/mock.log")

cat >"$run/config.yaml" <<YAML
# Start-up configuration: read once. Written anew by every ./quickstart.sh.
resources_file: $run/resources.yaml
proxy: { addr: "127.0.0.1:$(port proxy "${PROXY_PORT:-3000}" PROXY_PORT)" }
admin: { addr: "127.0.0.1:$(port "admin listener" "${ADMIN_PORT:-3001}" ADMIN_PORT)", admin_keys: ["admin-quickstart"] }
observability:
  metrics:
    prometheus: { addr: "127.0.0.1:$(port "metrics listener" "${METRICS_PORT:-9090}" METRICS_PORT)" }
shutdown: { min_drain_secs: 0 }
YAML

# Yours to edit: written only when it is not there.
[ -f "$run/resources.yaml" ] || cat >"$run/resources.yaml" <<'YAML'
# Providers, models and callers. After an edit: kill -HUP the gateway; nothing is interrupted.
_format_version: "1"
provider_keys:
  - display_name: mock
    provider: openai
    api_key: sk-not-a-secret
    api_base: ${QUICKSTART_MOCK_BASE}
models:
  - display_name: mock-gpt # what callers ask for
    provider: openai
    model_name: mock # what the provider is asked for
    provider_key: mock
api_keys:
  - display_name: quickstart
    key_env: QUICKSTART_KEY # a variable of the environment; only its hash is kept
    allowed_models: ["*"]
YAML

export QUICKSTART_MOCK_BASE=$mock_url/v1
export QUICKSTART_KEY=${QUICKSTART_KEY:-sk-quickstart}
: >"$run/gateway.log"
"$prefix/bin/aisix" --config "$run/config.yaml" 2>"$run/gateway.log" &
gateway_pid=$!

address() { sed -n "s/.*listening .*listener=\"\{0,1\}$1\"\{0,1\} .*addr=\"\{0,1\}\([0-9.:]*\).*/\1/p" "$run/gateway.log" | head -n 1; }
serves() {
  proxy=$(address proxy)
  [ -n "$proxy" ] && curl -sf -o /dev/null -m 2 "http://$proxy/readyz"
}
until_true 30 serves || { echo "the gateway did not become ready:" >&2; cat "$run/gateway.log" >&2; exit 1; }

body='{"model":"mock-gpt","messages":[{"role":"user","content":"Say hello"}]}'
answer=$(curl -sS -m 10 "http://$proxy/v1/chat/completions" -H "Authorization: Bearer $QUICKSTART_KEY" \
  -H 'Content-Type: application/json' -d "$body")
case "$answer" in
  *'"object":"chat.completion"'*) ;;
  *) echo "the gateway did not answer: $answer" >&2; cat "$run/gateway.log" >&2; exit 1 ;;
esac

cat <<TEXT

The gateway serves (pid $gateway_pid). A request:

  curl http://$proxy/v1/chat/completions \\
    -H 'Authorization: Bearer $QUICKSTART_KEY' -H 'Content-Type: application/json' \\
    -d '$body'

It answered:

  $answer

  metrics    http://$(address metrics)/metrics
  status     http://$(address metrics)/status/config
  resources  $run/resources.yaml   (edit, then: kill -HUP $gateway_pid)
  log        $run/gateway.log
TEXT
$check && exit 0

echo
echo "Ctrl-C stops it. Its log from here on:"
tail -n 0 -f "$run/gateway.log" &
tail_pid=$!
wait "$gateway_pid" || { echo "the gateway ended: see $run/gateway.log" >&2; exit 1; }
