"""Schools, staff, students and the people who care for them."""

from datetime import date, timedelta
from itertools import cycle

from invictus_ap.codes import DEMO_PEOPLE
from invictus_ap.services.demo import words
from invictus_ap.services.demo.calendars import terms_of
from invictus_ap.services.demo.world import World
from trust.calendar import academic_year_of
from trust.codes import NonSchoolDayKind, Relationship, SenStatus, Sex
from trust.models import Contact, Membership, School, Student, User
from trust.permissions import Role
from trust.queries import calendars_of
from trust.rules import upn_check_letter
from trust.services import (
    add_contact,
    add_school,
    add_student,
    add_year,
    copy_terms,
    load_terms,
    record_non_school_day,
    record_policy_of_2019,
)

STUDENTS_PER_SCHOOL = 13
# The school of those demo people who belong to one.
HOME = 1
TITLES = {
    Role.HEAD: "Headteacher",
    Role.SLT: "Pastoral SLT",
    Role.DSL: "DSL",
    Role.ATT: "Attendance",
    Role.TEAM: "Pastoral team",
}


def make_people(world: World) -> None:
    """Schools with three years of calendar, staff for every role, about ninety students with contacts."""
    _trust_staff(world)
    _years_and_schools(world)
    _school_staff(world)
    for school in world.schools:
        _students(world, school)
    _special_cases(world)
    record_policy_of_2019()


def _account(world: World, email: str, name: str, role: Role, school: School | None, **extra: bool) -> User:
    """An account as the trust's first set-up leaves it: people hold their roles long before the demo's history begins,

    so nobody gave them inside it and no service is walked. Without a password: in the demo one logs in by a click.
    """
    user: User = User.objects.create_user(email, name)
    Membership.objects.create(
        user=user, role=role, school=school, from_day=world.today - timedelta(days=4 * 365), **extra
    )
    return user


def _trust_staff(world: World) -> None:
    trust = {person.role: person for person in DEMO_PEOPLE}
    for role in (Role.LEAD, Role.CEO, Role.FIN, Role.TRU):
        world.trust_staff[role] = _account(world, trust[role].email, trust[role].name, role, None)
    officer = _account(world, "attendance.officer@demo.example", "Clement Rudge", Role.ATT, None)
    world.trust_staff[Role.ATT] = officer


def _years_and_schools(world: World) -> None:
    running = academic_year_of(world.today)
    starts = [running.first.year + offset for offset in (-1, 0, 1)]
    long_ago = world.at(date(starts[0], 9, 1), 8)
    for start in starts:
        year = add_year(start=start, by=world.lead, now=long_ago)
        world.years[year.label] = year
    for number, (name, short, street, town) in enumerate(words.SCHOOLS):
        data = {
            "name": name,
            "short_name": short,
            "urn": f"9100{number + 1:02d}",
            "address": f"{street}\n{town}",
            "postcode": f"ZZ{number + 1} 1AA",
            "phone": f"01632 9601{number:02d}",
            "am_start": "08:50",
            "am_end": "12:10",
            "pm_start": "13:00",
            "pm_end": "15:10",
        }
        world.schools.append(add_school(data=data, by=world.lead, now=long_ago))
    first, *others = world.schools
    for start, year in zip(starts, world.years.values(), strict=True):
        terms = terms_of(start)
        load_terms(school_id=first.pk, academic_year_id=year.pk, terms=terms, by=world.lead, now=long_ago)
        for term in terms[:2]:
            record_non_school_day(
                school_id=first.pk,
                day=term["first_day"],  # type: ignore[arg-type]
                kind=NonSchoolDayKind.INSET,
                note="Training day",
                by=world.lead,
                now=long_ago,
            )
        for school in others:
            copy_terms(
                from_school_id=first.pk, to_school_id=school.pk, academic_year_id=year.pk, by=world.lead, now=long_ago
            )
    world.schools = list(School.objects.order_by("pk"))
    world.calendars = calendars_of([school.pk for school in world.schools])


def _school_staff(world: World) -> None:
    demo = {person.role: person for person in DEMO_PEOPLE}
    names = cycle(f"{first} {family}" for first, family in zip(words.GROWN_UP * 4, words.FAMILY, strict=False))
    for number, school in enumerate(world.schools):
        for role, title in TITLES.items():
            name = next(names)
            email = f"{title.lower().replace(' ', '.')}.{number + 1}@demo.example"
            if number == HOME:
                name, email = demo[role].name, demo[role].email
            world.staff[school.pk, role] = _account(world, email, name, role, school, designated=role == Role.SLT)


