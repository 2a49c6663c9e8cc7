"""Carriers of many countries: each has a name of its own and a page that takes a number."""

from urllib.parse import urlsplit

import pytest

from controller.domain import carriers
from controller.domain.errors.orders import UnknownCarrierError
from controller.domain.orders import TrackingCarrier, new_track


def test_every_carrier_has_a_name_of_its_own_and_a_page() -> None:
    found = carriers.known()
    assert len(found) >= 40
    assert len({item.title.casefold() for item in found.values()}) == len(found)
    assert not {*found} & {*TrackingCarrier}
    for item in found.values():
        page = urlsplit(item.page("AB 12/3"))
        assert (page.scheme, bool(page.hostname)) == ("https", True)
        assert "AB12%2F3" in page.geturl()
        assert "{" not in page.geturl()


@pytest.mark.parametrize("code", sorted(carriers.known()))
def test_a_parcel_is_followed_by_code_and_by_name(code: str) -> None:
    known = carriers.known()[code]
    for said in (code, known.title, known.title.upper()):
        track = new_track(said, "123456789012")
        assert (track.carrier, track.title) == (TrackingCarrier.CUSTOM, known.title)
        assert track.url == known.page("123456789012")


def test_a_stranger_is_no_carrier_and_a_custom_one_has_no_page() -> None:
    with pytest.raises(UnknownCarrierError):
        new_track("pigeon", "1")
    assert new_track("custom", "1", "My Van").url is None
    assert new_track("UPS", "１Z９９９AA10123456784").number == "1Z999AA10123456784"
