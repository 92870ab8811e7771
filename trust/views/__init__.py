"""Pages about schools, students and staff."""

from trust.views.account import DigestChoose
from trust.views.schools import (
    ActingHeadName,
    NonSchoolDayRecord,
    NonSchoolDayRemove,
    SchoolAdd,
    SchoolCopyTerms,
    SchoolDetail,
    SchoolList,
    SchoolTerms,
    YearAdd,
)
from trust.views.settings import SettingApprove, SettingDrop, SettingList, SettingPropose
from trust.views.staff import RoleEnd, RoleGive, StaffAdd, StaffDeactivate, StaffDetail, StaffList
from trust.views.students import ContactAdd, ContactEdit, OfStudent, StudentAdd, StudentEdit, StudentList

__all__ = [
    "ActingHeadName",
    "ContactAdd",
    "ContactEdit",
    "DigestChoose",
    "NonSchoolDayRecord",
    "NonSchoolDayRemove",
    "OfStudent",
    "RoleEnd",
    "RoleGive",
    "SchoolAdd",
    "SchoolCopyTerms",
    "SchoolDetail",
    "SchoolList",
    "SchoolTerms",
    "SettingApprove",
    "SettingDrop",
    "SettingList",
    "SettingPropose",
    "StaffAdd",
    "StaffDeactivate",
    "StaffDetail",
    "StaffList",
    "StudentAdd",
    "StudentEdit",
    "StudentList",
    "YearAdd",
]
