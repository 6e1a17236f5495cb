from apps.touchpoints.actions import ingest
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Source, make_write_key


class WrongKind(ValueError):
    pass


def create(*, name: str, kind: SourceKind) -> Source:
    """The source of that name, made when it does not exist. Raises WrongKind when it exists with another kind."""
    source, _made = Source.objects.get_or_create(name=name, defaults={"kind": kind})
    if source.kind != kind:
        raise WrongKind(f'The source "{name}" exists and is of kind {source.kind}. Choose another name.')
    return source


def named(names: set[str]) -> dict[str, Source]:
    """The sources of these names, whatever their kind; those that are missing are made, for imports."""
    found = {source.name: source for source in Source.objects.filter(name__in=names)}
    for name in sorted(names - found.keys()):
        found[name] = create(name=name, kind=SourceKind.IMPORT)
    return found


def renew_key(*, source: Source) -> None:
    """The old key is refused from now on (within seconds in other processes)."""
    source.write_key = make_write_key()
    source.save(update_fields=["write_key"])
    ingest.forget_cached()
