"""Every route that the shop's REST API has; what is not here answers 404."""

from sandbox.rest.router import ANONYMOUS, Route

BRIDGE = "StoreController_Bridge::"
STORE = "Magento_Backend::store"

ROUTES = [
    Route("GET", "/V1/storecontroller/ready", ANONYMOUS, "bridge.ready"),
    Route("GET", "/V1/storecontroller/status", f"{BRIDGE}status", "bridge.status"),
    Route("PUT", "/V1/storecontroller/config", f"{BRIDGE}config_write", "bridge.put_config"),
    Route(
        "POST", "/V1/storecontroller/config/query", f"{BRIDGE}config_read", "bridge.query_config"
    ),
    Route("GET", "/V1/storecontroller/currency-rates", f"{BRIDGE}rates", "bridge.get_rates"),
    Route("PUT", "/V1/storecontroller/currency-rates", f"{BRIDGE}rates", "bridge.put_rates"),
    Route("PUT", "/V1/storecontroller/topology", f"{BRIDGE}topology", "bridge.put_topology"),
    Route("POST", "/V1/storecontroller/cache/clean", f"{BRIDGE}cache", "bridge.clean_cache"),
    Route("POST", "/V1/storecontroller/login-link", f"{BRIDGE}login", "bridge.login_link"),
    Route("POST", "/V1/integration/admin/token", ANONYMOUS, "store.admin_token"),
    Route("GET", "/V1/store/storeConfigs", STORE, "store.store_configs"),
    Route("GET", "/V1/store/websites", STORE, "store.websites"),
    Route("GET", "/V1/store/storeGroups", STORE, "store.store_groups"),
    Route("GET", "/V1/store/storeViews", STORE, "store.store_views"),
    Route("GET", "/V1/directory/currency", ANONYMOUS, "directory.currency"),
    Route("GET", "/V1/directory/countries", ANONYMOUS, "directory.countries"),
    Route("GET", "/V1/directory/countries/:country", ANONYMOUS, "directory.country"),
]
