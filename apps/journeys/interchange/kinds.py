"""The kind of a stage of which only the name is known."""

from apps.journeys.enums import StageKind

# Beginnings of words, the more telling first.
_SIGNS = {
    StageKind.LAPSED: ("lapse", "churn"),
    StageKind.RETENTION: ("retention", "retain", "renew", "support", "service", "post-purchase", "after sale"),
    StageKind.LOYALTY: ("loyal", "again", "repeat", "member"),
    StageKind.ADVOCACY: ("advoca", "recommend", "refer", "review", "promot", "share"),
    StageKind.ONBOARDING: ("onboard", "set up", "set-up", "setup", "install", "implement", "deliver", "welcome"),
    StageKind.PROBLEM: ("problem", "need", "inspiration", "trigger"),
    StageKind.AWARENESS: ("aware", "attract", "attention"),
    StageKind.DISCOVERY: ("discover", "research", "search", "explor", "find", "browse"),
    StageKind.CONSIDERATION: ("consider", "evaluat", "compar", "shortlist", "demo", "trial", "interest", "desire"),
    StageKind.PURCHASE: ("purchas", "buy", "checkout", "check out", "order", "pay", "contract", "decision", "conver"),
    StageKind.USE: ("use", "using", "usage", "adopt", "result"),
}  # fmt: skip


def guess(name: str, *, is_first: bool, may_lapse: bool) -> StageKind:
    """By a word of the name; else use, a first stage awareness."""
    words = f" {name.lower().replace('/', ' ')}"
    for kind, signs in _SIGNS.items():
        if any(f" {sign}" in words for sign in signs) and (may_lapse or kind is not StageKind.LAPSED):
            return kind
    return StageKind.AWARENESS if is_first else StageKind.USE
