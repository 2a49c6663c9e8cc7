"""How many web servers follow from what somebody wants."""

import pytest

from controller.domain.errors.stacks import InvalidScaleError, UnknownPlanError
from controller.domain.plans import PLAN_SCALES, Plan, Scale, Wanted, plan_of

FIXED, ELASTIC = Scale(min=1, max=1), Scale(min=2, max=4)


@pytest.mark.parametrize(
    ("known", "wanted", "expected"),
    [
        pytest.param(ELASTIC, Wanted(max=8), Scale(min=2, max=8), id="more-at-most"),
        pytest.param(ELASTIC, Wanted(min=3), Scale(min=3, max=4), id="more-at-least"),
        pytest.param(ELASTIC, Wanted(min=6), Scale(min=6, max=6), id="the-most-follows"),
        pytest.param(ELASTIC, Wanted(now=3), Scale(min=3, max=3), id="fixed-from-now-on"),
        pytest.param(ELASTIC, Wanted(now=1), Scale(min=1, max=1), id="fixed-below-them"),
        pytest.param(ELASTIC, Wanted(min=2, now=3), ELASTIC, id="at-once-within-them"),
        pytest.param(FIXED, Wanted(now=3), Scale(min=3, max=3), id="a-fixed-number-is-another"),
        pytest.param(FIXED, Wanted(max=3, now=2), Scale(min=1, max=3), id="from-now-on-elastic"),
    ],
)
def test_a_scale_follows_from_what_is_wanted(known: Scale, wanted: Wanted, expected: Scale) -> None:
    assert wanted.over(known) == expected


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Wanted(min=0), id="none"),
        pytest.param(Wanted(min=5, max=3), id="crossed"),
        pytest.param(Wanted(max=4, now=9), id="now-above"),
        pytest.param(Wanted(min=2, now=1), id="now-below"),
        pytest.param(Wanted(now=51), id="now-too-many"),
        pytest.param(Wanted(max=1000), id="too-many"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(wanted: Wanted) -> None:
    with pytest.raises(InvalidScaleError):
        wanted.over(ELASTIC)


def test_every_plan_has_a_scale_and_a_name() -> None:
    assert set(PLAN_SCALES) == set(Plan)
    assert [plan_of(plan.value) for plan in Plan] == list(Plan)
    with pytest.raises(UnknownPlanError) as told:
        plan_of("huge")
    assert told.value.params == {"plan": "huge", "plans": "starter, growth, scale"}
