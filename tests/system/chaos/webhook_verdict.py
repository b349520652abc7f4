"""What came of the webhooks of a run: each end told to who asked, as it was, under one id."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.system.chaos.callbacks import Told


@dataclass(frozen=True, slots=True)
class WebhookFaults:
    """The tasks and batches of whose ends was told wrongly.

    Attributes:
        missing: of whose end no request was answered with a 2xx.
        wrong: told of in another state than it ended in, or without an end, under several ids, under that of
            another, or with a signature that is not ours.
    """

    missing: Sequence[str]
    wrong: Sequence[str]


def faults_of_webhooks(asked: Sequence[str], told: Sequence[Told], ends: Mapping[str, str]) -> WebhookFaults:
    """Compare.

    Args:
        asked: the tasks and batches with a callback.
        told: all requests that came; also of filings whose acceptance nobody was told of.
        ends: task or batch -> the state that it ended in.
    """
    by_subject: dict[str, list[Told]] = defaultdict(list)
    subjects_by_id: dict[str, set[str]] = defaultdict(set)
    for each in told:
        by_subject[each.subject].append(each)
        subjects_by_id[each.webhook_id].add(each.subject)
    return WebhookFaults(
        missing=[subject for subject in asked if not any(each.taken for each in by_subject.get(subject, ()))],
        wrong=[
            subject
            for subject, of_it in by_subject.items()
            if len({each.webhook_id for each in of_it}) > 1
            or any(
                not each.genuine or each.state != ends.get(subject) or len(subjects_by_id[each.webhook_id]) > 1
                for each in of_it
            )
        ],
    )


def repeated(told: Sequence[Told]) -> int:
    """Requests that told what a receiver had taken already: what the crash of a sender costs."""
    taken = [each.webhook_id for each in told if each.taken]
    return len(taken) - len(set(taken))
