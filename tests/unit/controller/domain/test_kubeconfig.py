"""Only a kubeconfig that holds everything itself, and wants nothing to be run, is kept."""

from typing import Any

import pytest
import yaml

from controller.domain.errors.clusters import InvalidKubeconfigError
from controller.domain.kubeconfig import checked, flattened, selected


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "one",
            "clusters": [{"name": "c", "cluster": {"server": "https://one", **(cluster or {})}}],
            "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
            "contexts": [
                {"name": "one", "context": {"cluster": "c", "user": "u"}},
                {"name": "two", "context": {"cluster": "c", "user": "gone"}},
            ],
        }
    )


def test_files_are_put_into_it() -> None:
    text = kubeconfig(
        {"certificate-authority": "/ca.crt"},
        {"client-certificate": "/me.crt", "client-key": "/me.key", "tokenFile": "/token"},
    )
    flat = flattened(text, None, lambda path: f"content of {path}\n".encode())
    found, server = checked(flat)
    assert server == "https://one"
    document = yaml.safe_load(found)
    assert document["users"][0]["user"]["token"] == "content of /token"
    assert "content of /ca.crt" not in found
    assert set(document["clusters"][0]["cluster"]) == {"server", "certificate-authority-data"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("", "no kubeconfig", id="empty"),
        pytest.param("{", "Line 2", id="not-yaml"),
        pytest.param("kind: Pod", "no kubeconfig", id="another-thing"),
        pytest.param("a" * 100_001, "too long", id="too-long"),
        pytest.param(kubeconfig({"certificate-authority": "/ca"}), "names a file", id="a-file"),
        pytest.param(kubeconfig(user={"tokenFile": "/t"}), "names a file", id="a-tokens-file"),
        pytest.param(
            kubeconfig(user={"exec": {"command": "sh"}}), "program to be run", id="a-program"
        ),
        pytest.param(
            kubeconfig(user={"auth-provider": {"name": "gcp"}}),
            "program to be run",
            id="a-provider",
        ),
        pytest.param(kubeconfig({"server": "file:///etc"}), "no address", id="no-server"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, word: str) -> None:
    with pytest.raises(InvalidKubeconfigError, match=word):
        checked(text)


def test_a_context_is_chosen_by_its_name() -> None:
    assert selected(kubeconfig(), "one")["users"][0]["user"] == {"token": "t"}
    with pytest.raises(InvalidKubeconfigError, match="no user “gone”"):
        selected(kubeconfig(), "two")
    with pytest.raises(InvalidKubeconfigError, match="no context “three”"):
        selected(kubeconfig(), "three")
