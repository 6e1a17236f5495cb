from django.db import transaction

from apps.staff.models import Department


def create(*, name: str, description: str = "") -> Department:
    return Department.objects.create(name=name, description=description)


def change(*, department: Department, name: str, description: str) -> None:
    department.name, department.description = name, description
    department.save(update_fields=["name", "description"])


@transaction.atomic
def delete(*, department: Department) -> None:
    """Its people stay, without a department."""
    department.delete()
