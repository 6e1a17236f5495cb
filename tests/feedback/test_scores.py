"""Scores against shared/data/survey_scores."""

import csv

import pytest
from django.conf import settings

from apps.feedback import selectors

FOLDER = settings.SHARED_DATA / "survey_scores"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason=f"no survey_scores in SHARED_DATA ({settings.SHARED_DATA})")


def rows(name: str) -> list[dict]:
    return list(csv.DictReader((FOLDER / name).read_text().splitlines()))


def test_nps():
    wanted = rows("nps_ci.csv")
    assert wanted
    for row in wanted:
        found = selectors.nps(
            promoters=int(row["promoters"]), passives=int(row["passives"]), detractors=int(row["detractors"])
        )
        assert found.score == pytest.approx(float(row["nps"]), abs=0.01)
        assert found.low == pytest.approx(max(-100, float(row["adj_lo"])), abs=0.001)
        assert found.high == pytest.approx(min(100, float(row["adj_hi"])), abs=0.001)


def test_csat():
    wanted = rows("csat_wilson.csv")
    assert wanted
    for row in wanted:
        found = selectors.share(kind="csat", good=int(row["top2box"]), n=int(row["n"]))
        assert found.low == pytest.approx(float(row["wilson_lo"]), abs=0.001)
        assert found.high == pytest.approx(float(row["wilson_hi"]), abs=0.001)
