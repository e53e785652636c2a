"""A deadline that does not wait for what it gave up."""

import asyncio

import pytest

from callcenter.conducting.deadline import run_within


async def test_the_result_comes_through() -> None:
    async def work() -> int:
        return 7

    assert await run_within(1, work()) == 7


async def test_the_exception_comes_through() -> None:
    async def work() -> None:
        raise KeyError("category")

    with pytest.raises(KeyError):
        await run_within(1, work())


async def test_work_that_ignores_its_cancellation_is_not_waited_for() -> None:
    let_go = asyncio.Event()

    async def work() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run_within(0.1, work()), 30)
    assert not let_go.is_set()
    let_go.set()
    await asyncio.sleep(0)


async def test_whoever_waits_can_be_cancelled_and_takes_the_work_along() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    waiting = asyncio.create_task(run_within(60, work()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(10):
        await ended.wait()
