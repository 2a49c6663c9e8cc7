# Removes all but the newest $1 backups in $2. Only directories that `shop backup` named are counted.
set -euo pipefail
shopt -s nullglob
keep=$1
cd "$2"
# Names are times, and a glob's answer is sorted.
backups=([0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z)
for ((index = 0; index < ${#backups[@]} - keep; index++)); do
    echo "Removing ${backups[index]}."
    rm -rf -- "${backups[index]}"
done
