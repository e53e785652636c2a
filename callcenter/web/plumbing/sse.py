"""`/live`: the stream of server-sent events that tells an open page which of its parts to reload."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from callcenter.calls.views import one_call
from callcenter.core.errors import DatabaseUnavailable
from callcenter.web.plumbing.app_state import AnAppState, AppState
from callcenter.web.plumbing.current_user import CurrentUser, find_user
from callcenter.web.plumbing.live_updates import Subscription

router = APIRouter()

_COALESCE_SECONDS = 0.1
"""Seconds to wait for further notices after the first: one change of a call makes several, sent together."""
REST_SECONDS = 0.5
"""Minimum pause in seconds after each batch of events. Without it thirty simultaneous calls would make twenty open
boards reload all the time. A longer pause shows changes later. An alarm ends the pause."""
_CALL_THROTTLE_SECONDS = 0.25
"""The pause of a page that shows one call, in seconds. It is shorter so that words appear while they are being said,
and cheap because such a page reloads few parts."""
_PING_SECONDS = 15


@router.get("/live")
async def send_updates(
    request: Request,
    app_state: AnAppState,
    mark: Annotated[str, Query(max_length=20)] = "",
    call: Annotated[str, Query(max_length=80)] = "",
) -> EventSourceResponse:
    """Opens the event stream of one page.

    `mark` is `last_update_id` of `UpdateBroadcaster.subscribe`, `call` is its `call_id`. A call of another company is
    ignored.
    """
    return EventSourceResponse(
        _generate_events(request, app_state, mark, call), ping=_PING_SECONDS, headers={"X-Accel-Buffering": "no"}
    )


async def _generate_events(
    request: Request, app_state: AppState, mark: str, call: str
) -> AsyncIterator[ServerSentEvent]:
    # The browser's EventSource does not expose the HTTP status, so a refusal is sent as an event.
    with app_state.update_broadcaster.subscribe(last_update_id=mark, call_id=call) as subscription:
        try:
            user = await find_user(request, app_state)
            if user is not None and call and not await _may_follow(app_state, user, call):
                subscription.call_id = ""
        except DatabaseUnavailable:
            yield ServerSentEvent(event="lost", data="")
            return
        if user is None:
            yield ServerSentEvent(event="signed-out", data="")
            return
        yield ServerSentEvent(event="hello", data="")
        async for event in _drain_subscription(subscription):
            if app_state.clock.now() >= user.expires_at:
                yield ServerSentEvent(event="signed-out", data="")
                return
            yield event


async def _may_follow(app_state: AppState, user: CurrentUser, call_id: str) -> bool:
    """Returns whether the call belongs to the user's company: only its users may see the partial results."""
    async with app_state.database.begin() as session:
        return await one_call(session, user.company_id, call_id) is not None


async def _drain_subscription(subscription: Subscription) -> AsyncIterator[ServerSentEvent]:
    while True:
        for event, data in await subscription.collect_events(coalesce_seconds=_COALESCE_SECONDS):
            yield ServerSentEvent(event=event, data=data)
        await subscription.wait_for_alarm(_CALL_THROTTLE_SECONDS if subscription.call_id else REST_SECONDS)
