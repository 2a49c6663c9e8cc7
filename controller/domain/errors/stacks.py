"""What runs a shop: releases, images, backups, and the tools that make them."""

from controller.domain.errors.base import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermanentError,
    TransientError,
)
from controller.i18n import N_


class UnknownPlanError(InvalidInputError):
    """No plan has this name."""

    code = "unknown_plan"
    cause = N_("“%(plan)s” is not a plan; there are: %(plans)s.")
    action = N_("Choose one of them.")


class InvalidScaleError(InvalidInputError):
    """The numbers of web servers do not fit together."""

    code = "invalid_scale"
    cause = N_("A shop cannot have %(min)s to %(max)s web servers, and %(now)s now.")
    action = N_("Give 1 ≤ min ≤ now ≤ max ≤ %(most)s.")


class InvalidImageError(InvalidInputError):
    """A text is no reference to an image, or leaves its version open."""

    code = "invalid_image"
    cause = N_("“%(image)s” does not name an image and its version.")
    action = N_("Give REPOSITORY:TAG or REPOSITORY@DIGEST: registry.example.com/shop:2.4.7-p3.")


class RolloutNotFoundError(NotFoundError):
    """No such rollout of an image."""

    code = "rollout_not_found"
    cause = N_("There is no rollout “%(rollout)s”.")
    action = N_("“storectl image rollouts” shows the rollouts there are.")


class LogNotFoundError(NotFoundError):
    """Nothing of the shop has the name whose lines are wanted."""

    code = "log_not_found"
    cause = N_("Nothing of the shop prints under that name.")
    action = N_("Choose one of: %(names)s.")


class NoBackupsError(ConflictError):
    """What the store runs on makes no backups of it."""

    code = "no_backups"
    cause = N_("There are no backups of “%(store)s”: none are made where it runs.")
    action = N_(
        "Only stores on a cluster have backups of their own. One that runs beside the control "
        "plane is saved with its home, one that somebody else runs is saved there."
    )


class BackupNotFoundError(NotFoundError):
    """There is no backup of this name."""

    code = "backup_not_found"
    cause = N_("“%(store)s” has no backup %(backup)s.")
    action = N_("“storectl backup list %(store)s” shows those that there are.")


class RolloutOpenError(ConflictError):
    """One rollout of images at a time: two would undo each other."""

    code = "rollout_open"
    cause = N_("A rollout of %(image)s goes on already (%(rollout)s).")
    action = N_("Wait for it, or end it: storectl image stop.")


class LogUndividedError(ConflictError):
    """A shop that is one process has one log, and its lines no times."""

    code = "log_undivided"
    cause = N_("“%(store)s” prints one log, of which nothing can be chosen.")
    action = N_("Leave out the part, pod, container or age; --tail says how many lines.")


class OneSizeError(ConflictError):
    """Shop software that is one process has no plan but the smallest."""

    code = "one_size"
    cause = N_("A shop on %(engine)s has one size: one web server, the plan “starter”.")
    action = N_("Leave plan and scale out, or create it with other shop software.")


class ImageMissingError(ConflictError):
    """Nobody said which image of the shop software clusters are to run."""

    code = "image_missing"
    cause = N_("No image of %(engine)s is set, so that a cluster has nothing to run.")
    action = N_("Build images/%(engine)s, push it, and name it in STORECTL_%(variable)s_IMAGE.")


class StackNotReadyError(TransientError):
    """The stack below the store has not reached its state."""

    code = "stack_not_ready"
    cause = N_("What the shop runs on is not ready yet.")


class DriverError(TransientError):
    """The driver's tool failed in a way that may pass."""

    code = "driver_failed"
    cause = N_("The shop's process could not be changed: %(detail)s")


class BackupsUnreadError(DriverError):
    """What a store's backups are kept on cannot be looked at just now."""

    code = "backups_unread"
    cause = N_("The store's backups cannot be looked at: %(detail)s")
    action = N_("Look what keeps the job from running, and ask again; nothing was changed.")


class BackupUnderWayError(TransientError):
    """A backup is being made."""

    code = "backup_under_way"
    cause = N_("A backup is being made.")
    action = N_("Nothing needs to be done: the shop goes on meanwhile.")


class RestoreUnderWayError(TransientError):
    """A backup is being loaded, and the shop rests for it."""

    code = "restore_under_way"
    cause = N_("Its backup %(backup)s is being loaded; the shop is closed meanwhile.")
    action = N_("Nothing needs to be done: it opens again once the backup is loaded.")


class StillEndingError(DriverError):
    """What is being removed, or has to be gone first, is not gone yet."""

    code = "still_ending"
    cause = N_("What was there is still being removed: %(detail)s")
    action = N_(
        "It goes on by itself. If it lasts, find out whose finalizer it is that the cluster names."
    )


class ToolKilledError(DriverError):
    """The program that was changing the stack was killed in the middle."""

    code = "tool_killed"
    cause = N_("The program that was changing the shop was killed in the middle (%(detail)s).")
    action = N_("Nothing needs to be done: what it left half done is put right by itself.")


class ReleaseUnfinishedError(DriverError):
    """A change of the release was begun and not ended; somebody may still be at work on it."""

    code = "release_unfinished"
    cause = N_("A change of the release was begun and did not end: %(detail)s")
    action = N_("Nothing needs to be done: once nobody can be at work on it, it is put right.")


class StateLockedError(DriverError):
    """Somebody holds the lock of the state of what is around the stack."""

    code = "state_locked"
    cause = N_("What is around the shop cannot be changed, its state is locked: %(detail)s")
    action = N_(
        "Where a run of ours holds it, it goes on by itself once that has ended. A stranger's lock "
        "is left alone: let them finish, or take it away with “terraform force-unlock”."
    )


class BackupNotMadeError(PermanentError):
    """The job that makes a backup gave up."""

    code = "backup_not_made"
    cause = N_("The backup could not be made: %(detail)s")
    action = N_("Correct the cause and make it again; the backups that there were are kept.")


class BackupNotLoadedError(PermanentError):
    """The job that loads a backup gave up."""

    code = "backup_not_loaded"
    cause = N_("The backup could not be loaded: %(detail)s")
    action = N_(
        "Correct the cause and restore again, from this backup or another. The shop runs as before "
        "where nothing was touched; where half of it is loaded, it stays closed until then."
    )


class ImageUntriedError(DriverError):
    """The cluster has not started the new image yet; what ran before runs on."""

    code = "image_untried"
    cause = N_("The new image could not be started yet, so the old one stays: %(detail)s")
    action = N_(
        "Nothing needs to be done while it is fetched. Where it does not get room or permission, "
        "“storectl why” names what is in its way."
    )


class ImageUnpullableError(PermanentError):
    """The cluster cannot fetch an image that a shop is to run; what ran before runs on."""

    code = "image_unpullable"
    cause = N_("The cluster cannot fetch the new image, so the old one stays: %(detail)s")
    action = N_("Push the image or correct its name (storectl image set), then retry.")
