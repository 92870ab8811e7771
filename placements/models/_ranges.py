"""Ranges in constraints."""

from django.db.models import BigIntegerField, F, Func, Value


def same(column: str) -> Func:
    """``column`` as a range of one value: plain GiST excludes equal ids without a contrib extension."""
    return Func(F(column), F(column), Value("[]"), function="int8range", output_field=BigIntegerField())
