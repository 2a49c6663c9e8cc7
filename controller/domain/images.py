"""References to container images: REPOSITORY:TAG, REPOSITORY@DIGEST, or both together.

The grammar is that of the OCI's distribution. A reference without tag and digest would mean
`latest`, which is another image every day: it is refused.
"""

import re
from dataclasses import dataclass
from typing import Final

from controller.domain.errors.stacks import InvalidImageError

_LONGEST: Final = 255
"""Characters of a repository."""
_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]{{1,5}})?"
REPOSITORY: Final = rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*"
_TAG: Final = r"\w[\w.-]{0,127}"
_DIGEST: Final = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_REFERENCE: Final = re.compile(
    rf"(?P<repository>{REPOSITORY})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image by tag, by digest, or by both, of which the digest decides."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """The whole reference."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def version(self) -> str:
        """What people call it: its tag, else the beginning of its digest."""
        return self.tag or self.digest[:19]


def parse_image(text: str) -> Image:
    """Read a reference; raises InvalidImageError."""
    found = _REFERENCE.fullmatch(text)
    if found is None or not (found["tag"] or found["digest"]) or len(found[1]) > _LONGEST:
        raise InvalidImageError(image=text[:300])
    return Image(
        repository=found["repository"], tag=found["tag"] or "", digest=found["digest"] or ""
    )
