"""The door of a kubelet: what the API server asks for logs and for programs run in containers."""

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web
from kubernetes import client

from tests.cluster import certificates
from tests.cluster.kubelet import NODE


class Door:
    """Says what a test wrote into `printed`; `exec` answers as `echo` and `false` would."""

    def __init__(self) -> None:
        self.port = 0
        self.printed: dict[tuple[str, str], list[str]] = {}
        """By pod and container."""
        self.before: dict[tuple[str, str], list[str]] = {}
        """What a container printed before it was started again."""
        self.ended = asyncio.Event()
        self._loop = asyncio.new_event_loop()

    async def logs(self, request: web.Request) -> web.StreamResponse:
        place = (request.match_info["pod"], request.match_info["container"])
        again = request.query.get("previous") == "true"
        lines = (self.before if again else self.printed).get(place, [])
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        if request.query.get("follow") != "true":
            tail = int(request.query.get("tailLines", len(lines)))
            await answer.write("".join(f"{line}\n" for line in lines[-tail:]).encode())
            return answer
        told = len(lines)
        while not self.ended.is_set():
            for line in lines[told:]:
                await answer.write(f"{line}\n".encode())
            told = len(lines)
            await asyncio.sleep(0.02)
        return answer

    async def execute(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await socket.prepare(request)
        program, *words = request.query.getall("command")
        if program == "sleep":
            with contextlib.suppress(ConnectionError):
                await socket.receive()
            return socket
        await socket.send_bytes(b"\x01" + " ".join(words).encode())
        await socket.send_bytes(b"\x02" + program.encode())
        status: dict[str, object] = {"metadata": {}, "status": "Success"}
        if program == "false":
            causes = [{"reason": "ExitCode", "message": "3"}]
            status |= {"status": "Failure", "reason": "NonZeroExitCode"}
            status["details"] = {"causes": causes}
        await socket.send_bytes(b"\x03" + json.dumps(status).encode())
        await socket.close()
        return socket

    def run(self, context: ssl.SSLContext, ready: threading.Event) -> None:
        """Serve until `stop`."""
        asyncio.set_event_loop(self._loop)
        application = web.Application()
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self.logs)
        for method in ("GET", "POST"):
            application.router.add_route(
                method, "/exec/{namespace}/{pod}/{container}", self.execute
            )
        runner = web.AppRunner(application, shutdown_timeout=0.5)

        async def serve() -> None:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            self.port = runner.addresses[0][1]
            ready.set()
            await self.ended.wait()
            await runner.cleanup()
            # Connections say good-bye before they close, and cleaning up does not wait for it.
            await asyncio.sleep(0.2)

        self._loop.run_until_complete(serve())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.ended.set)


@contextlib.contextmanager
def opened(api: client.ApiClient, directory: Path) -> Iterator[Door]:
    """Open the door of the stand-in's node, with a certificate of its own in an empty directory."""
    directory.mkdir()
    certificates.write(directory, ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.crt", directory / "server.key")
    door, ready = Door(), threading.Event()
    thread = threading.Thread(target=door.run, args=(context, ready))
    thread.start()
    assert ready.wait(20)
    try:
        client.CoreV1Api(api).patch_node_status(NODE, {"status": _reached_at(door.port)})
        yield door
    finally:
        door.stop()
        thread.join()


def _reached_at(port: int) -> dict[str, object]:
    return {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
