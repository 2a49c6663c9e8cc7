"""Words that somebody typed and that mean nothing here."""

from controller.domain.errors.base import InvalidInputError
from controller.i18n import N_


class UnknownCountryError(InvalidInputError):
    """No country pack can be made for this code."""

    code = "unknown_country"
    cause = N_("“%(country)s” is not a country that a shop can be opened in.")
    action = N_("Choose a country from the list.")


class UnknownEngineError(InvalidInputError):
    """No shop software of this name is installed."""

    code = "unknown_engine"
    cause = N_("There is no shop software called “%(engine)s” here.")
    action = N_("Choose one of: %(engines)s.")


class EngineUnavailableError(InvalidInputError):
    """The shop software is known, but nothing here can start it."""

    code = "engine_unavailable"
    cause = N_("This platform can look after a “%(engine)s” shop, but not start one.")
    action = N_(
        "Start it elsewhere and take it over with “storectl adopt”, or choose: %(engines)s."
    )


class InvalidEmailError(InvalidInputError):
    """The text is no e-mail address."""

    code = "invalid_email"
    cause = N_("“%(email)s” is not an e-mail address.")
    action = N_("Enter an address such as you@example.com.")


class InvalidNameError(InvalidInputError):
    """The shop's address name breaks a rule."""

    code = "name_characters"
    cause = N_("A shop's address may hold small letters, digits and hyphens only.")
    action = N_("Choose a name such as “tea-house”.")


class NameEmptyError(InvalidNameError):
    """No name was given."""

    code = "name_empty"
    cause = N_("The shop needs a name for its address.")


class NameTooShortError(InvalidNameError):
    """The name is too short."""

    code = "name_too_short"
    cause = N_("The name for the shop's address is too short.")


class NameTooLongError(InvalidNameError):
    """The name is too long."""

    code = "name_too_long"
    cause = N_("The name for the shop's address is longer than 40 characters.")
    action = N_("Choose a shorter name.")


class NameHyphenError(InvalidNameError):
    """The name starts or ends with a hyphen."""

    code = "name_hyphen"
    cause = N_(
        "The name for the shop's address must start with a letter and not end with a hyphen."
    )


class NamePunycodeError(InvalidNameError):
    """The name has hyphens in the places that encoded international names use."""

    code = "name_punycode"
    cause = N_(
        "The name for the shop's address must not have hyphens as its third and fourth sign."
    )


class NameReservedError(InvalidNameError):
    """The name is kept for the platform, or looks like one that is."""

    code = "name_reserved"
    cause = N_("The name “%(name)s” is kept for the platform itself.")
    action = N_("Choose another name.")


class InvalidDisplayNameError(InvalidInputError):
    """The shop's display name is empty, too long or has invisible characters."""

    code = "invalid_display_name"
    cause = N_("The shop's name must have 1 to 80 visible characters.")
    action = N_("Enter the name as customers should read it.")


class InvalidDurationError(InvalidInputError):
    """A time to live that cannot be read."""

    code = "invalid_duration"
    cause = N_("“%(duration)s” is not a duration.")
    action = N_("Write it with its units, such as 90s, 30m, 2h, 1d12h or 2 weeks.")


class LifetimeRangeError(InvalidDurationError):
    """A time to live that is too short or too long."""

    code = "lifetime_range"
    cause = N_("“%(duration)s” is too short or too long for a store.")
    action = N_("A store can live for one minute up to 366 days.")


class ConfirmationMissingError(InvalidInputError):
    """A purge was not confirmed by the store's name."""

    code = "confirmation_missing"
    cause = N_("Purging “%(store)s” destroys its data for ever and was not confirmed.")
    action = N_("Confirm by giving the name of the store.")


class WrongCodeError(InvalidInputError):
    """The one-time code is not the one that was sent."""

    code = "wrong_code"
    cause = N_("This is not the code from the mail.")
    action = N_("Check the six digits, or ask for a new code.")


class CodeUsedError(InvalidInputError):
    """The one-time code was used before, is too old or was tried too often."""

    code = "code_spent"
    cause = N_("This code was already used, is too old or was tried too often.")
    action = N_("Ask for a new code.")


class UnknownSecretError(InvalidInputError):
    """Nothing needs a secret of this name."""

    code = "unknown_secret"
    cause = N_("“%(secret)s” is no secret that a payment provider or carrier needs.")
    action = N_("Choose one of: %(names)s.")


class MalformedSecretError(InvalidInputError):
    """The secret does not have the form that its provider gives it."""

    code = "malformed_secret"
    cause = N_("That is not how %(secret)s looks.")
    action = N_("Copy it from the provider's console once more, whole and without spaces.")


class SecretModeError(InvalidInputError):
    """A key of the test mode where live ones are wanted, or the other way round."""

    code = "secret_mode"
    cause = N_("%(secret)s is a key of the %(mode)s mode, and the shop is set to %(wanted)s.")
    action = N_("Take the key of the same mode from the provider's console, or change the mode.")
