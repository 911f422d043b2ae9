# Runs "$@" and ends it when our standard input closes: that is the moment the JVM which holds the
# other end is gone, whether it said good-bye, crashed or was killed. Exits with the status of "$@".

exec 3<&0 </dev/null

# Ctrl-C reaches everything in the terminal's process group. The JVM decides when the server may
# stop, so we ignore it here, and setsid (where it exists) takes the server out of the group.
trap '' INT QUIT TERM HUP
if command -v setsid >/dev/null 2>&1; then
  set -- setsid "$@"
fi

"$@" 3<&- &
child=$!

(
  while read -r line <&3; do :; done
  # Asked again each second: a child that has not set up its signal handlers yet misses the first.
  # INT is PostgreSQL's fast shutdown; QUIT drops everything and leaves the rest to crash recovery.
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
