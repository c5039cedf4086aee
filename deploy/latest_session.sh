# Shell functions that the scripts beside this file share; read with ".", not run.

# Prints the session folder whose journal was written last; nothing where there is none.
latest_session() {
    journal=$(ls -t "$1"/*/journal.jsonl 2>/dev/null | head -n 1)
    [ -z "$journal" ] || dirname "$journal"
}

# Succeeds for a session that closed its positions at its end: there is nothing to go on with.
has_ended() {
    tail -n 1 "$1/journal.jsonl" | grep -q '"record":"end".*"mode":"flatten"'
}
