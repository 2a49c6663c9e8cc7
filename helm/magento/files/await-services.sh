# Waits until each HOST:PORT given takes a connection; the installer asks cache and search once.
deadline=$((SECONDS + AWAIT_SECONDS))
for service in "$@"; do
    until (exec 3<>"/dev/tcp/${service%:*}/${service##*:}") 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "$service does not answer." >&2; exit 1; }
        sleep 1
    done
done
