"""What owners and operators call things: the words of the pages, and the tone each is shown in."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller import i18n
from controller.domain import diagnoses
from controller.domain.clusters import Cluster, ClusterState
from controller.domain.commerce import Payment
from controller.domain.conditions import Condition, Phase
from controller.domain.diagnoses import AT_REST, LAYERS, OWNERS_ACTION, command_of, diagnose
from controller.domain.errors.base import Explanation, Params, explain
from controller.domain.labels import CONDITIONS, KINDS, PHASES, STATES, STEP_STATES
from controller.domain.notes import Note, say
from controller.domain.operations import (
    STEP_TITLES,
    OperationKind,
    OperationState,
    StepRecord,
)
from controller.i18n import N_
from controller.services.diagnosis.explaining import Why
from controller.services.diagnosis.layers import LayerState
from controller.web import formats

PHASE_TONES: Mapping[Phase, str] = {
    Phase.READY: "good",
    Phase.DEGRADED: "warn",
    Phase.SUSPENDED: "quiet",
    Phase.RETIRED: "quiet",
    Phase.PURGED: "quiet",
    Phase.FAILED: "bad",
}
"""How a phase is shown; one that passes is busy."""

STATE_TONES: Mapping[OperationState, str] = {
    OperationState.SUCCEEDED: "good",
    OperationState.FAILED: "bad",
    OperationState.SUPERSEDED: "quiet",
}
"""How an operation's state is shown; one that passes is busy."""

HEADLINES: Mapping[Phase, str] = {
    Phase.PENDING: N_("Your shop is about to be set up."),
    Phase.PROVISIONING: N_("Your shop is being set up."),
    Phase.READY: N_("Your shop is open."),
    Phase.CHANGING: N_("Your changes are being made."),
    Phase.DEGRADED: N_("Something in your shop is not well."),
    Phase.SUSPENDING: N_("Your shop is being paused."),
    Phase.SUSPENDED: N_("Your shop is paused. Customers see that it is closed for now."),
    Phase.RETIRING: N_("Your shop is being closed."),
    Phase.RETIRED: N_("Your shop is closed."),
    Phase.PURGING: N_("Your shop's data is being destroyed."),
    Phase.PURGED: N_("Your shop and its data are gone."),
    Phase.FAILED: N_("This did not work. Nothing is lost; you can try again."),
}
"""Each phase as a sentence for the owner."""

LAYER_STATES: Mapping[LayerState, str] = {
    LayerState.OK: N_("well"),
    LayerState.PROBLEM: N_("not well"),
    LayerState.UNKNOWN: N_("unknown"),
}
"""How a layer stands, for those who do not see its sign."""

PAYMENTS: Mapping[Payment, str] = {
    Payment.BANK_TRANSFER: N_("Bank transfer"),
    Payment.CHECK: N_("Check"),
    Payment.CASH_ON_DELIVERY: N_("Cash on delivery"),
    Payment.PURCHASE_ORDER: N_("Purchase order"),
    Payment.PAYPAL: N_("PayPal"),
    Payment.BRAINTREE: N_("Braintree"),
    Payment.STRIPE: N_("Stripe"),
    Payment.ADYEN: N_("Adyen"),
}

ACTIONS: Mapping[str, str] = {
    "store_not_found": N_("Your shops are listed under “Your shops”."),
    "store_exists_differs": N_("Choose another name, or use the shop that you have."),
    "wrong_state": N_("Load the page again to see what can be done now."),
    "operation_in_progress": N_("Wait until it is finished, then try again."),
    "not_authenticated": N_("Sign in with your e-mail address."),
    "deadline_exceeded": N_("Try again. The list shows what is missing."),
    "idempotency_key_reused": N_("Send the form once more to open another shop."),
    "settings_refused": N_(
        "The shop keeps the settings that it had. The operator of this platform corrects the field "
        "that is named; then it can be tried again."
    ),
    "bad_request": N_("Go back, load the page again and repeat it."),
}
"""What to do next on a page, where the common text speaks of the command line."""


def _(text: str) -> str:
    return i18n.translator(i18n.current()).gettext(text)


def explained(code: str, params: Params) -> Explanation:
    """An error for somebody who looks at a page."""
    found = explain(code, params, _)
    action = ACTIONS.get(code)
    if action is None:
        return found
    return Explanation(code=code, message=found.message, action=_(action) % params)


def phase(value: Phase | str) -> tuple[str, str]:
    """A phase as (word, tone)."""
    found = Phase(value)
    return _(PHASES[found].word), PHASE_TONES.get(found, "busy")


def state(value: OperationState) -> tuple[str, str]:
    """An operation's state as (word, tone)."""
    return _(STATES[value]), STATE_TONES.get(value, "busy")


def condition_tone(condition: Condition) -> str:
    """How a condition is shown."""
    return {"True": "good", "False": "warn"}.get(condition.status, "quiet")


def note(item: Note | None) -> str:
    """The sentence of a note; steps in it are named by their titles."""
    if item is None:
        return ""
    params = dict(item.params)
    if item.reason == "TextsMissing":
        languages = str(params["languages"]).split(", ")
        params["languages"] = ", ".join(map(formats.tongue, languages))
    if "step" in params:
        params["step"] = step_title(str(params["step"]))
    if params.get("kind") in set(OperationKind):
        params["kind"] = _(KINDS[OperationKind(str(params["kind"]))].title)
    return say(item.reason, params, _)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A probable cause as the operator reads it."""

    message: str
    action: str
    command: str | None
    well: bool


def verdict(why: Why) -> Verdict:
    """The probable cause of an explanation, without secrets."""
    cause, text = why.cause, why.redaction.text
    found = diagnose(cause.code, cause.params, _)
    return Verdict(
        message=text(found.message),
        action=text(found.action),
        command=command_of(cause.code, cause.params),
        well=cause.code in AT_REST,
    )


def cluster_state(cluster: Cluster) -> tuple[str, str]:
    """A cluster's state as (word, tone)."""
    if cluster.unreachable_since is not None:
        return _(N_("Unreachable")), "bad"
    if cluster.state is ClusterState.DRAINING:
        return _(N_("Draining")), "quiet"
    return (_(N_("Full")), "warn") if cluster.room == 0 else (_(N_("Active")), "good")


def step_title(name: str) -> str:
    """What a step does."""
    return _(STEP_TITLES.get(name, name))


def took(step: StepRecord) -> str:
    """How long a step took."""
    return formats.seconds(step.started_at, step.finished_at)


GLOBALS = {
    "phase_of": phase,
    "state_of": state,
    "tone_of": condition_tone,
    "note": note,
    "step_title": step_title,
    "step_state": lambda value: _(STEP_STATES[value]),
    "took": took,
    "seconds": formats.seconds,
    "kind_of": lambda kind: _(KINDS[kind].title),
    "headline": lambda value: _(HEADLINES[Phase(value)]),
    "condition_title": lambda kind: _(CONDITIONS[kind]) if kind in CONDITIONS else kind,
    "payment_title": lambda payment: _(PAYMENTS[payment]),
    "explained": explained,
    "owners_action": lambda: _(OWNERS_ACTION),
    "diagnosed": verdict,
    "reason_title": lambda reason: diagnoses.reason_title(reason.kind, reason.part, _),
    "layer_title": lambda name: _(LAYERS[name]),
    "layer_state": lambda state: _(LAYER_STATES[state]),
    "cluster_state": cluster_state,
    "hidden": lambda why, text: why.redaction.text(text),
}
