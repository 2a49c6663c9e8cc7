"""Whether a shop's address name can be had, and which one fits: shown while the owner types."""

from dataclasses import dataclass

from controller.domain.errors.base import Explanation
from controller.domain.naming import SLUG_MAX, slug_from, suggestions
from controller.i18n import use_language
from controller.services.stores import StoreService
from controller.web import words

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the form says about a name."""

    name: str
    derived: str
    """What was derived from the shop's name; while `name` equals it, it follows the shop's name."""
    problem: Explanation | None = None
    suggestions: tuple[str, ...] = ()

    @property
    def free(self) -> bool:
        """Whether it can be had."""
        return bool(self.name) and self.problem is None


def choose(*, shop: str, name: str, derived: str, email: str) -> Advice:
    """The address name: as typed, or derived from the shop's name until somebody types one."""
    typed = name.strip().lower()
    if typed and typed != derived:
        return Advice(name=typed, derived=derived)
    fitting = slug_from(shop, email) if shop.strip() else ""
    return Advice(name=fitting, derived=fitting)


def advise(commands: StoreService, chosen: Advice, lang: str) -> Advice:
    """The same with what stands against it and what could be had instead."""
    problem = commands.name_problem(chosen.name) if chosen.name else None
    if problem is None:
        return chosen
    near = (one for one in suggestions(chosen.name, limit=60) if not commands.name_problem(one))
    with use_language(lang):
        found = words.explained(problem, {"name": chosen.name[:SLUG_MAX]})
    return Advice(
        name=chosen.name,
        derived=chosen.derived,
        problem=found,
        suggestions=tuple(near)[:_SHOWN],
    )
