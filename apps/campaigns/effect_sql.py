"""The questions behind the effect of a campaign. Each is one pass over the runs of the campaign in the window; the
number of answers depends on steps, ways, tones, channels and hours, not on customers."""

# Times of messages, counted. `p` has the zone of each customer, reckoned as for waits.
_COUNTED = """count(*), count(m.delivered_at), count(m.opened_at),
    count(*) FILTER (WHERE m.machine_opened_at IS NOT NULL AND m.opened_at IS NULL), count(m.clicked_at),
    count(m.replied_at), count(m.bounced_at), count(m.complained_at), count(m.unsubscribed_at),
    count(*) FILTER (WHERE e.goal_reached_at >= m.sent_at)"""

_RUNS = """SELECT e.id, e.customer_id, e.cause_at, e.is_held_out, e.goal_reached_at FROM campaigns_enrolment e
    WHERE e.campaign_id = %(campaign)s AND e.created_at >= %(since)s"""

ZONES = """
    SELECT DISTINCT u.time_zone, u.country FROM campaigns_enrolment e JOIN customers_customer u ON u.id = e.customer_id
    WHERE e.campaign_id = %(campaign)s AND e.created_at >= %(since)s
"""

_ZONED = """JOIN customers_customer u ON u.id = e.customer_id
    JOIN unnest(%(time_zones)s::text[], %(countries)s::text[], %(zones)s::text[]) AS p(time_zone, country, zone)
        ON p.time_zone = u.time_zone AND p.country = u.country"""

MESSAGES = f"""
    SELECT grouping(s.key, m.variant, m.channel, 1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int) AS of,
        s.key, m.variant, m.channel, 1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int AS hour, {_COUNTED}
    FROM ({_RUNS}) e JOIN campaigns_message m ON m.enrolment_id = e.id JOIN campaigns_campaignstep s ON s.id = m.step_id
    {_ZONED}
    WHERE m.state = 'sent' AND m.channel <> 'webhook'
    GROUP BY GROUPING SETS ((), (s.key), (m.variant), (m.channel),
        (1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int))
"""  # noqa: S608 - the parts are ours

REACHED = f"""
    SELECT e.is_held_out, count(DISTINCT e.customer_id),
        count(DISTINCT e.customer_id) FILTER (WHERE e.goal_reached_at IS NOT NULL)
    FROM ({_RUNS}) e GROUP BY e.is_held_out
"""  # noqa: S608 - the parts are ours

WAYS = f"""
    SELECT r.step_key, r.way, count(DISTINCT e.customer_id),
        count(DISTINCT e.customer_id) FILTER (WHERE e.goal_reached_at >= r.at)
    FROM ({_RUNS}) e JOIN campaigns_steprun r ON r.enrolment_id = e.id
    WHERE r.step_key = ANY(%(splits)s) AND r.way IS NOT NULL GROUP BY r.step_key, r.way
"""  # noqa: S608 - the parts are ours

MESSAGES_OF_WAYS = f"""
    SELECT r.step_key, r.way, {_COUNTED}
    FROM ({_RUNS}) e JOIN campaigns_steprun r ON r.enrolment_id = e.id
    JOIN campaigns_message m ON m.enrolment_id = e.id AND m.created_at >= r.at
    WHERE r.step_key = ANY(%(splits)s) AND r.way IS NOT NULL AND m.state = 'sent' AND m.channel <> 'webhook'
    GROUP BY r.step_key, r.way
"""  # noqa: S608 - the parts are ours

# A number, or a text that is one: the first of total, revenue and value. Each order counts once, for the last cause
# before it, though it may lie in the time of several runs.
_NUMBER = r"""CASE WHEN jsonb_typeof(i.properties -> '{0}') = 'number'
    OR (jsonb_typeof(i.properties -> '{0}') = 'string' AND i.properties ->> '{0}' ~ '^-?\d{{1,15}}(\.\d{{1,6}})?$')
    THEN (i.properties ->> '{0}')::numeric END"""
_ORDERS = f"""SELECT DISTINCT ON (i.id) i.id, i.occurred_at AS at, e.id AS run, e.customer_id, e.is_held_out,
        upper(COALESCE(NULLIF(left(i.properties ->> 'currency', 3), ''), %(currency)s)) AS currency,
        COALESCE({", ".join(_NUMBER.format(name) for name in ("total", "revenue", "value"))}) AS worth
    FROM ({_RUNS}) e JOIN touchpoints_interaction i ON i.customer_id = e.customer_id
        AND i.occurred_at > e.cause_at AND i.occurred_at <= e.cause_at + make_interval(days => %(days)s)
    WHERE i.event = ANY(%(events)s) AND i.by = 'customer' AND NOT EXISTS (
        SELECT FROM touchpoints_interaction back WHERE back.source_id = i.source_id AND i.origin = 'staff'
            AND back.message_id = 'retract:' || i.id)
    ORDER BY i.id, e.cause_at DESC, e.id DESC"""  # noqa: S608 - the parts are ours

# Of the last message before the order, so that each breakdown adds up to the same.
REVENUE = f"""
    SELECT grouping(s.key, m.variant, m.channel, 1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int) AS of,
        s.key, m.variant, m.channel, 1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int AS hour, e.currency,
        sum(e.worth)
    FROM ({_ORDERS}) e {_ZONED}
    LEFT JOIN LATERAL (SELECT * FROM campaigns_message m WHERE m.enrolment_id = e.run AND m.state = 'sent'
        AND m.channel <> 'webhook' AND m.sent_at <= e.at ORDER BY m.sent_at DESC, m.id DESC LIMIT 1) m ON true
    LEFT JOIN campaigns_campaignstep s ON s.id = m.step_id
    WHERE e.worth IS NOT NULL AND NOT e.is_held_out
    GROUP BY GROUPING SETS ((e.currency), (e.currency, s.key), (e.currency, m.variant), (e.currency, m.channel),
        (e.currency, 1 + extract(hour FROM m.sent_at AT TIME ZONE p.zone)::int))
"""  # noqa: S608 - the parts are ours

WORTH = f"""
    SELECT is_held_out, currency, sum(worth), sum(worth * worth) FROM (
        SELECT e.is_held_out, e.customer_id, e.currency, sum(e.worth) AS worth FROM ({_ORDERS}) e
        WHERE e.worth IS NOT NULL GROUP BY e.is_held_out, e.customer_id, e.currency) c
    GROUP BY is_held_out, currency
"""  # noqa: S608 - the parts are ours

WORTH_OF_WAYS = f"""
    SELECT step_key, way, currency, sum(worth), sum(worth * worth) FROM (
        SELECT r.step_key, r.way, e.customer_id, e.currency, sum(e.worth) AS worth FROM ({_ORDERS}) e
        JOIN campaigns_steprun r ON r.enrolment_id = e.run AND r.step_key = ANY(%(splits)s) AND r.way IS NOT NULL
            AND e.at >= r.at
        WHERE e.worth IS NOT NULL GROUP BY r.step_key, r.way, e.customer_id, e.currency) c
    GROUP BY step_key, way, currency
"""  # noqa: S608 - the parts are ours
