# Starts Valkey with the password of a file, which must not stand in its arguments.
set -eu
umask 077
{
    echo "dir /data"
    if [ -n "${PASSWORD_FILE:-}" ]; then
        printf 'requirepass "%s"\n' "$(sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "$PASSWORD_FILE")"
    fi
} >/run/valkey/valkey.conf
exec valkey-server /run/valkey/valkey.conf "$@"
