"""The English wording that holds where no version of a template is in force: section to text, for each kind."""

from notices.codes import NoticeKind
from notices.rules.wording import ground_words

_LATER_GROUND = (
    "The Trust gives you this notice under section 7 of its Alternative Provision Policy and follows the Education "
    "(Educational Provision for Improving Behaviour) Regulations 2010 (SI 2010/1156), as amended."
)
_COMMON = {
    "ground_heading": "The ground of this notice",
    "help": (
        "If anything in this letter is unclear, or you need it in another language or in large print, please telephone "
        "the school on {{ school_phone }} and ask for me."
    ),
    "closing": "Yours sincerely",
}
_WHAT_FOLLOWS = (
    "It says why we have decided this, what we want {{ student }} to gain from it, and when and where to attend."
)
_FULL_TEXTS = {
    "why_heading": "Why we have decided this",
    "aims_heading": "What the placement is for",
    "measure": "We will measure success by this aim:",
    "when_heading": "When and where",
    "attendance_heading": "Attendance",
    "attendance": (
        "{{ student }} must attend every session shown above on school days. If {{ student }} is ill or cannot attend, "
        "please telephone the school on {{ school_phone }} before the first session of that day. Absence from the "
        "placement is treated in the same way as absence from school."
    ),
    "reviews_heading": "Reviews, and your right to ask for one",
    "reviews": (
        "We will hold the first review on or before {{ first_review }}, and will review the placement at least once "
        "every term. We will invite you and {{ student }} to each review and ask for your views."
    ),
}


def built_in(kind: str, *, direction: bool) -> dict[str, str]:
    """The English wording that holds where no version of a template is in force: section to text."""
    match NoticeKind(kind):
        case NoticeKind.INITIAL:
            return _initial(direction)
        case NoticeKind.EXTENSION:
            return _extension(direction)
        case NoticeKind.VARIATION:
            return _variation(direction)
        case NoticeKind.END:
            return _end(direction)
        case NoticeKind.WITHDRAWAL:
            return _withdrawal(direction)


def _initial(direction: bool) -> dict[str, str]:
    if direction:
        subject = "Direction to attend education off site"
        opening = (
            "I am writing to tell you that {{ student }} is required to attend {{ provider }} from {{ first }} to "
            "{{ last }}. This letter is the formal notice of that direction. "
        )
    else:
        subject = "Placement in alternative provision"
        opening = (
            "I am writing to confirm that {{ student }} will be taught at {{ provider }} from {{ first }} to "
            "{{ last }}. This letter is the formal notice of the placement. "
        )
    return {
        **_COMMON,
        **_FULL_TEXTS,
        "subject": subject,
        "opening": opening + _WHAT_FOLLOWS,
        "ground": ground_words(direction=direction),
    }


def _extension(direction: bool) -> dict[str, str]:
    what = "the direction to attend education off site" if direction else "a placement in alternative provision"
    opening = (
        "I am writing to tell you that {{ student }}’s time at {{ provider }} is being extended, from {{ first }} to "
        "{{ last }}. This letter is the formal notice of the extension. "
    )
    return {
        **_COMMON,
        **_FULL_TEXTS,
        "subject": f"Extension of {what}",
        "opening": opening + _WHAT_FOLLOWS,
        "ground": ground_words(direction=direction),
    }


def _variation(direction: bool) -> dict[str, str]:
    what = "the direction to attend education off site" if direction else "a placement in alternative provision"
    return {
        **_COMMON,
        **_FULL_TEXTS,
        "subject": f"Change to {what}",
        "opening": (
            "I am writing to tell you that something about {{ student }}’s time at {{ provider }} changes from "
            "{{ effective }}. This letter is the formal notice of that change. It says what changes, and then "
            "everything as it will be from that day on, so that you need no other letter beside it."
        ),
        "changes_heading": "What changes",
        "why_heading": "Why {{ student }} attends {{ provider }}",
        "ground": ground_words(direction=direction),
    }


def _end(direction: bool) -> dict[str, str]:
    what = "the direction to attend education off site" if direction else "a placement in alternative provision"
    return {
        **_COMMON,
        "subject": f"End of {what}",
        "opening": (
            "I am writing to tell you that {{ student }}’s time at {{ provider }} comes to its end on {{ effective }}. "
            "This letter says what came of it, and when and where {{ student }} goes next."
        ),
        "outcome_heading": "What came of the placement",
        "when_heading": "When and where {{ student }} returns",
        "next_heading": "What happens next",
        "next": (
            "From the date of return on {{ student }} must attend every session there. If {{ student }} is ill or "
            "cannot attend, please telephone {{ school }} on {{ school_phone }} before the first session of that day."
        ),
        "ground": _LATER_GROUND if direction else ground_words(direction=False),
    }


def _withdrawal(direction: bool) -> dict[str, str]:
    what = "the direction to attend education off site" if direction else "a placement"
    notice = "" if direction else "the notice of "
    return {
        **_COMMON,
        "subject": f"Withdrawal of {notice}{{% if extension %}}the extension of {{% endif %}}{what}",
        "opening": (
            "I am writing to withdraw the notice that I gave you on {{ withdrawn_on }} about {% if extension %}the "
            "extension of {% endif %}{{ student }}’s time at {{ provider }} from {{ first }}. That notice no longer "
            "holds."
        ),
        "why_heading": "Why we have withdrawn it",
        "instead_heading": "What to do instead",
        "instead": (
            "{% if extension %}{{ student }}’s time at {{ provider }} is not extended from {{ first }} on: it ends "
            "before that day. From then on please send {{ student }} to {{ school }}, in every session."
            "{% else %}{{ student }} does not start at {{ provider }} on {{ first }}. Please send {{ student }} to "
            "{{ school }} as before, in every session.{% endif %} If you have questions, telephone the school on "
            "{{ school_phone }}."
        ),
        "ground": _LATER_GROUND if direction else ground_words(direction=False),
    }
