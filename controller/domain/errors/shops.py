"""What a running shop answers, and what keeps an answer from us."""

from controller.domain.errors.base import ConflictError, PermanentError, TransientError
from controller.i18n import N_


class ShopAdoptedError(ConflictError):
    """The shop is looked after under another name already."""

    code = "shop_adopted"
    cause = N_("The shop at %(endpoint)s is looked after already, as “%(store)s”.")
    action = N_("Retire and purge that one first, which leaves the shop itself as it is.")


class ShopUnreachableError(TransientError):
    """The running shop gives no answer that could be used; its kinds say why."""

    code = "shop_unreachable"
    cause = N_("The shop does not answer: %(detail)s")


class ShopWayError(ShopUnreachableError):
    """Not the shop but what lies between it and us is in the way: its kinds say what."""

    code = "shop_way"
    status = 502


class ShopNameUnknownError(ShopWayError):
    """No name server knows the host."""

    code = "shop_name_unknown"
    cause = N_("The name of the shop's host, %(host)s, cannot be resolved: %(detail)s")
    action = N_(
        "Check the name and its DNS entry; on a cluster it comes from --shop-address or --domain."
    )


class ShopUntrustedError(ShopWayError):
    """The certificate is signed by nobody that we trust."""

    code = "shop_untrusted"
    cause = N_("The certificate of %(host)s is not trusted: %(detail)s")
    action = N_(
        "Give the control plane the certificate of the CA that signed it, as SSL_CERT_FILE, or "
        "have one made by a CA that everybody trusts."
    )


class ShopCertificateAgeError(ShopWayError):
    """The certificate is not valid now."""

    code = "shop_certificate_age"
    cause = N_("The certificate of %(host)s is not valid at this time: %(detail)s")
    action = N_("Renew it; where it is fresh, set the clock of the control plane right.")


class ShopCertificateNameError(ShopWayError):
    """The certificate is another host's."""

    code = "shop_certificate_name"
    cause = N_("The certificate of %(host)s was made for another name: %(detail)s")
    action = N_("Have one made that names this host, or correct the name in the address.")


class ShopTlsError(ShopWayError):
    """No encrypted connection comes about."""

    code = "shop_tls"
    cause = N_("No encrypted connection to %(host)s comes about: %(detail)s")
    action = N_("Check that what listens there speaks TLS, and the port of the address.")


class ShopGatewayError(ShopWayError):
    """What stands before the shop answers for it that it does not reach it."""

    code = "shop_gateway"
    cause = N_("What stands in front of the shop does not reach it (%(answer)s): %(detail)s")
    action = N_("It is tried again by itself. If it lasts, look at the proxy or ingress there.")


class ShopUnroutedError(ShopWayError):
    """A web server answers, and it knows nothing of the shop."""

    code = "shop_unrouted"
    cause = N_("A web server answers at %(endpoint)s and does not lead to the shop (404).")
    action = N_(
        "It is tried again by itself: an ingress needs a moment. If it lasts, check the address, "
        "and that the cluster's ingress class has a controller."
    )


class ShopBusyError(ShopUnreachableError):
    """The shop asks to be left alone for `retry_after` seconds."""

    code = "shop_busy"
    exit_code = 6
    cause = N_("The shop gets more requests than it accepts.")
    action = N_("Nothing needs to be done; it is asked again in %(retry_after)s seconds.")

    def __init__(self, *, retry_after: int = 30, **params: str | int) -> None:
        self.retry_after = retry_after
        super().__init__(retry_after=retry_after, **params)


class ShopFailingError(ShopUnreachableError):
    """The shop answers that it failed inside (5xx), as it does in maintenance."""

    code = "shop_failing"
    cause = N_("The shop fails inside: %(detail)s")
    action = N_("It is tried again by itself. If it lasts, the shop's own log has the cause.")


class ShopUnreadableError(ShopUnreachableError):
    """What came back is no whole answer of a shop: a page, half a text, another form."""

    code = "shop_unreadable"
    status = 502
    cause = N_("What the shop answers cannot be read: %(detail)s")
    action = N_("It is tried again by itself. If it lasts, look what answers at its address.")


class ShopDeniedError(ShopUnreachableError):
    """The shop does not know our access token: it expired or was revoked."""

    code = "shop_denied"
    status = 502
    cause = N_("The shop does not accept our access token: it expired or was revoked.")
    action = N_(
        "Make a new one (bin/magento storecontroller:integration:ensure) and keep it with "
        "“storectl secret set STORE access_token”; until then it is tried again."
    )


class HandoverMissingError(ShopUnreachableError):
    """The shop runs and has not given us the key to it yet."""

    code = "handover_missing"
    cause = N_("The shop is being installed: it has not handed over its access token yet.")
    action = N_("Nothing needs to be done; “storectl why STORE” shows how far it is.")


