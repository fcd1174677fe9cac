#!/usr/bin/env bash
# Installs what the gateway needs from Debian 12 packages. The one list: everything else calls this script.
#   scripts/dependencies.sh build         to build and run
#   scripts/dependencies.sh test          the same, and what the tests need
#   scripts/dependencies.sh bench         the same, and what the comparison with nginx needs
set -euo pipefail

build=(
  ca-certificates g++ make cmake ninja-build ccache mold pkg-config
  libuv1-dev node-llhttp android-libboringssl-dev
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libsimdjson-dev nlohmann-json3-dev libvalijson-dev libyaml-cpp-dev libtomlplusplus-dev
  libabsl-dev libfmt-dev libre2-dev libcli11-dev libc-ares-dev libseccomp-dev curl
)
test=(
  libgtest-dev libgmock-dev clang-format-16 python3 python3-venv openssl binutils git etcd-server etcd-client
)
bench=(nginx-light wrk python3 openssl valgrind etcd-server)
# Any Node.js with npm will do, not only Debian's.
command -v npm >/dev/null || test+=(nodejs npm)

case "${1:-build}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  bench) wanted=("${build[@]}" "${bench[@]}") ;;
  *) echo "usage: $0 build|test|bench" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing packages: ${missing[*]} (install them, or run this as root)" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
