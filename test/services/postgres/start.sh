#!/bin/sh
# Starts PostgreSQL for tests: start.sh STATE_DIR PORT. Prints DATABASE_URL=... on stdout; everything else goes to stderr.
# Idempotent. Reachable from this machine alone; what was committed is on disk, as in production. Runs as the user
# postgres when root asks for it, since the server refuses root. Debian's packages are installed when they are missing.
# TLS=on makes a certificate of its own (STATE_DIR/server.crt), PASSWORD=... asks for one.
set -eu

fail() {
  echo "start.sh: $*" >&2
  exit 1
}
[ $# -eq 2 ] || fail "usage: start.sh STATE_DIR PORT"
state=$1
port=$2

newest() {
  # shellcheck disable=SC2012
  ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1
}

install_packages() {
  [ "$(id -u)" -eq 0 ] || fail "PostgreSQL is not installed, and only root can install it: apt-get install postgresql"
  command -v apt-get >/dev/null || fail "PostgreSQL is not installed, and there is no apt-get to install it with"
  export DEBIAN_FRONTEND=noninteractive
  # Debian would start a server of its own on installation.
  mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/salvor-tests.conf
  { apt-get -qq update && apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install postgresql; } >&2 ||
    fail "the packages of PostgreSQL cannot be had; run npm run test:services where apt-get reaches Debian's archive"
}

# Runs as the server's user, from a directory that it can enter.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

[ -n "$(newest)" ] || install_packages
bin=$(newest)
[ -x "$bin/postgres" ] || fail "no server in /usr/lib/postgresql after the installation"

mkdir -p "$state"
state=$(cd "$state" && pwd -P)
data=$state/data
if [ "$(id -u)" -eq 0 ]; then chown postgres "$state"; fi
as_server test -w "$state" || fail "the user postgres cannot write to $state: directories above it need o+x"

if [ ! -s "$data/PG_VERSION" ]; then
  as_server "$bin/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync --no-instructions >"$state/initdb.log" 2>&1 || { cat "$state/initdb.log" >&2; fail "initdb failed"; }
  as_server tee -a "$data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$state'
fsync = on
synchronous_commit = on
max_connections = 200
log_timezone = 'UTC'
END
  if [ "${TLS:-off}" = on ]; then
    as_server openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
      -out "$state/server.crt" -keyout "$state/server.key" 2>"$state/openssl.log" || fail "see $state/openssl.log"
    as_server tee -a "$data/postgresql.conf" >/dev/null <<END
ssl = on
ssl_cert_file = '$state/server.crt'
ssl_key_file = '$state/server.key'
END
  fi
fi

if ! as_server "$bin/pg_ctl" --pgdata="$data" status >/dev/null 2>&1; then
  as_server "$bin/pg_ctl" --pgdata="$data" --log="$state/server.log" --wait --timeout=60 start >"$state/pg_ctl.log" 2>&1 ||
    { tail -n 20 "$state/server.log" >&2; fail "the server did not start"; }
fi
exists=$("$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -Atqc "SELECT 1 FROM pg_database WHERE datname = 'salvor'")
[ "$exists" = 1 ] || "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres salvor
if [ -n "${PASSWORD:-}" ] && [ ! -e "$state/has-password" ]; then
  "$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -qc "ALTER ROLE postgres PASSWORD '$PASSWORD'" salvor
  as_server sed -i -E 's/^(host.*)trust$/\1scram-sha-256/' "$data/pg_hba.conf"
  as_server "$bin/pg_ctl" --pgdata="$data" reload >&2 2>/dev/null
  as_server touch "$state/has-password"
fi
echo "DATABASE_URL=postgres://postgres@127.0.0.1:$port/salvor"
