#!/bin/sh
# Exits 0 when the latest session's heartbeat is young enough, 1 otherwise. Arguments are passed on to live.heartbeat.
#
#   SESSIONS   folder of the sessions, default logs/live
#   PYTHON     interpreter, default .venv/bin/python
set -eu
cd "$(dirname "$0")/.."
. deploy/latest_session.sh
latest=$(latest_session "${SESSIONS:-logs/live}")
if [ -z "$latest" ]; then
    echo "no session in ${SESSIONS:-logs/live}"
    exit 1
fi
exec "${PYTHON:-.venv/bin/python}" -m live.heartbeat "$latest" "$@"
