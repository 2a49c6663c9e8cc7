"""Which of a store's languages its shop does not have, and what stands for them there."""

from collections.abc import Iterable

from controller.domain.notes import Note
from controller.domain.store import StoreSpec
from controller.engines.abilities import Abilities


def nearest(locales: Iterable[str], abilities: Abilities) -> dict[str, str]:
    """Each locale that the shop does not have, with the nearest that it has."""
    return {
        locale: abilities.locale(locale) for locale in locales if abilities.exact(locale) is None
    }


def substitutes(spec: StoreSpec, abilities: Abilities) -> str:
    """The languages of a store that others stand for, as people read it; empty without any."""
    every = (locale for site in spec.websites for locale in site.locales)
    return ", ".join(f"{said} → {shown}" for said, shown in nearest(every, abilities).items())


def remarks(spec: StoreSpec, abilities: Abilities) -> list[Note]:
    """What somebody is told whose specification is accepted otherwise than it was said."""
    found = substitutes(spec, abilities)
    return [Note.of("LanguagesAccepted", languages=found)] if found else []
