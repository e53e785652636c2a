"""Who must be called back after a call, from the kinds of lines in its timeline."""

import pytest

from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Outcome
from callcenter.intake.settling import judge_call


@pytest.mark.parametrize(
    ("kinds", "outcome", "task"),
    [
        ({"address_wanted", "served"}, Outcome.ROBOT, CallbackKind.PROMISE),
        ({"address_wanted", "served", "queued"}, Outcome.ABANDONED, CallbackKind.ABANDONED),
        ({"address_wanted", "served", "queued", "connected"}, Outcome.TALKED, None),
    ],
)
def test_a_ticket_by_keys_has_no_address_so_its_caller_is_talked_with(
    kinds: set[str], outcome: Outcome, task: CallbackKind | None
) -> None:
    verdict = judge_call(kinds, registered=True)
    assert (verdict.outcome, verdict.callback_kind) == (outcome, task)
    assert verdict.draft_drop_reason is None
