"""Reads the log for the names of events, properties and values that rules may ask for."""

from django.db import connection, transaction
from django.db.models import Max

from apps.touchpoints.models import Interaction, SeenEvent, SeenProperty, VocabularyCursor

CHUNK = 5000
MOST_EVENTS = 2000
MOST_PROPERTIES = 20_000
MOST_VALUES = 20

_EVENTS = """
    INSERT INTO touchpoints_seenevent AS seen (event, channel, last_at, count)
    SELECT event, channel, max(occurred_at), count(*) FROM touchpoints_interaction
    WHERE id > %(after)s AND id <= %(until)s GROUP BY event, channel ORDER BY event, channel
    ON CONFLICT (event, channel) DO UPDATE
    SET last_at = greatest(seen.last_at, EXCLUDED.last_at), count = seen.count + EXCLUDED.count
"""
# A value is kept when two customers had it, and never when it looks like an address or a number to call.
_PROPERTIES = """
    WITH said AS (
        SELECT i.event, i.customer_id, i.occurred_at, 'properties.' || p.key AS path,
               p.value, jsonb_typeof(p.value) AS kind
        FROM touchpoints_interaction i, jsonb_each(i.properties) p
        WHERE i.id > %(after)s AND i.id <= %(until)s AND jsonb_typeof(i.properties) = 'object'
              AND length(p.key) BETWEEN 1 AND 100),
    shared AS (
        SELECT event, path, value, row_number() OVER (PARTITION BY event, path ORDER BY count(*) DESC, value) AS place
        FROM said
        WHERE kind IN ('string', 'number', 'boolean') AND length(value::text) <= 100
              AND value::text !~ '@|[0-9][0-9 ()/+.-]{5,}[0-9]'
        GROUP BY event, path, value HAVING count(DISTINCT customer_id) > 1),
    found AS (
        SELECT s.event, s.path, max(s.occurred_at) AS last_at, jsonb_agg(DISTINCT s.kind) AS kinds,
               coalesce((SELECT jsonb_agg(h.value ORDER BY h.place) FROM shared h
                         WHERE h.event = s.event AND h.path = s.path AND h.place <= %(most)s), '[]') AS values
        FROM said s GROUP BY s.event, s.path)
    INSERT INTO touchpoints_seenproperty AS seen (event, path, kinds, values, last_at)
    SELECT event, path, kinds, values, last_at FROM found ORDER BY event, path
    ON CONFLICT (event, path) DO UPDATE
    SET last_at = greatest(seen.last_at, EXCLUDED.last_at),
        kinds = (SELECT jsonb_agg(DISTINCT kind) FROM jsonb_array_elements(seen.kinds || EXCLUDED.kinds) AS k (kind)),
        values = (SELECT coalesce(jsonb_agg(value ORDER BY place), '[]') FROM (
                      SELECT value, min(place) AS place
                      FROM jsonb_array_elements(seen.values || EXCLUDED.values) WITH ORDINALITY AS v (value, place)
                      GROUP BY value ORDER BY min(place) LIMIT %(most)s) kept)
"""


@transaction.atomic
def note_next() -> bool:
    """Reads one chunk of what is new; False when nothing was left. Read again, it says the same but for the counts."""
    cursor = VocabularyCursor.objects.select_for_update(of=("self",), no_key=True).filter(pk=1).first()
    cursor = cursor or VocabularyCursor.objects.get_or_create(pk=1)[0]
    new = Interaction.objects.filter(pk__gt=cursor.interaction_id).order_by("pk").values("pk")[:CHUNK]
    until = Interaction.objects.filter(pk__in=new).aggregate(last=Max("pk"))["last"]
    if until is None:
        return False
    note(after=cursor.interaction_id, until=until)
    VocabularyCursor.objects.filter(pk=1).update(interaction_id=until)
    return True


def note(*, after: int, until: int) -> None:
    """What interactions with these ids say."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, {"after": after, "until": until})
        cursor.execute(_PROPERTIES, {"after": after, "until": until, "most": MOST_VALUES})


def forget_oldest() -> None:
    """Whoever has a public key can send any name, so only the latest are kept."""
    for model, most in ((SeenEvent, MOST_EVENTS), (SeenProperty, MOST_PROPERTIES)):
        kept = model.objects.order_by("-last_at", "-pk").values_list("pk", flat=True)
        beyond = list(kept[most : most + CHUNK])
        model.objects.filter(pk__in=beyond).delete()
