"""The API of what admins keep, and of what staff log by hand."""

from tests.hostile.paths import DESCRIBED, NAMED, Path, api_path, of_row

OFFICE: list[Path] = [
    api_path("patch", "api_staff_detail", {"name": 200}),
    api_path("patch", "api_department_detail", NAMED, may_be_empty=DESCRIBED),
    api_path(
        "post",
        "api_invite_list",
        {"name": 200},
        body=lambda _g, v: {"email": "somebody@staff.example", "role": "Agent", **v},
        reads=of_row("staff.Invite", "name"),
        may_be_empty=frozenset({"name"}),
    ),
    api_path(
        "post",
        "api_source_list",
        {"name": 100},
        body=lambda _g, v: {"kind": "server", **v},
        reads=of_row("touchpoints.Source", "name"),
    ),
    api_path(
        "post",
        "api_customer_interactions",
        {"event": 200, "note": 2000},
        body=lambda _g, v: {"channel": "phone", **v},
        reads=lambda g, r: {
            "event": g.row("touchpoints.Interaction", pk=r.json()["id"]).event,
            "note": g.row("touchpoints.Interaction", pk=r.json()["id"]).properties["note"],
        },
        may_be_empty=frozenset({"note"}),
    ),
]
