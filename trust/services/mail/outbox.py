"""Into the outbox: an e-mail is a row that its caller's transaction keeps or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from trust.codes import MailKind
from trust.models import Flag, Mail, StoredFile, User


@dataclass(frozen=True)
class NewMail:
    """One e-mail without files, for ``queue_mails``; the fields are those of ``queue_mail``."""

    key: str
    kind: MailKind
    to: str
    subject: str
    body: str
    school_id: int | None = None


def queue_mail(
    *,
    key: str,
    kind: str,
    to: str,
    subject: str,
    body: str,
    school_id: int | None = None,
    attachments: Sequence[StoredFile] = (),
    now: datetime,
) -> Mail:
    """Put one e-mail into the outbox, in the caller's transaction: it goes out only if that one is kept.

    ``key`` says what it is for; asking again with the same key gives the e-mail that is there, as it is. Subject and
    body name no student: only an attachment may.
    """
    mail, made = Mail.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "to": to,
            "subject": _one_line(subject),
            "body": body,
            "school_id": school_id,
            "created_at": now,
            "next_try_at": now,
        },
    )
    if made and attachments:
        mail.attachments.set(attachments)
    return mail


def queue_mails(*, mails: Sequence[NewMail], now: datetime) -> None:
    """``queue_mail`` for many e-mails without files, in one statement; keys that are there stay as they are."""
    Mail.objects.bulk_create(
        [
            Mail(
                key=mail.key,
                kind=mail.kind,
                to=mail.to,
                subject=_one_line(mail.subject),
                body=mail.body,
                school_id=mail.school_id,
                created_at=now,
                next_try_at=now,
            )
            for mail in sorted(mails, key=lambda mail: mail.key)
        ],
        ignore_conflicts=True,
    )


def _one_line(subject: str) -> str:
    return " ".join(subject.split())[:120]


def tell_once(*, whom: Mapping[int, Collection[User]], words: Callable[[Flag], tuple[str, str]], now: datetime) -> int:
    """Queue an e-mail to each person about each open flag, never twice the same; how many are new.

    ``whom`` is flag id to people; ``words`` gives subject and sentence of a flag, without any student's detail. The
    flag keeps whom it told and when, in the same transaction as the e-mail. The number of queries does not grow.
    """
    if not any(_untold(flag, whom[flag.pk]) for flag in Flag.objects.open().filter(pk__in=whom)):
        return 0
    mails: dict[str, NewMail] = {}
    notes: list[tuple[Flag, User, str]] = []
    for flag in Flag.objects.open().filter(pk__in=whom).select_for_update().order_by("pk"):
        subject, sentence = words(flag)
        for user in _untold(flag, whom[flag.pk]):
            mail = _urgent(flag, user, subject, sentence)
            mails[mail.key] = mail
            notes.append((flag, user, mail.key))
    # A flag that cleared and opened again has forgotten whom it told; the outbox has not.
    before = dict(Mail.objects.filter(key__in=mails).values_list("key", "created_at"))
    new = [mail for key, mail in mails.items() if key not in before]
    queue_mails(mails=new, now=now)
    for flag, user, key in notes:
        flag.told = [*flag.told, {"user": user.pk, "at": before.get(key, now).astimezone(now.tzinfo).isoformat()}]
    changed = {flag.pk: flag for flag, _, _ in notes}
    Flag.objects.bulk_update(changed.values(), ["told"], batch_size=500)
    return len(new)


def _urgent(flag: Flag, user: User, subject: str, sentence: str) -> NewMail:
    return NewMail(
        key=f"urgent:{flag.kind}:{flag.subject}:{flag.period}:{user.pk}",
        kind=MailKind.URGENT,
        to=user.email,
        subject=subject,
        body=f"{user},\n\n{sentence}\n\n{settings.SITE_URL}{flag.path}\n\nAfter the log-in the link leads to it.\n",
        school_id=flag.school_id,
    )


def _untold(flag: Flag, people: Collection[User]) -> list[User]:
    told = {one["user"] for one in flag.told}
    return sorted((user for user in people if user.pk not in told), key=lambda user: user.pk)
