"""SUV factors of computed and real headers."""

from __future__ import annotations

import json

from spinemets.maps import suv
from studies.maps.rows import Row, all_of, reference

RELATIVE = 1e-6
FIELDS = {"suv_bw_per_unit": "bw", "suv_lbm_janma_per_unit": "lbm_janma", "suv_bsa_cm2_per_ml_per_unit": "bsa"}
# Its scan start cannot be found by our definition; its owners fall back on the earliest acquisition.
REFUSED_ON_PURPOSE = "CPS_AND_BQML_AC_DT_-_S_DT"


def headers() -> list[Row]:
    """Every factor to 1e-6, every refusal by its element."""
    data = json.loads((reference() / "suv" / "suv_vectors.json").read_text(encoding="utf-8"))
    computed = right = 0
    for vector in data["must_compute"]:
        found = suv.factors(vector["header"])
        for key, name in FIELDS.items():
            truth, value = vector["expected"][key], None if isinstance(found, suv.Refused) else getattr(found, name)
            computed += 1
            if truth is None or value is None or isinstance(value, suv.Refused):
                right += truth is None and isinstance(value, suv.Refused)
            else:
                right += abs(value / truth - 1.0) <= RELATIVE
    refusals = [suv.factors(vector["header"]) for vector in data["must_refuse"]]
    refused = sum(isinstance(found, suv.Refused) and bool(found.tags) for found in refusals)
    real = json.loads((reference() / "suv" / "real_headers.json").read_text(encoding="utf-8"))
    agree = 0
    for row in real:
        found = suv.factors(row["header"])
        if isinstance(found, suv.Refused):
            agree += row["id"] == REFUSED_ON_PURPOSE
        else:
            agree += not isinstance(found.bw, suv.Refused) and abs(found.bw / row["owners_suv_bw"] - 1.0) <= RELATIVE
    return [
        all_of("factors of computed headers to 1e-6 (or refused where they cannot be given)", right, computed),
        all_of("headers that must be refused, by the element", refused, len(refusals)),
        all_of("real headers: the owners' factor, or refused on purpose (one)", agree, len(real)),
    ]
