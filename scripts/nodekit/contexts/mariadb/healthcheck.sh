#!/bin/bash
# Whether the server takes connections and InnoDB is up; options are those of the official image.
exec mariadb --defaults-file=/var/lib/mysql/.my-healthcheck.cnf --connect-timeout=3 --skip-column-names \
    --execute "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT')" >/dev/null
