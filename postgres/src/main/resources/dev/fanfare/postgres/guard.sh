# Runs "$@" and stops it when standard input closes: the JVM at the other end of the pipe has closed
# it, crashed, or was killed. Exits with the status of "$@".

exec 3<&0 </dev/null

# Ctrl-C reaches every process in the terminal's process group. The JVM decides when the server
# stops, so the guard ignores the signal, and setsid, if available, removes the server from the group.
trap '' INT QUIT TERM HUP
if command -v setsid >/dev/null 2>&1; then
  set -- setsid "$@"
fi

"$@" 3<&- &
child=$!

(
  while read -r line <&3; do :; done
  # The signal is repeated every second, because a child that has not installed its signal handlers
  # yet misses the first one. INT is PostgreSQL's fast shutdown; QUIT is its immediate shutdown, which
  # requires crash recovery at the next start.
  tries=0
  while kill -0 "$child" 2>/dev/null; do
    if [ "$tries" -lt 60 ]; then
      kill -INT "$child"
    elif [ "$tries" -lt 80 ]; then
      kill -QUIT "$child"
    else
      kill -KILL "$child"
    fi
    tries=$((tries + 1))
    sleep 1
  done
) &
watcher=$!

wait "$child"
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
