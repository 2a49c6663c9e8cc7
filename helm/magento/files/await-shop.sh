# Holds a pod back until the database holds an installed shop: probes that reach a shop while it is
# being installed would leave half of its settings in the cache. The store image answers the question.
while :; do
    state=$(php /usr/local/lib/shop/database.php state) || state=unreachable
    case $state in
        installed) exit 0 ;;
        foreign) echo "The database holds tables that are no shop's." >&2; exit 1 ;;
    esac
    sleep 2
done
