#!/bin/bash
# What the entry points share; each sources it first.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd /magento

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
fail() { say "$*"; exit 1; }

magento() { php bin/magento --no-ansi --no-interaction "$@"; }
database() { php "$here/database.php" "$@"; }
bucket() { php "$here/bucket.php" "$@"; }
media_in_bucket() { [ -n "${SHOP_MEDIA_BUCKET:-}" ]; }
media_place() { echo "${SHOP_MEDIA_ENDPOINT:-s3}/$SHOP_MEDIA_BUCKET/${SHOP_MEDIA_PREFIX:-}"; }

# var starts empty in every container.
[ -w var ] || fail "/magento/var must be a writable volume of user $(id -u)."
umask 0027
mkdir -p var/tmp var/run var/log

# Authorities that the shop trusts beside the public ones, for PHP in all its forms.
trust_authorities() {
    [ -s "$1" ] || return 0
    mkdir -p var/run/php
    cat /etc/ssl/certs/ca-certificates.crt "$1" >var/run/trusted.pem
    printf '%s="%s"\n' openssl.cafile "$PWD/var/run/trusted.pem" curl.cainfo "$PWD/var/run/trusted.pem" >var/run/php/trust.ini
    export PHP_INI_SCAN_DIR="${PHP_INI_SCAN_DIR:-}:$PWD/var/run/php"
}
trust_authorities /etc/shop/trust/certificates.pem

# Magento never lets go of its logs and reports, and var is small: a log that has grown keeps its last
# megabytes beside it, a report a day. Magento appends, so it writes on at the log's new beginning.
keep_logs_small() {
    local log most=16777216
    while IFS= read -r -d '' log; do
        tail -c $((most / 4)) "$log" >"$log.1" && : >"$log"
    done < <(find var/log -name '*.log' -type f -size +"$most"c -print0)
    find var/report -type f -mmin +1440 -delete 2>/dev/null || true
}

# In the background for as long as a container lives; what Magento logs is told by the container too.
tend_logs() {
    tail --pid=$$ -q -n 0 -F var/log/system.log var/log/exception.log >&2 2>/dev/null &
    while sleep 20; do
        keep_logs_small
    done
}

# The media as a tar archive, without what Magento makes anew.
media_export() {
    if media_in_bucket; then
        bucket export
    else
        # A shop that lives goes on writing: tar ends with 1 where a file changed while it was read.
        tar -C pub/media --exclude=./lost+found --exclude=./cache --exclude=./catalog/product/cache \
            --exclude=./tmp --exclude=./captcha -cf - . || [ $? = 1 ]
    fi
}
# The root of a volume is root's, so what an archive says of it goes to a directory that nobody needs.
media_import() {
    if media_in_bucket; then
        bucket import
    else
        tar -C pub/media --exclude=./lost+found --transform='s,^\./\?$,.root,' -xf -
        [ ! -d pub/media/.root ] || rmdir pub/media/.root
    fi
}

# Jobs that let Magento write its configuration get a volume at app/etc; the shop itself never does.
writable_etc() {
    [ -w app/etc ] || fail "/magento/app/etc must be a writable empty volume in this job."
    rm -rf app/etc/*
    cp -r "$here"/app-etc/. app/etc/
    # Of the two files only config.php is ever written; whoever wrote env.php would write secrets into it.
    chmod 0640 app/etc/config.php
}

# Waits until the database takes a connection; the state it is in is printed.
database_state() {
    local deadline=$((SECONDS + ${SHOP_DB_WAIT:-60})) state
    until state=$(database state); do
        [ "$SECONDS" -lt "$deadline" ] || fail "The database cannot be reached."
        sleep 1
    done
    echo "$state"
}
