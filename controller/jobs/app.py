"""Celery as a notifier between processes: what it carries may be lost, doubled or late.

`distributed` builds it. A task is the kind and uid of a subject, never anything to do: what is due
stands in the database, and each worker's own sweep finds it there. That is on purpose. A Celery
worker whose broker went away and came back can be alive and consume nothing (celery#8030, #10302);
messages in flight are lost when Redis restarts and repeated when a worker dies. None of it loses or
doubles work here: it costs one sweep, and the lease lets one worker act. So nothing is kept in
Redis that matters, and no result backend, countdown, chain or chord is used.
"""

import signal
from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery, signals  # type: ignore[import-untyped]

from controller.jobs.worker import Worker
from controller.logging import log
from controller.registry.leases import Kind, Ref

PEOPLE = "people"
"""The queue of subjects that somebody waits for; workers empty it first."""
RESYNC = "resync"
"""The queue of everything else."""
QUEUES = (PEOPLE, RESYNC)

RECONCILE = "storectl.reconcile"
SWEEP = "storectl.sweep"

BELL_SECONDS = 10.0
"""How often beat asks for a sweep. Each worker sweeps by itself, too, and more often."""

_VISIBILITY_SECONDS = 120
"""After how long an unacknowledged hint is given to another worker: longer than any pass."""


def build_celery(redis_url: str) -> Celery:
    """The application for workers and beat: endless patience with a broker that is away."""
    app = _application(redis_url)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        # Celery would lower it after each reconnect and has been seen never to raise it again.
        worker_enable_prefetch_count_reduction=False,
        worker_prefetch_multiplier=1,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # Whoever reaches Redis could stop workers with it.
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        beat_schedule={
            "sweep": {
                "task": SWEEP,
                "schedule": BELL_SECONDS,
                "options": {"queue": RESYNC, "expires": BELL_SECONDS},
            }
        },
        broker_transport_options={
            "socket_connect_timeout": 2,
            # Longer than the second for which a worker asks Redis for the next message.
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "visibility_timeout": _VISIBILITY_SECONDS,
            "queue_order_strategy": "priority",
        },
    )
    return app


def build_publisher(redis_url: str) -> Callable[[Ref], None]:
    """A function that hands a subject to some worker, or raises at once."""
    app = _application(redis_url)
    app.conf.update(
        broker_connection_timeout=0.5,
        broker_pool_limit=1,
        broker_transport_options={
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            "socket_keepalive": True,
            # Without it a first connection is tried for ever.
            "max_retries": 0,
        },
    )

    def publish(ref: Ref) -> None:
        app.send_task(
            RECONCILE, args=(str(ref.kind), ref.uid), queue=PEOPLE, retry=False, ignore_result=True
        )

    return publish


def _application(redis_url: str) -> Celery:
    app = Celery("storectl", set_as_current=False)
    app.conf.update(
        broker_url=redis_url,
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        event_serializer="json",
        accept_content=["json"],
        task_queues={queue: {} for queue in QUEUES},
        task_default_queue=RESYNC,
        task_create_missing_queues=False,
        enable_utc=True,
    )
    return app


def serve(
    app: Celery,
    worker: Worker,
    threads: int,
    queues: Sequence[str] = QUEUES,
    arguments: Sequence[str] = (),
    *,
    told: Callable[[], None] = lambda: None,
) -> None:
    """Consume hints of some queues until a signal comes, of which `told` is told first.

    Running passes end then; the caller sees to it that this takes no more than a moment.
    """

    def ending(**_: Any) -> None:
        told()

    signals.worker_shutting_down.connect(ending)
    _install(app, worker)
    # Otherwise Celery sets up logging by itself.
    signals.setup_logging.connect(_leave_logging)
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={threads}",
            f"--queues={','.join(queues)}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            *arguments,
        ]
    )


def ring_forever(app: Celery, *, told: Callable[[], None] = lambda: None) -> None:
    """Run beat until a signal comes, which `told` is told of.

    It keeps nothing on disk: a lost message costs nothing.
    """
    signals.setup_logging.connect(_leave_logging)
    beat = app.Beat(scheduler="celery.beat:Scheduler", quiet=True)
    install = beat.install_sync_handler

    def installed(service: Any) -> None:
        install(service)
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, _first(told, signal.getsignal(kind)))

    beat.install_sync_handler = installed
    beat.run()


def _first(told: Callable[[], None], usual: Any) -> Callable[[int, Any], None]:
    def handle(number: int, frame: Any) -> None:
        told()
        usual(number, frame)

    return handle


def _install(app: Celery, worker: Worker) -> None:
    def reconcile(kind: str, uid: str) -> None:
        ref = Ref(kind=Kind(kind), uid=uid)
        log.info("hint_received", subject=str(ref))
        worker.run(ref)

    def sweep() -> None:
        log.info("bell_received")
        worker.notify()

    app.task(reconcile, name=RECONCILE)
    app.task(sweep, name=SWEEP)


def _leave_logging(**_: Any) -> None:
    """Keep Celery's hands off the logging of this process."""
