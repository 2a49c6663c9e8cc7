"""Exchange rates."""

from controller.domain.errors.base import ConflictError, PermanentError, TransientError
from controller.i18n import N_


class RatesMovedOnError(ConflictError):
    """The quotes that were to be approved are not the newest any more, or none wait."""

    code = "rates_moved_on"
    cause = N_("The exchange rates that wait for approval are others by now (set %(set)s).")
    action = N_("“storectl rates get” shows them; look again, then approve.")


class RatesUnavailableError(TransientError):
    """A source of exchange rates does not answer."""

    code = "rates_unavailable"
    cause = N_("The source of exchange rates “%(source)s” does not answer: %(detail)s")
    action = N_("Nothing needs to be done; the last good rates stay and it is asked again.")


class RatesRefusedError(TransientError):
    """A source of exchange rates answered with what cannot be used."""

    code = "rates_refused"
    cause = N_("The source of exchange rates “%(source)s” said what cannot be used: %(detail)s")
    action = N_("The last good rates stay. If it lasts, choose another source.")


class RatesStaleError(TransientError):
    """A source of exchange rates has nothing newer than some business days."""

    code = "rates_stale"
    cause = N_("The source of exchange rates “%(source)s” is behind; business days: %(days)s.")
    action = N_("The last good rates stay. If it lasts, choose another source.")


class RateMissingError(PermanentError):
    """A store offers a currency that the source of exchange rates does not know."""

    code = "rate_missing"
    cause = N_("Nobody says the exchange rate of %(pairs)s, so that the currency waits.")
    action = N_(
        "The shop offers it as soon as there is a rate. Pin one (currencies.pins), choose a source "
        "that has it, or no longer offer the currency."
    )
