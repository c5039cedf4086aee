#!/bin/sh
# Goes on with the latest session that has not ended, or begins one. Arguments are passed on to run_live.py.
#
#   SESSIONS   folder of the sessions, default logs/live
#   PYTHON     interpreter, default .venv/bin/python
set -eu
cd "$(dirname "$0")/.."
sessions=${SESSIONS:-logs/live}
. deploy/latest_session.sh
latest=$(latest_session "$sessions")
if [ -n "$latest" ] && ! has_ended "$latest"; then
    exec "${PYTHON:-.venv/bin/python}" run_live.py --out "$sessions" --resume "$latest" "$@"
fi
exec "${PYTHON:-.venv/bin/python}" run_live.py --out "$sessions" "$@"
