"""The store image: scripts, entry points, and what its configuration makes of the environment."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tls import certificate, encrypted

IMAGE = Path(__file__).resolve().parents[2] / "images/magento"
README = (IMAGE / "README.md").read_text()
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
SCRIPTS = sorted(
    path
    for folder in (IMAGE, IMAGE / "bin", IMAGE / "steps")
    for path in folder.iterdir()
    if path.is_file() and path.read_text().startswith("#!/bin/bash")
)
ENTRIES = re.findall(r"^\| `shop (\w+)", README, re.MULTILINE)
PRINT = "echo json_encode(require $argv[1]);"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "crypt-key").write_text(KEY + "\n")
    (folder / "db-password").write_text('pass"word\\\n')
    (folder / "media-access-key").write_text("AKIA\n")
    (folder / "media-secret-key").write_text("wJalr/+=\n")
    return folder


def php(*arguments: str | Path, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("php") or "php"
    variables = {name: str(value) for name, value in environment.items()}
    return subprocess.run(
        [program, *map(str, arguments)], env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.needs("shellcheck")
def test_shellcheck_has_nothing_to_say_about_the_scripts() -> None:
    done = subprocess.run(
        ["shellcheck", "--external-sources", *SCRIPTS], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.needs("php")
def test_every_php_file_of_the_image_parses() -> None:
    for path in sorted(
        (*IMAGE.glob("etc/*.php"), *IMAGE.glob("bin/*.php"), *IMAGE.glob("steps/*.php"))
    ):
        done = php("-l", path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_entry_point_of_the_manual_can_be_started() -> None:
    assert ENTRIES
    usage = subprocess.run([IMAGE / "bin/shop"], capture_output=True, text=True, check=False)
    assert usage.returncode == 64
    offered = re.findall(r"[a-z]+(?=[| ]|$)", usage.stderr.split("shop ")[1].split(" [")[0])
    assert sorted(offered) == sorted(ENTRIES)
    for entry in ENTRIES:
        assert (IMAGE / "bin" / entry).stat().st_mode & 0o111, entry


def test_an_unknown_entry_point_is_refused() -> None:
    done = subprocess.run([IMAGE / "bin/shop", "../install"], capture_output=True, check=False)
    assert done.returncode == 64


def test_the_manual_names_every_variable_and_build_argument() -> None:
    read = "\n".join(path.read_text() for path in (*SCRIPTS, *IMAGE.glob("etc/*")))
    used = set(re.findall(r"\b(?:SHOP|STORECONTROLLER)_[A-Z_]+", read + DOCKERFILE))
    arguments = set(re.findall(r"^ARG ([A-Z_]+)", DOCKERFILE, re.MULTILINE))
    assert {name for name in used | arguments if f"`{name}`" not in README} == set()


@pytest.mark.needs("php")
def test_the_configuration_comes_from_the_environment_and_from_secret_files(secrets: Path) -> None:
    done = php(
        "-r",
        PRINT,
        IMAGE / "etc/env.php",
        SHOP_SECRETS=secrets,
        SHOP_DB_HOST="db.example",
        SHOP_CACHE_HOST="cache.example",
        SHOP_CACHE_PREFIX="one_",
        STORECONTROLLER_INSTANCE_UID="st-1",
    )
    config = json.loads(done.stdout)
    connection = config["db"]["connection"]["default"]
    pages = config["cache"]["frontend"]["page_cache"]
    assert (connection["host"], connection["password"]) == ("db.example:3306", 'pass"word\\')
    assert (pages["id_prefix"], pages["backend_options"]["server"]) == ("one_", "cache.example")
    assert config["session"]["redis"]["host"] == "cache.example"
    assert config["storecontroller"] == {"instance_uid": "st-1"}
    assert config["crypt"] == {"key": KEY}


@pytest.mark.needs("php")
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("crypt-key", None, "crypt-key is missing"),
        ("crypt-key", "short", "crypt-key is neither 32 characters"),
        ("crypt-key", KEY + "0", "crypt-key is neither 32 characters"),
        ("crypt-key", f"base64{KEY}", "crypt-key is neither 32 characters"),
        ("db-password", None, "db-password is missing"),
        ("media-secret-key", None, "media-secret-key is missing"),
    ],
    ids=["no key", "short key", "long key", "not base64", "no password", "no key to the bucket"],
)
def test_a_shop_without_its_secrets_says_which_one_it_misses(
    secrets: Path, name: str, content: str | None, message: str
) -> None:
    (secrets / name).unlink()
    if content is not None:
        (secrets / name).write_text(content)
    done = php(
        "-d",
        "display_errors=stderr",
        "-r",
        PRINT,
        IMAGE / "etc/env.php",
        SHOP_SECRETS=secrets,
        SHOP_MEDIA_BUCKET="pictures",
    )
    assert done.returncode != 0
    assert message in done.stderr
    assert KEY not in done.stderr


@pytest.mark.needs("php")
def test_a_password_with_quotes_reaches_the_databases_own_programs(
    tmp_path: Path, secrets: Path
) -> None:
    (tmp_path / "app-etc").mkdir()
    shutil.copy(IMAGE / "etc/env.php", tmp_path / "app-etc")
    shutil.copy(IMAGE / "bin/database.php", tmp_path)
    done = php(tmp_path / "database.php", "client", SHOP_SECRETS=secrets)
    assert 'password="pass\\"word\\\\"' in done.stdout.splitlines()


@pytest.mark.needs("php")
@pytest.mark.parametrize(
    "key",
    ["a-URL_safe-text-of-32-characters", f"base64{'A' * 43}=", f"{KEY}\nbase64{'A' * 43}="],
    ids=["any 32", "base64", "rotated"],
)
def test_a_crypt_key_may_be_all_that_magento_takes(secrets: Path, key: str) -> None:
    (secrets / "crypt-key").write_text(key)
    done = php("-r", PRINT, IMAGE / "etc/env.php", SHOP_SECRETS=secrets)
    assert json.loads(done.stdout)["crypt"] == {"key": key}


@pytest.mark.needs("php")
@pytest.mark.parametrize(
    ("caches", "application", "hosts"),
    [
        ("", "1", []),
        ("one:8081,two", "2", [{"host": "one", "port": "8081"}, {"host": "two", "port": "80"}]),
    ],
)
def test_page_caches_are_named_and_nothing_asks_to_be_imported(
    secrets: Path, caches: str, application: str, hosts: list[dict[str, str]]
) -> None:
    name = "CONFIG__DEFAULT__SYSTEM__FULL_PAGE_CACHE__CACHING_APPLICATION"
    code = f"$told = require $argv[1]; echo json_encode([$told, $_ENV['{name}']]);"
    done = php("-r", code, IMAGE / "etc/env.php", SHOP_SECRETS=secrets, SHOP_PAGE_CACHES=caches)
    told, said = json.loads(done.stdout)
    assert (said, told["http_cache_hosts"]) == (application, hosts)
    # A change of these makes Magento refuse every page and command until they are imported.
    assert not {"system", "scopes", "themes"} & told.keys()


@pytest.mark.needs("php")
def test_media_are_in_a_volume_unless_a_bucket_is_named(secrets: Path) -> None:
    environment = {
        "SHOP_MEDIA_BUCKET": "pictures",
        "SHOP_MEDIA_ENDPOINT": "http://minio.example:9000",
        "SHOP_MEDIA_PREFIX": "shops/acme/",
        "SHOP_MEDIA_PATH_STYLE": "1",
    }
    volume, bucket = (
        json.loads(php("-r", PRINT, IMAGE / "etc/env.php", SHOP_SECRETS=secrets, **said).stdout)
        for said in ({}, environment)
    )
    assert volume["remote_storage"] == {"driver": "file"}
    storage = bucket["remote_storage"]
    assert (storage["driver"], storage["prefix"]) == ("aws-s3", "shops/acme")
    config = storage["config"]
    assert config["credentials"] == {"key": "AKIA", "secret": "wJalr/+="}
    assert config["endpoint"] == "http://minio.example:9000"
    assert (config["bucket"], config["region"]) == ("pictures", "us-east-1")
    assert config["path_style"] == "1"


@pytest.mark.needs("php")
def test_with_a_role_no_keys_are_read_and_none_are_handed_on(secrets: Path) -> None:
    for key in ("media-access-key", "media-secret-key"):
        (secrets / key).unlink()
    said = {"SHOP_MEDIA_BUCKET": "pictures", "SHOP_MEDIA_AUTH": "role"}
    done = php("-r", PRINT, IMAGE / "etc/env.php", SHOP_SECRETS=secrets, **said)
    config = json.loads(done.stdout)["remote_storage"]["config"]
    assert "credentials" not in config
    assert (config["bucket"], config["region"]) == ("pictures", "us-east-1")
    said["SHOP_MEDIA_AUTH"] = "public"
    done = php(
        "-d",
        "display_errors=stderr",
        "-r",
        PRINT,
        IMAGE / "etc/env.php",
        SHOP_SECRETS=secrets,
        **said,
    )
    assert "SHOP_MEDIA_AUTH is public" in done.stderr


LIBRARY = """
namespace Aws { interface CacheInterface {} }
namespace Aws\\Credentials { class Credentials {
    public function __construct(private $ends) {}
    public function getExpiration() { return $this->ends; }
} }
"""


@pytest.mark.needs("php")
@pytest.mark.parametrize(
    ("ends", "found"),
    [("time() + 3600", True), ("time() + 60", False), ("null", False)],
    ids=["for an hour", "for a minute", "for ever, as keys are"],
)
def test_a_role_s_credentials_are_kept_until_shortly_before_they_end(
    tmp_path: Path, ends: str, found: bool
) -> None:
    code = (
        "namespace { require $argv[1]; $kept = new KeptRole($argv[2]); $before = $kept->get('');"
        f"$kept->set('role', new Aws\\Credentials\\Credentials({ends}));"
        "echo json_encode([$before, $kept->get('role') !== null]); $kept->remove('role'); }"
    )
    kept = tmp_path / "media-role"
    done = php("-d", "display_errors=stderr", "-r", LIBRARY + code, IMAGE / "bin/role.php", kept)
    assert json.loads(done.stdout) == [None, found], done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("php")
@pytest.mark.parametrize("content", ["", "x", 'O:8:"stdClass":0:{}'])
def test_what_is_no_credentials_is_not_taken_for_some(tmp_path: Path, content: str) -> None:
    (tmp_path / "media-role").write_text(content)
    code = "namespace { require $argv[1]; echo json_encode((new KeptRole($argv[2]))->get('')); }"
    done = php("-r", LIBRARY + code, IMAGE / "bin/role.php", tmp_path / "media-role")
    assert done.stdout == "null"


NAMES = ["catalog/p/i/pict.jpg", "wysiwyg/Füße & Schuhe.jpg", f"wysiwyg/{'long/' * 30}name.png"]


@pytest.mark.needs("php")
def test_what_is_copied_from_a_bucket_is_an_archive_for_everybody(tmp_path: Path) -> None:
    code = (
        "require $argv[1]; foreach (array_slice($argv, 2) as $i => $name) {"
        "$text = str_repeat('x', 511 + $i); echo tar_begin(\"./$name\", strlen($text), 1000000000),"
        "$text, tar_padding(strlen($text)); } echo tar_end();"
    )
    (tmp_path / "media.tar").write_text(php("-r", code, IMAGE / "bin/tar.php", *NAMES).stdout)
    subprocess.run(["tar", "-C", tmp_path, "-xf", tmp_path / "media.tar"], check=True)
    sizes = [(tmp_path / name).stat().st_size for name in NAMES]
    assert sizes == [511, 512, 513]


@pytest.mark.needs("php")
@pytest.mark.parametrize("cut", [0, 1500], ids=["whole", "cut off"])
def test_what_was_copied_from_a_volume_is_read_for_a_bucket(tmp_path: Path, cut: int) -> None:
    for size, name in enumerate([*NAMES, "empty"]):
        (tmp_path / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "media" / name).write_text("x" * size * 512)
    archive = tmp_path / "media.tar"
    subprocess.run(["tar", "-C", tmp_path / "media", "-cf", archive, "."], check=True)
    if cut:
        archive.write_bytes(archive.read_bytes()[:cut])
    code = (
        "require $argv[1]; $found = []; foreach (tar_files(fopen($argv[2], 'r')) as $name => $text)"
        "{ $found[$name] = strlen($text); } echo json_encode($found);"
    )
    done = php("-d", "display_errors=stderr", "-r", code, IMAGE / "bin/tar.php", archive)
    if cut:
        assert "ends in the middle" in done.stderr
    else:
        assert json.loads(done.stdout) == {
            name: size * 512 for size, name in enumerate([*NAMES, "empty"])
        }


def test_magentos_own_logs_stay_small_and_its_reports_go(tmp_path: Path) -> None:
    common = (IMAGE / "bin" / "common.sh").read_text()
    (function,) = re.findall(r"^keep_logs_small\(\) \{.*?^\}$", common, re.MULTILINE | re.DOTALL)
    logs, reports = tmp_path / "var/log", tmp_path / "var/report"
    logs.mkdir(parents=True)
    reports.mkdir()
    large, small, report = logs / "system.log", logs / "cron.log", reports / "ab12"
    small.write_text("short\n")
    large.write_bytes(b"old\n" * 4 * 2**20 + b"old\n" + b"newest\n")
    report.write_text("{}")
    fresh = reports / "cd34"
    fresh.write_text("{}")
    os.utime(report, (0, 0))
    with large.open("ab") as writer:
        script = f"set -euo pipefail\n{function}\nkeep_logs_small"
        subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
        # Whoever had it open writes on where it begins now.
        writer.write(b"after\n")
    assert large.read_bytes() == b"after\n"
    kept = (logs / "system.log.1").read_bytes()
    assert len(kept) == 4 * 2**20
    assert kept.endswith(b"newest\n")
    assert small.read_text() == "short\n"
    assert [path.name for path in reports.iterdir()] == ["cd34"]


@pytest.mark.needs("php")
def test_php_trusts_an_authority_of_the_operators(tmp_path: Path) -> None:
    common = (IMAGE / "bin" / "common.sh").read_text()
    (function,) = re.findall(r"^trust_authorities\(\) \{.*?^\}$", common, re.MULTILINE | re.DOTALL)
    file, pem = certificate(tmp_path)
    trust = tmp_path / "trust.pem"
    trust.write_text(pem)
    with encrypted(file) as port:
        asking = f"exit((int) !@stream_socket_client('tls://127.0.0.1:{port}'));"
        for given, expected in ((trust, 0), (tmp_path / "none", 1)):
            script = f"set -euo pipefail\n{function}\ntrust_authorities '{given}'\nphp -r \"$0\""
            done = subprocess.run(["bash", "-c", script, asking], cwd=tmp_path, check=False)
            assert done.returncode == expected
