"""`python -m controller COMMAND`: the processes of the control plane.

up        everything on this machine (what `make up` runs)
api       the HTTP application alone
worker    a Celery worker; `--queues people` or `--queues resync` for one half of the work
beat      Celery's clock
migrate   bring the database to the newest schema and exit
"""

import sys

from pydantic import ValidationError

from controller.domain.errors.base import StoreControllerError, explain


def _command(name: str) -> int:
    # Each process imports only what it runs.
    match name:
        case "up":
            return _up()
        case "api":
            from controller.bootstrap.distributed import api

            return api()
        case "worker":
            from controller.bootstrap.distributed import worker

            return worker(sys.argv[2:])
        case "beat":
            from controller.bootstrap.distributed import beat

            return beat()
        case "migrate":
            from controller.bootstrap.distributed import migrate_now

            return migrate_now()
    print(__doc__, file=sys.stderr)
    return 2


def _up() -> int:
    from controller.bootstrap.claims import listening, locked
    from controller.settings import Settings

    settings = Settings()
    with locked(settings.home) as lock, listening(settings) as listener:
        # It takes seconds, and who cannot go on is told at once.
        from controller.bootstrap.embedded import up

        return up(settings, lock, listener)


def main() -> int:
    """Run the command; an error of ours becomes its cause, its next action and its exit code."""
    try:
        return _command(sys.argv[1] if len(sys.argv) > 1 else "")
    except StoreControllerError as error:
        found = explain(error.code, error.params, str)
        print(f"{found.message}\n{found.action}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            name = "__".join(str(part) for part in wrong["loc"]).upper()
            print(f"The setting STORECTL_{name} cannot be used: {wrong['msg']}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
