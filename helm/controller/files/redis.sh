# Starts Valkey with its password, which thus stands in no list of processes and in no file.
set -eu
password=$(sed 's/["\\]/\\&/g' "$PASSWORD_FILE")
exec "${SERVER:-valkey-server}" - "$@" <<END
requirepass "$password"
END
