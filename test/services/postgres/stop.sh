#!/bin/sh
# Stops the PostgreSQL that start.sh started: stop.sh STATE_DIR [fast|kill] [--remove]. Idempotent.
# `kill` ends every process of the server with SIGKILL, as a machine that loses power does; `--remove` removes its state.
set -eu

[ $# -ge 1 ] || { echo "usage: stop.sh STATE_DIR [fast|kill] [--remove]" >&2; exit 1; }
state=$1
how=fast
remove=
shift
for word in "$@"; do
  case $word in
    fast | kill) how=$word ;;
    --remove) remove=yes ;;
    *) echo "stop.sh: $word is unknown" >&2; exit 1 ;;
  esac
done
data=$state/data
# shellcheck disable=SC2012
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1)

as_server() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

if [ -s "$data/postmaster.pid" ] && as_server "$bin/pg_ctl" --pgdata="$data" status >/dev/null 2>&1; then
  if [ "$how" = kill ]; then
    server=$(head -n 1 "$data/postmaster.pid")
    # The parent first: it would start the others again.
    kill -STOP "$server" 2>/dev/null || true
    # shellcheck disable=SC2046
    kill -KILL $(ps -o pid= --ppid "$server") "$server" 2>/dev/null || true
    # A backend that still ends would make the next start fail: shared memory is in use.
    tries=100
    while [ "$tries" -gt 0 ] && kill -0 "$server" 2>/dev/null; do sleep 0.05; tries=$((tries - 1)); done
  else
    as_server "$bin/pg_ctl" --pgdata="$data" --mode=fast --wait --timeout=30 stop >"$state/pg_ctl.log" 2>&1
  fi
fi
if [ "$remove" = yes ]; then rm -rf "$state"; fi
