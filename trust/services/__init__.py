"""The doors of ``trust``: whoever changes a record of it passes through one of these."""

from trust.services.access import log_access, log_list_access
from trust.services.files import file_bytes, keep_upload, store_file
from trust.services.flags import (
    DueFlag,
    clear_flags,
    clear_leftovers,
    raise_flag,
    raise_flags,
    record_heartbeat,
)
from trust.services.integrity import check_version, require, saving
from trust.services.mail import (
    NewMail,
    mark_unknown,
    queue_mail,
    queue_mails,
    send_mails,
    settle_unknown,
    tell_once,
)
from trust.services.postcodes import load_postcodes
from trust.services.schools import (
    add_school,
    add_year,
    copy_terms,
    load_terms,
    record_non_school_day,
    remove_non_school_day,
)
from trust.services.settings import approve_setting, drop_setting, propose_setting
from trust.services.staff import (
    NewAccount,
    add_staff,
    choose_digest,
    deactivate_staff,
    end_role,
    found_trust,
    give_role,
    name_acting_head,
    record_policy_of_2019,
)
from trust.services.students import add_contact, add_student, change_contact, change_student

__all__ = [
    "DueFlag",
    "NewAccount",
    "NewMail",
    "add_contact",
    "add_school",
    "add_staff",
    "add_student",
    "add_year",
    "approve_setting",
    "change_contact",
    "change_student",
    "check_version",
    "choose_digest",
    "clear_flags",
    "clear_leftovers",
    "copy_terms",
    "deactivate_staff",
    "drop_setting",
    "end_role",
    "file_bytes",
    "found_trust",
    "give_role",
    "keep_upload",
    "load_postcodes",
    "load_terms",
    "log_access",
    "log_list_access",
    "mark_unknown",
    "name_acting_head",
    "propose_setting",
    "queue_mail",
    "queue_mails",
    "raise_flag",
    "raise_flags",
    "record_heartbeat",
    "record_non_school_day",
    "record_policy_of_2019",
    "remove_non_school_day",
    "require",
    "saving",
    "send_mails",
    "settle_unknown",
    "store_file",
    "tell_once",
]