class ShopContendedError(TransientError):
    """Somebody else writes settings of the shop at the same time, and was faster."""

    code = "shop_contended"
    cause = N_("Somebody else changes the shop's settings at the same time: %(detail)s")
    action = N_("Nothing was written. It is looked at and tried again by itself.")


class ShopStartingError(TransientError):
    """The shop's process runs and is not ready yet."""

    code = "shop_starting"
    cause = N_("The shop is starting.")


class HostsPendingError(TransientError):
    """The shop answers, and a host of it does not lead to its website yet."""

    code = "hosts_pending"
    cause = N_("Not all of the shop's addresses lead to their website yet: %(hosts)s.")
    action = N_(
        "They follow within two minutes. If not, see that the cluster's Ingress or Gateway leads "
        "these hosts to the shop."
    )


class StorefrontPendingError(TransientError):
    """The shop answers, and some of what shoppers reach is not opened or closed yet."""

    code = "storefront_pending"
    cause = N_("Some visitors are still shown the shop as it was before it was opened or closed.")
    action = N_("Nothing needs to be done: what serves them follows within two minutes.")


class ShopSilentError(TransientError):
    """A shop that answered before and still runs gives no answer: it hangs, or is cut off."""

    code = "shop_silent"
    cause = N_("The shop runs and stopped answering.")
    action = N_(
        "A shop that we run is ended and started again by itself. If it happens again and again, "
        "its last lines say what it was busy with."
    )


class ShopCannotWriteError(TransientError):
    """The shop answers and cannot keep anything: a full disk, a quota, a locked database."""

    code = "shop_cannot_write"
    cause = N_("The shop cannot write its data: %(detail)s")
    action = N_(
        "Make room on the disk that holds the shop's data, or let it be written to; nothing is "
        "lost, and it goes on by itself then."
    )


class ShopUnwellError(TransientError):
    """The shop answers and says that a part of it does not work."""

    code = "shop_unwell"
    cause = N_("The shop says that a part of it does not work: %(detail)s")
    action = N_("It is looked at again by itself. If it lasts, the shop's own log has the cause.")


class PodsNotReadyError(ShopStartingError):
    """The release is as wanted, and something of it is not ready."""

    code = "pods_not_ready"
    cause = N_("The shop is starting; not ready yet: %(detail)s")
    action = N_("“storectl why STORE” says what it waits for.")


class AdoptionRefusedError(TransientError):
    """What the shop has cannot become what is wanted."""

    code = "adoption_refused"
    cause = N_("The shop's own value of %(fields)s cannot be adopted: %(detail)s")
    action = N_("Change it in the shop, or push the wanted value with “storectl config push”.")


class CannotSellError(TransientError):
    """The synthetic shopper could not complete a purchase."""

    code = "cannot_sell"
    cause = N_("A test purchase failed at “%(stage)s”: %(detail)s")
    action = N_("It is tried again by itself; the shop's settings show what is missing.")


class MailRefusedError(TransientError):
    """A test mail of a shop did not leave; `detail` is the mail server's own words."""

    code = "mail_refused"
    cause = N_("The mail server %(relay)s did not take a test mail: %(detail)s")
    action = N_("Correct its mail settings (storectl config set); it is tried again.")


class WrongShopError(PermanentError):
    """Another shop than the expected one answers at the address."""

    code = "wrong_shop"
    status = 502
    cause = N_("Another shop answers at %(endpoint)s than the one expected.")
    action = N_("Free the port or address, then retry the operation.")


class ShopForbiddenError(PermanentError):
    """The shop knows our access token, and it may not do this."""

    code = "shop_forbidden"
    status = 502
    cause = N_("Our access token may not use this part of the shop: %(resources)s")
    action = N_(
        "Give the shop's integration this right (bin/magento storecontroller:integration:ensure "
        "gives all that are needed), then retry the operation."
    )


class ShopRedirectsError(PermanentError):
    """The shop sends its callers to another address, which a token is never sent to."""

    code = "shop_redirects"
    status = 502
    cause = N_("The shop's API sends us on to %(location)s.")
    action = N_("Give the store the address at which its API answers itself, then retry.")


class SettingsRefusedError(PermanentError):
    """The shop's own validation refused settings."""

    code = "settings_refused"
    status = 502
    cause = N_("The shop refused settings: %(detail)s")
    action = N_("Change the settings that are named, then retry the operation.")


class CapabilityMissingError(PermanentError):
    """The shop cannot do what was asked of it; nothing was written."""

    code = "capability_missing"
    status = 409
    cause = N_("This shop has no “%(capability)s”.")
    action = N_("Install the module that brings it, or leave it out.")


class SecretMissingError(PermanentError):
    """A payment provider or carrier needs a secret that nobody has given."""

    code = "secret_missing"
    status = 409
    cause = N_("The secret “%(secret)s” is missing.")
    action = N_("Set it with “storectl secret set STORE %(secret)s”, then retry the operation.")
