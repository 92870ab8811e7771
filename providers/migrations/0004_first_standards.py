"""The first version of the quality standards, in the trust's own words.

The four parts follow the standards for unregistered alternative provision; the sentences are ours and stand in until
the published text is loaded on the page 'Quality standards'.
"""

from datetime import UTC, date, datetime

from django.db import migrations

LABEL = "Trust wording 2025"
SOURCE = "The trust's own wording of the four parts, to be replaced by the published text."
STANDARDS = (
    ("1", "1.1", "A trained safeguarding lead is named, and every adult knows who it is and how to reach the school's DSL on the same day."),
    ("1", "1.2", "Staff and volunteers are checked before they meet students, and a record of each check is kept up to date."),
    ("1", "1.3", "A written safeguarding policy is in use and fits that of the schools that send students."),
    ("1", "1.4", "Staff are trained in safeguarding when they begin and again every year."),
    ("1", "1.5", "Absence and leaving without permission are reported to the school on the same session."),
    ("2", "2.1", "The premises are safe, clean and suited to the age and number of students."),
    ("2", "2.2", "Fire safety, first aid and emergency arrangements are in place, practised and recorded."),
    ("2", "2.3", "Activities with tools, vehicles, animals or water have a written risk assessment that staff follow."),
    ("2", "2.4", "Public and employer's liability insurance is in date and covers what students do."),
    ("2", "2.5", "Accidents and near misses are recorded and told to the school on the same day."),
    ("3", "3.1", "Nobody is admitted without written information from the school about needs, risks and medical matters."),
    ("3", "3.2", "Each student has a plan with aims, timetable, support and the length of the placement."),
    ("3", "3.3", "Each student has a named adult, and behaviour is managed by a written code that students and parents know."),
    ("3", "3.4", "Needs that are known, EHC plans included, are met as agreed with the school."),
    ("3", "3.5", "Students get impartial guidance on what comes next, and the school hears of progress before each review."),
    ("4", "4.1", "Teaching is planned from what the student knows already and is given by people who know their subject."),
    ("4", "4.2", "Maths and English are taught, or it is agreed who teaches them and when."),
    ("4", "4.3", "Programmes lead to recognised qualifications or to a clear next step."),
    ("4", "4.4", "Progress is assessed, recorded and told to the school in words and figures it can use."),
    ("4", "4.5", "Leaders visit lessons, listen to students and put right what does not work."),
)


def load(apps, schema_editor):
    version = apps.get_model("providers", "StandardsVersion").objects.create(
        label=LABEL, source=SOURCE, in_force_from=date(2025, 9, 1), loaded_at=datetime.now(UTC)
    )
    standard = apps.get_model("providers", "QualityStandard")
    standard.objects.bulk_create(
        standard(standards_version=version, part=part, code=code, text=text, position=position)
        for position, (part, code, text) in enumerate(STANDARDS, 1)
    )


def unload(apps, schema_editor):
    versions = apps.get_model("providers", "StandardsVersion").objects.filter(label=LABEL)
    apps.get_model("providers", "QualityStandard").objects.filter(standards_version__in=versions).delete()
    versions.delete()


class Migration(migrations.Migration):
    dependencies = [("providers", "0003_carry_over")]

    operations = [migrations.RunPython(load, unload)]