def _students(world: World, school: School) -> None:
    rng = world.rng
    number = world.schools.index(school)
    by = world.person(school, Role.SLT)
    joined = world.at(date(academic_year_of(world.today).first.year - 1, 9, 1), 8, 30)
    world.students[school.pk] = []
    for place in range(STUDENTS_PER_SCHOOL):
        nc_year = rng.choice((8, 9, 9, 10, 10, 10, 11, 11))
        academic_year_of(world.today).first.year - nc_year - 5
        rest = f"999{number + 1:02d}{place + 1:07d}"
        family = words.FAMILY[(number * STUDENTS_PER_SCHOOL + place * 7) % len(words.FAMILY)]
        student = add_student(
            data={
                "school": school,
                "upn": upn_check_letter(rest) + rest,
                "family_name": family,
                "first_name": words.FIRST[(number * 11 + place * 5) % len(words.FIRST)],
                "born_on": date(
                    academic_year_of(world.today).first.year - nc_year - 5, rng.randint(1, 8), rng.randint(1, 28)
                ),
                "sex": rng.choice((Sex.FEMALE, Sex.MALE)),
                "nc_year": nc_year,
                "free_school_meals": rng.random() < 0.4,
                "pupil_premium": rng.random() < 0.45,
                "sen_status": SenStatus.SUPPORT if rng.random() < 0.35 else SenStatus.NONE,
                "ethnicity": rng.choice(words.ETHNICITIES),
                "senco": world.person(school, Role.TEAM).full_name,
                "interests": ", ".join(rng.sample(words.INTERESTS, 2)),
            },
            by=by,
            now=joined,
        )
        world.students[school.pk].append(student)
        _parents(world, student, by)


def _parents(world: World, student: Student, by: User) -> None:
    rng = world.rng
    joined = world.at(date(academic_year_of(world.today).first.year - 1, 9, 1), 8, 40)
    address = f"{rng.randint(2, 88)} {rng.choice(words.STREETS)}\n{student.school.short_name}"
    both = rng.random() < 0.45
    for relationship in (Relationship.MOTHER, Relationship.FATHER)[: 2 if both else 1]:
        first = rng.choice(words.GROWN_UP)
        add_contact(
            student_id=student.pk,
            contact={
                "title": "Ms" if relationship == Relationship.MOTHER else "Mr",
                "first_name": first,
                "family_name": student.family_name,
                "address": address,
                "postcode": f"ZZ{rng.randint(1, 9)} {rng.randint(1, 9)}BB",
                "email": f"{first.lower()}.{student.family_name.lower()}.{student.pk}@family.example",
                "phone": f"07700 900{rng.randint(100, 999)}",
            },
            link={
                "relationship": relationship,
                "parental_responsibility": True,
                "has_care": True,
                "email_consent": rng.random() < 0.7,
            },
            by=by,
            now=joined,
        )


def _special_cases(world: World) -> None:
    """Siblings with one mother, a looked-after student, EHC plans, a contact who must not be written to."""
    joined = world.at(date(academic_year_of(world.today).first.year - 1, 9, 1), 9)
    first, second = world.schools[0], world.schools[1]
    elder, younger = world.students[second.pk][0], world.students[second.pk][1]
    mother = Contact.objects.filter(links__student=elder).order_by("pk")[0]
    younger.contact_links.all().delete()
    Student.objects.filter(pk=younger.pk).update(
        family_name=elder.family_name,
        sort_name=f"{elder.sort_name.split(',')[0]},{younger.sort_name.split(',')[1]}",
    )
    younger.refresh_from_db()
    add_contact(
        student_id=younger.pk,
        contact={"id": mother.pk},
        link={
            "relationship": Relationship.MOTHER,
            "parental_responsibility": True,
            "has_care": True,
            "email_consent": True,
        },
        by=world.person(second, Role.SLT),
        now=joined,
    )
    add_contact(
        student_id=elder.pk,
        contact={"title": "Mr", "first_name": "Lorcan", "family_name": "Dallow", "phone": "07700 900111"},
        link={
            "relationship": Relationship.FATHER,
            "parental_responsibility": True,
            "letters_restricted": True,
            "restriction_reason": "Court order; ask the DSL before any contact.",
        },
        by=world.person(second, Role.SLT),
        now=joined,
    )
    looked_after = world.students[first.pk][2]
    Student.objects.filter(pk=looked_after.pk).update(
        looked_after=True, virtual_school="Virtual School of Zedshire", social_worker="Ottoline Frayne"
    )
    for school in world.schools[:4]:
        with_plan = world.students[school.pk][3]
        Student.objects.filter(pk=with_plan.pk).update(
            sen_status=SenStatus.EHC_PLAN, ehc_authority="Zedshire Council", ehc_email="send@zedshire.example"
        )
    for school in world.schools:
        world.students[school.pk] = list(Student.objects.filter(school=school).order_by("pk"))
