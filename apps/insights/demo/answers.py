"""What people do with the messages they get, and what the staff does with what they say."""

import heapq
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from apps.campaigns.actions import optouts
from apps.campaigns.enums import MessageState
from apps.campaigns.models import Message
from apps.feedback.actions import cases, invitations, responses
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Case, Invitation, Response
from apps.insights.demo import ann, sentences
from apps.insights.demo.company import CSAT
from apps.staff.models import User
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Interaction

ANSWERED, FOLLOWED, OPTED_OUT = 0.76, 0.34, 0.02
LEFT_OPEN = 3  # of so many bad answers one is not followed up
# Shares of good, middle and bad answers, of people with and without trouble before.
_MOODS = ["good", "middle", "bad"]
_AFTER_TROUBLE, _OTHERWISE = [46, 20, 34], [70, 18, 12]
_TROUBLE = ["Checkout Error", "Payment Failed", "Return Requested"]
_SCORES = {
    SurveyKind.NPS: {"good": [9, 9, 10], "middle": [7, 8, 8], "bad": [2, 3, 4, 5, 6, 6]},
    SurveyKind.CSAT: {"good": [4, 5, 5], "middle": [3], "bad": [1, 2, 2]},
    SurveyKind.CES: {"good": [5, 6, 7, 7], "middle": [4], "bad": [1, 2, 3, 3]},
}


class Answers:
    """Deeds that messages lead to, kept until their time has come."""

    def __init__(self, *, rng: random.Random, agent: User) -> None:
        self.rng = rng
        self.agent = agent
        self.bad = 0
        self._waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._numbers = count()
        self._comments: dict[tuple[str, str], list[str]] = {}

    def _plan(self, at: datetime, deed: Callable[[datetime], None]) -> None:
        heapq.heappush(self._waiting, (at, next(self._numbers), deed))

    def do_until(self, now: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            at, _number, deed = heapq.heappop(self._waiting)
            deed(at)

    def expect(self, *, sent_since: datetime) -> None:
        """Decides what becomes of the messages sent since then."""
        sent = Message.objects.filter(state=MessageState.SENT, sent_at__gte=sent_since)
        for message in sent.select_related("invitation__survey", "customer").order_by("sent_at", "pk"):
            self._expect(message, message.sent_at or sent_since)

    def _expect(self, message: Message, sent_at: datetime) -> None:
        rng, luck = self.rng, self.rng.random()
        at = sent_at + timedelta(minutes=20) + timedelta(hours=rng.lognormvariate(1.8, 1.1))
        invitation = message.invitation
        if message.address == ann.EMAIL:
            if invitation is not None and invitation.survey is not None and invitation.survey.name == CSAT:
                answers_at = sent_at + ann.ANSWERS_AFTER
                self._plan(answers_at, lambda at: self._take(invitation, ann.SCORE, ann.COMMENT, at))
        elif luck < OPTED_OUT:
            is_all = rng.random() < 0.3
            self._plan(at, lambda at: optouts.opt_out(message=message, everything=is_all, now=at))
        elif invitation is not None and invitation.survey is not None and luck < ANSWERED:
            self._plan(at, lambda at: self._answer(invitation, at))
        elif invitation is not None and invitation.survey is None and luck < FOLLOWED:
            self._plan(at, lambda at: self._follow(invitation, at))

    def _follow(self, invitation: Invitation, at: datetime) -> None:
        site = self.rng.choice(list(invitation.sites.order_by("name")))
        invitations.follow_review_link(invitation=invitation, site=site, now=at)

    def _answer(self, invitation: Invitation, at: datetime) -> None:
        assert invitation.survey is not None  # noqa: S101 - planned for surveys only
        kind = SurveyKind(invitation.survey.kind)
        had_trouble = Interaction.objects.filter(customer_id=invitation.customer_id, event__in=_TROUBLE).exists()
        mood = self.rng.choices(_MOODS, _AFTER_TROUBLE if had_trouble else _OTHERWISE)[0]
        self._take(invitation, self.rng.choice(_SCORES[kind][mood]), self._comment(kind, mood), at)

    def _comment(self, kind: SurveyKind, mood: str) -> str:
        """None is said again before all have been said."""
        left = self._comments.setdefault((kind, mood), [])
        if not left:
            left += self.rng.sample(sentences.COMMENTS[kind][mood], len(sentences.COMMENTS[kind][mood]))
        return left.pop()

    def _take(self, invitation: Invitation, score: int, comment: str, at: datetime) -> None:
        response = responses.answer(invitation=invitation, score=score, comment=comment, now=at)
        if response.is_bad and comment != ann.COMMENT:  # hers is being worked on
            self._follow_up(response, at)

    def _follow_up(self, response: Response, at: datetime) -> None:
        self.bad += 1
        if self.bad % LEFT_OPEN == 0:
            return  # stays open, and late when its time is over
        case = Case.objects.get(response=response)
        closed_at = at + timedelta(hours=self.rng.uniform(3, 60))
        self._plan(closed_at, lambda at: self._close(case, response.kind, at))

    def _close(self, case: Case, kind: str, at: datetime) -> None:
        root_cause, action_taken = self.rng.choice(sentences.CLOSINGS[kind])
        log.enter(
            customer=case.customer,
            event="Call",
            by=By.COMPANY,
            channel=Channel.PHONE,
            at=at - timedelta(minutes=11),
            now=at - timedelta(minutes=4),
            note=f"Called back about the answer. {action_taken}",
            user=self.agent,
        )
        cases.close(case=case, root_cause=root_cause, action_taken=action_taken, by=self.agent, now=at)
