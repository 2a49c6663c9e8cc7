"""Every route that the shop's REST API has; what is not here answers 404."""

from sandbox.rest.router import ANONYMOUS, Route

BRIDGE = "StoreController_Bridge::"
STORE = "Magento_Backend::store"
CATALOG = "Magento_Catalog::products"
SALES = "Magento_Sales::"
TAX = "Magento_Tax::manage_tax"
STOCK = "/V1/inventory/"
CART = "/V1/guest-carts/:cart"

ROUTES = [
    Route("GET", "/V1/storecontroller/ready", ANONYMOUS, "bridge.ready"),
    Route("GET", "/V1/storecontroller/status", f"{BRIDGE}status", "bridge.status"),
    Route("PUT", "/V1/storecontroller/config", f"{BRIDGE}config_write", "bridge.put_config"),
    Route(
        "POST", "/V1/storecontroller/config/query", f"{BRIDGE}config_read", "bridge.query_config"
    ),
    Route("GET", "/V1/storecontroller/currency-rates", f"{BRIDGE}rates", "bridge.get_rates"),
    Route("PUT", "/V1/storecontroller/currency-rates", f"{BRIDGE}rates", "bridge.put_rates"),
    Route(
        "GET",
        "/V1/storecontroller/table-rates/:website/:condition",
        f"{BRIDGE}table_rates",
        "tablerates.get_table",
    ),
    Route("PUT", "/V1/storecontroller/table-rates", f"{BRIDGE}table_rates", "tablerates.put_table"),
    Route("PUT", "/V1/storecontroller/topology", f"{BRIDGE}topology", "bridge.put_topology"),
    Route("POST", "/V1/storecontroller/cache/clean", f"{BRIDGE}cache", "bridge.clean_cache"),
    Route("POST", "/V1/storecontroller/test-mail", f"{BRIDGE}config_write", "bridge.test_mail"),
    Route("POST", "/V1/storecontroller/login-link", f"{BRIDGE}login_link", "bridge.login_link"),
    Route("POST", "/V1/integration/admin/token", ANONYMOUS, "store.admin_token"),
    Route("GET", "/V1/store/storeConfigs", STORE, "store.store_configs"),
    Route("GET", "/V1/store/websites", STORE, "store.websites"),
    Route("GET", "/V1/store/storeGroups", STORE, "store.store_groups"),
    Route("GET", "/V1/store/storeViews", STORE, "store.store_views"),
    Route("GET", "/V1/directory/currency", ANONYMOUS, "directory.currency"),
    Route("GET", "/V1/directory/countries", ANONYMOUS, "directory.countries"),
    Route("GET", "/V1/directory/countries/:country", ANONYMOUS, "directory.country"),
    Route("GET", "/V1/products", CATALOG, "products.list_products"),
    Route("POST", "/V1/products", CATALOG, "products.post_product"),
    Route("GET", "/V1/products/:sku", CATALOG, "products.get_product"),
    Route("PUT", "/V1/products/:sku", CATALOG, "products.put_product"),
    Route("DELETE", "/V1/products/:sku", CATALOG, "products.delete_product"),
    Route("GET", f"{STOCK}is-product-salable/:sku/:stock", CATALOG, "products.is_salable"),
    Route(
        "GET",
        f"{STOCK}get-product-salable-quantity/:sku/:stock",
        CATALOG,
        "products.salable_quantity",
    ),
    Route("POST", "/V1/taxRates", TAX, "taxes.post_rate"),
    Route("PUT", "/V1/taxRates", TAX, "taxes.put_rate"),
    Route("GET", "/V1/taxRates/search", TAX, "taxes.list_rates"),
    Route("GET", "/V1/taxRates/:id", TAX, "taxes.get_rate"),
    Route("DELETE", "/V1/taxRates/:id", TAX, "taxes.delete_rate"),
    Route("POST", "/V1/taxRules", TAX, "taxes.post_rule"),
    Route("PUT", "/V1/taxRules", TAX, "taxes.put_rule"),
    Route("GET", "/V1/taxRules/search", TAX, "taxes.list_rules"),
    Route("GET", "/V1/taxRules/:id", TAX, "taxes.get_rule"),
    Route("DELETE", "/V1/taxRules/:id", TAX, "taxes.delete_rule"),
    Route("POST", "/V1/taxClasses", TAX, "taxes.post_class"),
    Route("GET", "/V1/taxClasses/search", TAX, "taxes.list_classes"),
    Route("POST", "/V1/guest-carts", ANONYMOUS, "carts.create"),
    Route("GET", CART, ANONYMOUS, "carts.get_cart"),
    Route("GET", f"{CART}/items", ANONYMOUS, "carts.get_items"),
    Route("POST", f"{CART}/items", ANONYMOUS, "carts.post_item"),
    Route("PUT", f"{CART}/items/:item", ANONYMOUS, "carts.put_item"),
    Route("DELETE", f"{CART}/items/:item", ANONYMOUS, "carts.delete_item"),
    Route("POST", f"{CART}/estimate-shipping-methods", ANONYMOUS, "carts.estimate_shipping"),
    Route("GET", f"{CART}/payment-methods", ANONYMOUS, "carts.get_payment_methods"),
    Route("POST", f"{CART}/shipping-information", ANONYMOUS, "carts.shipping_information"),
    Route("GET", f"{CART}/totals", ANONYMOUS, "carts.get_totals"),
    Route("POST", f"{CART}/payment-information", ANONYMOUS, "carts.payment_information"),
    Route("PUT", f"{CART}/order", ANONYMOUS, "carts.put_order"),
    Route("GET", "/V1/orders", f"{SALES}actions_view", "orders.list_orders"),
    Route("GET", "/V1/orders/:id", f"{SALES}actions_view", "orders.get_order"),
    Route("POST", "/V1/orders/:id/cancel", f"{SALES}cancel", "orders.cancel"),
    Route("POST", "/V1/order/:id/invoice", f"{SALES}sales", "orders.invoice"),
    Route("POST", "/V1/order/:id/ship", f"{SALES}ship", "orders.ship"),
    Route("GET", "/V1/shipment/:id", f"{SALES}shipment", "orders.get_shipment"),
    Route("POST", "/V1/shipment/track", f"{SALES}shipment", "orders.post_track"),
    Route("GET", "/V1/shipments", f"{SALES}shipment", "orders.list_shipments"),
]
