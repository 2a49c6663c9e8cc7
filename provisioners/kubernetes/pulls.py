"""Why an image cannot be fetched, from the words of container runtimes and registries.

Pure; `podcauses` calls it. The words are those of containerd, CRI-O and the distribution API.
"""

import re
from typing import Final

from provisioners.kubernetes.causekinds import CauseKind

REASONS: Final = {
    "ErrImagePull",
    "ImagePullBackOff",
    "ImageInspectError",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "SignatureValidationFailed",
}
"""What a kubelet calls the state of a container that waits for its image."""
_WORDS: Final = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        (CauseKind.IMAGE_PLATFORM, r"no match for platform|no matching manifest for|no image found in (?:image index|manifest list) for architecture"),  # noqa: E501
        (CauseKind.DISK, r"no space left on device|disk quota exceeded"),
        (CauseKind.REGISTRY_BUSY, r"toomanyrequests|too many requests|rate limit"),
        (CauseKind.REGISTRY, r"x509:|tls: |http response to https client|\bdial tcp\b|no such host|server misbehaving|i/o timeout|connection re(?:fused|set)|no route to host|network is unreachable|handshake timeout|deadline exceeded|proxyconnect|unexpected eof|\b50[0234]\b (?:bad|service|gateway|internal)|registry is unavailable"),  # noqa: E501
        (CauseKind.IMAGE_DENIED, r"access denied|insufficient_scope|unauthorized|authentication required|authorization failed|no basic auth|access forbidden|requested access to the resource is denied|\b40[13]\b"),  # noqa: E501
        (CauseKind.IMAGE_MISSING, r"not found|manifest unknown|name unknown|name_unknown|does not exist|\b404\b|not present with pull policy"),  # noqa: E501
        (CauseKind.IMAGE_NAME, r"invalid reference format|couldn't parse image|invalidimagename"),
    )
)  # fmt: skip
_DIGEST: Final = re.compile(r"\b[a-z0-9]+:[0-9a-f]{32,}")


def pull_kind(reason: str, message: str, image: str) -> CauseKind:
    """What kind of trouble it is; `reason` is the container's, `message` the runtime's words."""
    if reason == "InvalidImageName":
        return CauseKind.IMAGE_NAME
    if reason == "ErrImageNeverPull":
        return CauseKind.IMAGE_MISSING
    if reason == "RegistryUnavailable":
        return CauseKind.REGISTRY
    # An image's own name, or a digest, must not be taken for the registry's answer.
    words = re.sub(
        r"\b[a-z0-9]+:[0-9a-f]{32,}", "", message.replace(image, "") if image else message
    )
    return next((kind for kind, found in _WORDS if found.search(words)), CauseKind.IMAGE)
