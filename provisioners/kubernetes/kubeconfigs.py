"""Kubeconfigs as files, which is how helm wants them: for our eyes only, below one directory."""

import os
from pathlib import Path

import yaml

from provisioners.kubernetes.errors import ClusterConfigError

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def keep(directory: Path, name: str, text: str) -> Path:
    """Write a kubeconfig and return its path; an empty text is the account of our own pod.

    Raises ClusterConfigError when there is no such account.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{name}.yaml"
    part = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text or own_account())
    part.replace(path)
    return path


def own_account(account: Path = _ACCOUNT) -> str:
    """A kubeconfig of the pod's service account; its token's file is read again as it is renewed.

    Raises ClusterConfigError outside of a pod.
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{name}") for name in ("HOST", "PORT"))
    if not host or not port or not (account / "token").exists():
        raise ClusterConfigError("the control plane does not run in a cluster itself")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": str(account / "ca.crt")}
    return str(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "own", "cluster": cluster}],
                "users": [{"name": "own", "user": {"tokenFile": str(account / "token")}}],
                "contexts": [{"name": "own", "context": {"cluster": "own", "user": "own"}}],
                "current-context": "own",
            }
        )
    )
