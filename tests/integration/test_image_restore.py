"""Backup and restore as pods run them: another user, a file system of its own, a real MariaDB."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.services.process import free_port

IMAGE = Path(__file__).resolve().parents[2] / "images/magento"
USER = 10001
PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb-dump", "mkfs.ext4", "mount", "php")
MAGENTO = """<?php
$var = __DIR__ . '/../var';
file_put_contents("$var/calls", implode(' ', array_slice($argv, 3)) . "\\n", FILE_APPEND);
if (in_array('--version', $argv, true)) { echo getenv('VERSION') ?: 'Magento CLI 2.4.7', "\\n"; }
if (in_array('indexer:reindex', $argv, true) && file_exists("$var/break")) { exit(1); }
"""


def _missing() -> str | None:
    if os.geteuid() != 0:
        return "only root mounts a file system and becomes another user"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} is not there"
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False).stdout
    return None if "pdo_mysql" in modules else "PHP lacks pdo_mysql"


pytestmark = pytest.mark.skipif(_missing() is not None, reason=_missing() or "")


@dataclass(kw_only=True)
class Pod:
    """What a job's container has: the image's scripts, secrets, volumes, a database."""

    root: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)

    def shop(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run an entry point as the pod's user."""
        var = self.root / "var"
        shutil.rmtree(var, ignore_errors=True)
        var.mkdir()
        os.chown(var, USER, USER)
        if environ.pop("BREAK", None):
            (var / "break").touch()
        return subprocess.run(
            [self.root / "lib/shop", *argv],
            env={**self.environ, **environ},
            user=USER,
            group=USER,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, *statements: str) -> list[str]:
        """Ask the database as the shop does; the lines of the answers."""
        done = subprocess.run(
            ["mariadb", "-h127.0.0.1", f"-P{self.port}", "-umagento", "-ppw", "-N", "magento"],
            input=";".join(statements),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    @property
    def media(self) -> Path:
        return self.root / "pub/media"

    @property
    def backups(self) -> list[str]:
        return sorted(path.name for path in (self.root / "backup").glob("2*"))


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A MariaDB of these tests; its port."""
    home = Path(f"/var/tmp/storectl-mariadb-{os.getpid()}")
    home.mkdir(mode=0o755)
    port = free_port()
    options = [f"--datadir={home}/data", "--user=root", "--skip-name-resolve"]
    plain = "--auth-root-authentication-method=normal"
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            *options,
            plain,
        ],
        check=True,
        capture_output=True,
    )
    running = subprocess.Popen(
        [
            *("mariadbd", "--no-defaults", *options, f"--port={port}"),
            *("--bind-address=127.0.0.1", f"--socket={home}/socket", f"--pid-file={home}/pid"),
            f"--log-error={home}/log",
            *("--innodb-buffer-pool-size=32M", "--log-bin-trust-function-creators=1"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while subprocess.run(_root(home, "SELECT 1"), capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, (home / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait(60)
        shutil.rmtree(home)


def _root(home: Path, statement: str) -> list[str]:
    return ["mariadb", f"--socket={home}/socket", "-uroot", "-e", statement]


@pytest.fixture
def pod(server: int, tmp_path: Path) -> Iterator[Pod]:
    root = Path(f"/var/tmp/storectl-{tmp_path.name}-{os.getpid()}")
    root.mkdir(mode=0o755)
    home = Path(f"/var/tmp/storectl-mariadb-{os.getpid()}")
    wishes = (
        "DROP DATABASE IF EXISTS magento; CREATE DATABASE magento;"
        "CREATE OR REPLACE USER magento@'127.0.0.1' IDENTIFIED BY 'pw';"
        "GRANT ALL ON magento.* TO magento@'127.0.0.1'"
    )
    subprocess.run(_root(home, wishes), check=True)
    scripts = root / "lib"
    shutil.copytree(IMAGE / "bin", scripts)
    for script in scripts.iterdir():
        # The one line that says where the image has the shop.
        if script.name == "common.sh":
            script.write_text(script.read_text().replace("cd /magento", f"cd {root}"))
    (scripts / "app-etc").mkdir()
    shutil.copy(IMAGE / "etc/env.php", scripts / "app-etc/env.php")
    (scripts / "app-etc/config.php").write_text("<?php return [];")
    (root / "app/etc").mkdir(parents=True)
    os.chown(root / "app/etc", USER, USER)
    (root / "bin").mkdir()
    (root / "bin/magento").write_text(MAGENTO)
    secrets = root / "secrets"
    secrets.mkdir()
    (secrets / "crypt-key").write_text("0123456789abcdef0123456789abcdef")
    (secrets / "db-password").write_text("pw")
    mounts = []
    try:
        for name in ("pub/media", "backup"):
            _mounted(root, name)
            mounts.append(root / name)
        yield Pod(
            root=root,
            port=server,
            environ={
                "PATH": os.environ["PATH"],
                "SHOP_SECRETS": str(secrets),
                "SHOP_BACKUP": str(root / "backup"),
                "SHOP_DB_HOST": "127.0.0.1",
                "SHOP_DB_PORT": str(server),
                "SHOP_DB_WAIT": "5",
            },
        )
    finally:
        for mount in mounts:
            subprocess.run(["umount", mount], check=True)
        shutil.rmtree(root)


def _mounted(root: Path, name: str) -> None:
    """A volume as a kubelet hands it over: an ext4 of its own, root's and its group's."""
    place, image = root / name, root / f"{name.replace('/', '-')}.img"
    place.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(24 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    done = subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.decode()}")
    os.chown(place, 0, USER)
    place.chmod(0o2775)
    assert (place / "lost+found").is_dir()


@pytest.fixture
def installed(pod: Pod) -> Pod:
    """A small shop: tables with a key between them, a view, a trigger, a routine, a picture."""
    pod.sql(
        "CREATE TABLE storecontroller_install (id INT PRIMARY KEY, begun_at DATETIME NOT NULL,"
        " finished_at DATETIME NULL, crypt_key_fingerprint CHAR(16) NULL)",
        "INSERT INTO storecontroller_install VALUES (1, NOW(), NOW(), NULL)",
        "CREATE TABLE customer (id INT PRIMARY KEY) ENGINE=InnoDB",
        "CREATE TABLE sales_order (id INT PRIMARY KEY, customer INT,"
        " FOREIGN KEY (customer) REFERENCES customer (id)) ENGINE=InnoDB",
        "CREATE TABLE told (id INT)",
        "CREATE TRIGGER tell AFTER INSERT ON sales_order"
        " FOR EACH ROW INSERT INTO told VALUES (NEW.id)",
        "CREATE VIEW orders AS SELECT id FROM sales_order",
        "CREATE FUNCTION seven() RETURNS INT DETERMINISTIC RETURN 7",
        "INSERT INTO customer VALUES (1)",
        "INSERT INTO sales_order VALUES (1, 1)",
    )
    picture = pod.media / "catalog/product/a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_text("picture")
    for path in (pod.media / "catalog", picture.parent, picture):
        os.chown(path, USER, USER)
    return pod


def saved(pod: Pod) -> str:
    done = pod.shop("backup")
    assert done.returncode == 0, done.stderr
    return pod.backups[-1]


def spoilt(pod: Pod) -> None:
    """What a bad day makes of a shop."""
    pod.sql("DELETE FROM sales_order", "CREATE TABLE extra (id INT)", "DROP FUNCTION seven")
    (pod.media / "catalog/product/a.jpg").unlink()


def whole(pod: Pod) -> bool:
    """Whether the shop is as it was when it was saved."""
    tables = set(pod.sql("SHOW TABLES"))
    assert tables == {"customer", "orders", "sales_order", "storecontroller_install", "told"}
    assert pod.sql("SELECT id FROM orders", "SELECT seven()", "SELECT id FROM told") == [
        "1",
        "7",
        "1",
    ]
    pod.sql("INSERT INTO sales_order VALUES (2, 1)")
    assert pod.sql("SELECT COUNT(*) FROM told") == ["2"]
    return (pod.media / "catalog/product/a.jpg").read_text() == "picture"


def test_a_backup_leaves_out_what_the_file_system_has_for_itself(installed: Pod) -> None:
    name = saved(installed)
    archive = installed.root / "backup" / name / "media.tar.gz"
    listed = subprocess.run(
        ["tar", "-tzf", archive], capture_output=True, text=True, check=True
    ).stdout
    assert "./catalog/product/a.jpg" in listed
    assert "lost+found" not in listed


def test_a_shop_is_restored_over_itself_and_what_it_was_is_kept(installed: Pod) -> None:
    name = saved(installed)
    spoilt(installed)
    time.sleep(1.1)  # A backup is named by its second.
    refused = installed.shop("restore", name)
    assert refused.returncode == 1
    assert "nothing was touched" in refused.stderr
    done = installed.shop("restore", name, SHOP_RESTORE_OVER="1")
    assert done.returncode == 0, done.stderr
    assert whole(installed)
    calls = (installed.root / "var/calls").read_text()
    assert "indexer:reindex" in calls
    assert "cache:flush" in calls
    assert len(installed.backups) == 2


def test_one_that_failed_on_the_way_is_run_again(installed: Pod) -> None:
    name = saved(installed)
    spoilt(installed)
    time.sleep(1.1)
    broken = installed.shop("restore", name, SHOP_RESTORE_OVER="1", BREAK="1")
    assert broken.returncode != 0
    count = len(installed.backups)
    # Nobody serves what is half there, and the installer does not touch it either.
    for entry in ("backup", "upgrade"):
        assert "restoring" in installed.shop(entry).stderr
    for _ in range(2):
        time.sleep(1.1)
        done = installed.shop("restore", name, SHOP_RESTORE_OVER="1")
        assert done.returncode == 0, done.stderr
        assert whole(installed)
    # What was half loaded was not saved as if it were a shop; what was whole was.
    assert len(installed.backups) == count + 1


def test_a_backup_of_an_older_version_is_brought_to_this_one(installed: Pod) -> None:
    name = saved(installed)
    spoilt(installed)
    time.sleep(1.1)
    over = {"SHOP_RESTORE_OVER": "1", "VERSION": "Magento CLI 2.4.7-p3"}
    done = installed.shop("restore", name, **over)
    assert done.returncode == 0, done.stderr
    assert whole(installed)
    calls = (installed.root / "var/calls").read_text().splitlines()
    assert calls.index("setup:upgrade --keep-generated") < calls.index("indexer:reindex")
    # What is of this version is left as it is.
    newest = saved_again(installed, VERSION="Magento CLI 2.4.7-p3")
    assert installed.shop("restore", newest, **over).returncode == 0
    assert "setup:upgrade" not in (installed.root / "var/calls").read_text()
    # Back in time there is no way.
    refused = installed.shop("restore", newest, SHOP_RESTORE_OVER="1")
    assert refused.returncode == 1
    assert "newer than this image's" in refused.stderr
    assert "nothing was touched" in refused.stderr


def saved_again(pod: Pod, **environ: str) -> str:
    time.sleep(1.1)
    done = pod.shop("backup", **environ)
    assert done.returncode == 0, done.stderr
    return pod.backups[-1]


def test_an_old_archive_with_foreign_entries_and_a_wrong_name_do_no_harm(installed: Pod) -> None:
    name = saved(installed)
    kept = installed.root / "backup" / name
    subprocess.run(["tar", "-C", installed.media, "-czf", kept / "media.tar.gz", "."], check=True)
    sums = subprocess.run(
        ["sha256sum", "database.sql.gz", "media.tar.gz"],
        cwd=kept,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (kept / "checksums").write_text(sums)
    spoilt(installed)
    wrong = installed.shop("restore", "20200101T000000Z", SHOP_RESTORE_OVER="1")
    assert "holds no backup" in wrong.stderr
    assert installed.sql("SELECT COUNT(*) FROM extra") == ["0"]
    time.sleep(1.1)
    done = installed.shop("restore", name, SHOP_RESTORE_OVER="1")
    assert done.returncode == 0, done.stderr
    assert whole(installed)
