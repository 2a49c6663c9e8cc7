"""What conditions, steps and events say, as a reason and its parameters.

A note is stored untranslated and rendered where a person reads it, in that person's language.
Reasons are CamelCase; an error's reason is its class name without "Error".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from controller.domain.errors.base import StoreControllerError, by_code
from controller.i18n import N_

REASONS: Mapping[str, str] = {
    # Conditions
    "NotStarted": N_("Not started yet."),
    "SecretsApplied": N_("Its access keys are in place."),
    "ReleaseCurrent": N_("%(chart)s %(version)s runs."),
    "ReleaseMissing": N_("It does not run."),
    "ReleaseOutdated": N_("It runs with older settings."),
    "ReleaseStopped": N_("It is stopped; its data is kept."),
    "ReleaseDeleted": N_("It is removed."),
    "Answering": N_("It answers at %(endpoint)s."),
    "Bound": N_("Its website is “%(website)s”."),
    "LanguagesNearest": N_(
        "Its website is “%(website)s”. The shop does not have all of its languages and shows the"
        " nearest: %(languages)s."
    ),
    "NotBound": N_("Its website is not there yet."),
    "Routed": N_("It is reached at %(url)s."),
    "NotRouted": N_("It has no address yet."),
    "Configured": N_("Its settings are as wanted (revision %(revision)s)."),
    "Drifted": N_("Settings were changed in the shop: %(fields)s."),
    "DriftLeft": N_("Settings were changed in the shop and are left so: %(fields)s."),
    "DriftReverted": N_("Settings that were changed in the shop are as wanted again: %(fields)s."),
    "Adopted": N_("What was changed in the shop is wanted now: %(fields)s."),
    "NotConfigured": N_("Its settings are not written yet."),
    "Selling": N_("A test purchase of %(total)s went through and was cancelled."),
    "Proven": N_("A test purchase went through and was cancelled."),
    "NotProven": N_("No test purchase was made yet."),
    "ProvenBefore": N_("A test purchase went through, with the settings before the newest ones."),
    "NotProvenAgain": N_("No test purchase was made with the newest settings yet."),
    "MailDelivered": N_("The mail server %(relay)s took a test mail."),
    "MailNotSetUp": N_("No mail server is set up: the shop sends no mails."),
    "StorefrontClosed": N_("The shop is closed to customers."),
    "InfrastructureBuilt": N_("What it needs around it is there (%(module)s)."),
    "InfrastructureMissing": N_("What it needs around it is not built yet (%(module)s)."),
    "PlacedByName": N_("The cluster “%(cluster)s” was asked for."),
    "PlacedByRegion": N_(
        "“%(cluster)s” has the most room in the region %(region)s: %(room)s of %(capacity)s."
    ),
    "PlacedByRoom": N_("“%(cluster)s” has the most room: %(room)s of %(capacity)s."),
    "StackStopped": N_("What it ran on is stopped; its data is kept."),
    "VolumesRoomy": N_("Its volumes have room."),
    "AutoscalerSees": N_("Its autoscaler has the figures that it goes by."),
    "AutoscalerBlind": N_("Its autoscaler knows no figures, so no web server is added: %(detail)s"),
    "NumberFixed": N_(
        "The number of web servers is fixed: the autoscaler is off until --min and --max are set, "
        "or --plan-default."
    ),
    "VolumeFilling": N_("The volume %(volume)s is %(percent)s %% full or more."),
    "RunsSteadily": N_("It runs steadily."),
    "RestartedOften": N_("It hung and was started again; times: %(times)s, last at %(at)s."),
    "NoRatesNeeded": N_("It has one currency."),
    "RatesNotThere": N_(
        "There are no exchange rates yet: until there are, the shop offers %(base)s alone."
    ),
    "RatesKnown": N_("Its exchange rates are of %(day)s or newer."),
    "RatesPinned": N_("Its exchange rates are fixed."),
    "TextsKnown": N_("The shop has texts in each of its languages."),
    "TextsMissing": N_(
        "The shop has no texts in: %(languages)s. What you write yourself appears as you wrote "
        "it; buttons and messages are in English."
    ),
    "NotLookedAt": N_("The last look at it was %(minutes)s min ago; what is shown may be over."),
    # Explanations
    "WhyMailRefused": N_("It takes orders, and its mails do not leave."),
    "WhyReadyWithoutMail": N_("It takes orders; it sends no mails, for no mail server is set up."),
    "WhyReady": N_("It takes orders."),
    "WhyReadyBut": N_("It takes orders, and cannot offer everything that was asked for."),
    "WhyWasReady": N_("It took orders at the last look; what was asked just now says otherwise."),
    "WhySuspended": N_("It is closed to customers, as was asked."),
    "WhyRetired": N_("It is out of service, as was asked; its data is kept."),
    "WhyPurged": N_("It was destroyed, as was asked."),
    "WhyUnmet": N_("Not everything is as wanted."),
    "WhyBehind": N_("What was asked for last is not done yet."),
    "WhyNoOperation": N_("Nothing was asked for yet."),
    "WhyOperationDone": N_("“%(kind)s” is done."),
    "WhyOperationRighted": N_("“%(kind)s” failed, and everything is as wanted since."),
    "WhyOperationRuns": N_("“%(kind)s” is at work."),
    "WhyOperationWaits": N_("“%(kind)s” waits for its turn."),
    "WhyOperationReplaced": N_("“%(kind)s” gave way to something newer."),
    "WhyHere": N_("It runs beside the control plane, on no cluster."),
    "WhyElsewhere": N_("Somebody else runs it."),
    "WhyClusterAnswers": N_("“%(cluster)s” answers (Kubernetes %(version)s)."),
    "WhyPlaceAnswers": N_("The place where it runs answers."),
    "WhyPlaceLost": N_("The place where it runs does not answer."),
    "WhyNothingAround": N_("It needs nothing outside its cluster."),
    "WhyReleaseStarting": N_("It starts: not everything of it is ready."),
    "WhyReleaseFailed": N_("It failed: %(detail)s"),
    "WhyReleaseEnded": N_("It ended by itself and left no word; it is started again."),
    "WhyPartsReady": N_("Every part of it is ready."),
    "WhyPartsNoted": N_("Every part of it is ready, and something needs attention."),
    "WhyPartsUnready": N_("Not every part of it is ready."),
    "WhyPartsEnding": N_("What is left of it is being removed."),
    "WhyNothingRuns": N_("Nothing is meant to run."),
    "WhyAnswers": N_("The shop answers."),
    "WhySilent": N_("The shop does not answer."),
    "WhySilentAt": N_("The shop does not answer at %(endpoint)s."),
    "WhySilentBecause": N_("The shop does not answer at %(endpoint)s: %(detail)s"),
    "WhyNotAsked": N_("Not asked, because it does not run."),
    "WhyLoading": N_("Not asked, because its backup %(backup)s is being loaded."),
    "WhyUnasked": N_("Not asked, because the cluster does not answer."),
    "WhyInTheWay": N_("Something of what it runs on is in the way."),
    "WhyWorkerBusy": N_("%(worker)s is at work on it."),
    "WhyWorkerSilent": N_("%(worker)s was at work on it and gives no sign of life any more."),
    "WhyWorkerGone": N_("Who was at work on it ended in the middle."),
    "WhyNoWorker": N_("Nobody is at work on it: no worker runs."),
    "WhyTurnComes": N_("It waits for a worker that is free."),
    "WhyNobodyAtWork": N_("Nobody needs to be at work on it now."),
    "WhyReleaseChanging": N_("%(release)s is being changed (%(word)s)."),
    "WhyReleaseUnfinished": N_(
        "%(release)s is left %(word)s: a change of it was begun and did not end."
    ),
    "WhyPartsUnmade": N_("Not asked, because the release that makes them is unfinished."),
    # Steps and events
    "StoreAccepted": N_("The order for “%(store)s” is accepted."),
    "ChangeAccepted": N_("Changes are accepted: %(fields)s."),
    "PushAccepted": N_("All settings will be written again."),
    "ImageAccepted": N_("It will run %(image)s."),
    "ImageTried": N_("The cluster can fetch %(image)s."),
    "ScaleAccepted": N_("Its web servers will be %(min)s to %(max)s."),
    "Scaled": N_("Web servers: %(min)s to %(max)s, %(now)s now."),
    "InfrastructureApplied": N_("%(module)s; things made or changed: %(changed)s."),
    "InfrastructureDestroyed": N_("Nothing is left of %(module)s."),
    "ClusterLost": N_("The cluster does not answer: %(detail)s"),
    "SecretAccepted": N_("The secret “%(secret)s” is kept and will be used."),
    "SuspendAccepted": N_("The shop will be closed to customers."),
    "ResumeAccepted": N_("The shop will be opened again."),
    "ValuesTaken": N_("It takes what was changed of its cluster or of the platform."),
    "ImageGivenUp": N_(
        "%(image)s is not wanted any more: the shop did not come to run it. It keeps %(ran)s."
    ),
    "ClosedByStopping": N_(
        "The shop could not show that it is closed, so it was stopped; its data is kept."
        " What was in the way: %(detail)s"
    ),
    "RetireAccepted": N_("The shop will be retired; its data is kept until %(until)s."),
    "UndeleteAccepted": N_("The shop will be brought back."),
    "PurgeAccepted": N_("The shop's data will be destroyed."),
    "Superseded": N_("Something newer takes its place."),
    "RetryAccepted": N_("The operation is tried again."),
    "Expired": N_("The shop's time is up; it is retired."),
    "TombstoneExpired": N_("The shop's grace period is over; its data is destroyed."),
    "StepStarted": N_("%(step)s…"),
    "OperationSucceeded": N_("Done in %(seconds)s s."),
    "ReleaseApplied": N_("%(chart)s %(version)s starts on %(endpoint)s."),
    "BoundWebsite": N_("Website “%(website)s” with %(views)s languages."),
    "BoundNearest": N_(
        "Website “%(website)s” with %(views)s languages, some shown in the nearest that the shop"
        " has: %(languages)s."
    ),
    "LanguagesAccepted": N_(
        "The shop does not have all of these languages and shows the nearest: %(languages)s."
    ),
    "SettingsWritten": N_("%(changed)s of %(count)s settings changed."),
    "AsWanted": N_("It was as wanted already."),
    "ParcelSent": N_("Order %(order)s: a parcel went out with %(carrier)s, number %(number)s."),
    "TrackAdded": N_("Order %(order)s: number %(number)s of %(carrier)s was added."),
    "Inventory": N_("Nothing is left of it. Things removed: %(removed)s."),
    "ProcessLost": N_("The shop's process was gone; it is started again."),
    "ShopHung": N_("The shop ran and did not answer any more; it is ended and started again."),
    "BackupAccepted": N_("A backup will be made."),
    "BackupMade": N_("The backup %(backup)s is made."),
    "BackupWanted": N_("A backup is to be made."),
    "BackupsAsAsked": N_("No backup waits to be made."),
    "RestoreAccepted": N_("Its backup %(backup)s will be loaded; it is closed meanwhile."),
    "RestRequired": N_("The shop rests, so that its backup %(backup)s can be loaded."),
    "BackupLoaded": N_("The backup %(backup)s is loaded."),
    "ObjectsChanged": N_(
        "Somebody changed what the shop runs on in its cluster; it is put back: %(things)s."
    ),
    "HungEnded": N_("What hung is ended; its data is kept."),
    "ReadyAgain": N_("It takes orders again."),
}


@dataclass(frozen=True, kw_only=True)
class Note:
    """A reason with the parameters of its sentence."""

    reason: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    @classmethod
    def of(cls, reason: str, **params: str | int) -> "Note":
        """Shorthand: `Note.of("Routed", url=url)`."""
        return cls(reason=reason, params=params)

    @classmethod
    def of_error(cls, error: StoreControllerError) -> "Note":
        """The note of an error that a step met."""
        return cls(reason=error.reason, params=error.params)

    @classmethod
    def of_code(cls, error: "Note") -> "Note":
        """The note of an operation's error, whose `reason` is an error's code."""
        kind = by_code().get(error.reason, StoreControllerError)
        return cls(reason=kind.__name__.removesuffix("Error"), params=error.params)


def say(reason: str, params: Mapping[str, str | int], translate: Callable[[str], str]) -> str:
    """Render a reason in the language of `translate`; an unknown reason is its own text."""
    sentence = REASONS.get(reason) or _error_causes().get(reason)
    return translate(sentence) % params if sentence else reason


@cache
def _error_causes() -> Mapping[str, str]:
    kinds = by_code().values()
    return {kind.__name__.removesuffix("Error"): kind.cause for kind in kinds}
