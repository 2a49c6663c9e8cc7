"""Which form an answer may have (Accept), and which form a body has (Content-Type)."""

from email.message import Message

from starlette.datastructures import Headers

from controller.domain.errors.requests import NotAcceptableError, UnsupportedMediaError

JSON = "application/json"


def check_accepted(headers: Headers, media_type: str) -> None:
    """Raise NotAcceptableError when Accept leaves no room for an answer of this type."""
    said = ",".join(headers.getlist("accept"))
    if said and not accepts(said, media_type):
        raise NotAcceptableError(offered=media_type)


def accepts(said: str, media_type: str) -> bool:
    """Whether an Accept header takes a type: the most exact range decides (RFC 9110, 12.5.1)."""
    wanted = media_type.partition(";")[0].strip().lower()
    kind = wanted.partition("/")[0]
    # Problems are JSON too; whoever asks for them alone gets them.
    exactness = {wanted: 3, f"{kind}/*": 2, "*/*": 1}
    if wanted == JSON:
        exactness["application/problem+json"] = 3
    best, taken = 0, False
    for part in said.split(","):
        name, *parameters = (item.strip().lower() for item in part.split(";"))
        found = exactness.get(name, 0)
        if found > best:
            best, taken = found, _quality(parameters) > 0
    return taken


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0


def check_json(headers: Headers) -> None:
    """Raise UnsupportedMediaError unless the body says that it is JSON in UTF-8."""
    message = Message()
    message["Content-Type"] = headers.get("content-type", "text/plain")
    subtype = message.get_content_subtype()
    is_json = message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )
    charset = str(message.get_param("charset", "utf-8")).lower()
    if not is_json or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaError(sent=headers.get("content-type", "–")[:80], wanted=JSON)
