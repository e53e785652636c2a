"""Applies the robot's notes to the record of a call, one effect per kind of note."""

from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.calls.models import EventSource, Speaker
from callcenter.calls.service import lock_call, mark_danger, record_event
from callcenter.calls.transcripts import add_utterance
from callcenter.core.event_kinds import EventKind
from callcenter.intake.admission import admit, ensure_call
from callcenter.intake.log_events import apply_connection
from callcenter.intake.registration import ROBOT, register_for_call
from callcenter.intake.settling import reopen_outcome
from callcenter.journal.notes import TRANSCRIPT, Note
from callcenter.knowledge.categories import Categories
from callcenter.meters.models import MeterKind
from callcenter.meters.service import take_reading
from callcenter.questions.service import keep_question
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.service import note_address


@dataclass(frozen=True, slots=True)
class NoteApplier:
    """Used as `apply_notes(directory, database, NoteApplier(categories, zone).apply)`."""

    categories: Categories
    zone: tzinfo

    async def apply(self, session: AsyncSession, note: Note) -> None:
        """Adds the note to the call's timeline and applies its effects. Idempotent."""
        if note.kind == EventKind.ARRIVED:
            await admit(
                session,
                note.call_id,
                at=note.at,
                dialled=str(note.facts.get("dialled") or ""),
                caller_shown=str(note.facts.get("caller_shown") or note.facts.get("caller_number") or ""),
                source=EventSource.ROBOT,
            )
            return
        await ensure_call(session, note.call_id, at=note.at)
        if note.kind == TRANSCRIPT:
            await self._add_utterance(session, note)
            return
        if note.kind == EventKind.CONNECTED:
            await apply_connection(
                session,
                note.call_id,
                at=note.at,
                leg=str(note.facts["channel"]),
                member=str(note.facts["member"]),
                source=EventSource.CENTRE,
            )
            return
        new = await record_event(
            session,
            note.call_id,
            at=note.at,
            source=EventSource.ROBOT,
            kind=note.kind,
            key=f"note:{note.id}",
            facts=note.facts,
        )
        if not new:
            return
        if note.kind == EventKind.DANGER:
            await self._mark_danger(session, note)
        elif note.kind == EventKind.TICKET_WANTED:
            await self._register_ticket(session, note)
        elif note.kind == EventKind.ADDRESS:
            await note_address(session, call_id=note.call_id, address=str(note.facts["address"]))
        elif note.kind == EventKind.READING:
            await self._take_reading(session, note)
        elif note.kind == EventKind.UNANSWERED:
            await self._keep_question(session, note)
        await reopen_outcome(session, note.call_id, kind=note.kind)

    async def _add_utterance(self, session: AsyncSession, note: Note) -> None:
        """Adds a row to the transcript; the timeline gets no line."""
        await add_utterance(
            session,
            note.id,
            call_id=note.call_id,
            speaker=Speaker(note.facts["speaker"]),
            at=note.at,
            text=str(note.facts.get("text") or ""),
            words=note.facts.get("words") or (),
            fault=note.facts.get("fault"),
        )

    async def _mark_danger(self, session: AsyncSession, note: Note) -> None:
        code, heard = (str(note.facts.get(name) or "") for name in ("category", "heard"))
        call = await lock_call(session, note.call_id)
        if heard and call.danger:  # repeated in the queue or to a dispatcher: the alarm exists
            return
        if call.danger and call.danger != code:  # one alarm per call: the newest danger replaces it
            await clear_alarm(session, kind=AlarmKind.DANGER, subject=note.call_id, now=note.at)
        await mark_danger(session, call, category=code)
        category = self.categories.get(code)
        await raise_alarm(
            session,
            company_id=call.company_id,
            kind=AlarmKind.DANGER,
            subject=note.call_id,
            message=f"Опасность: {category.name if category else code or heard}."
            + (f" Звонящий сказал это, когда робот уже не слушал: «{heard}»." if heard else ""),
            now=note.at,
            facts={"category": code},
        )

    async def _register_ticket(self, session: AsyncSession, note: Note) -> None:
        """Registers the ticket that the robot could not register while the database was away.

        The note's time counts as the time of registration: the caller reported the trouble then. If the category no
        longer exists, the draft is left to the dispatcher.
        """
        category = self.categories.get(str(note.facts.get("category") or ""))
        if category is None:
            return
        new_ticket = NewTicket(
            call_id=note.call_id,
            category=category.code,
            reported_at=note.at,
            contact_phone=note.facts.get("contact"),
            description=str(note.facts.get("description") or ""),
            address=str(note.facts.get("address") or ""),
            is_additional=bool(note.facts.get("more")),
        )
        await register_for_call(session, new_ticket, category, zone=self.zone, by=ROBOT)

    async def _take_reading(self, session: AsyncSession, note: Note) -> None:
        await take_reading(
            session,
            account=str(note.facts["account"]),
            kind=MeterKind(note.facts["meter"]),
            value=int(note.facts["value"]),
            call_id=note.call_id,
            now=note.at,
        )

    async def _keep_question(self, session: AsyncSession, note: Note) -> None:
        await keep_question(
            session,
            note.id,
            call_id=note.call_id,
            asked_at=note.at,
            text=str(note.facts.get("text") or ""),
            article=note.facts.get("article"),
        )
