"""What the section ``data`` of a study says of any data: how they are split and made whole numbers.

Not for where the data come from (`data_section`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.study.encode_section import DIRECT, EncodeKey
from hwsearch.study.laws import Count, Fraction, InputBits, Seed, law
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import broken


class Parts(Section):
    """How samples become a training, a validation and a test part of whole numbers, wherever they come from.

    Attributes:
        root: Folder that paths of data files start from; None: that of the study. Of a shipped set, the folder of data
            sets; None: from ``--data-root`` or ``HWSEARCH_DATA``.
        train_size: Training samples, validation included; None: all.
        validation: Share for validation: of all samples, or, where a test set is official, of the
            training samples.
        test: Share of all samples for the test; ignored where the set has an official test set.
        split_seed: Seed of the splits.
        input_bits: Bits that inputs are requantised to; None: as they come, and 8 for measured values.
        split: ``official``: the test part is that of the data. ``stratified``: parts are drawn, classes in proportion;
            groups, and windows that overlap, stay whole. ``time``: the last samples are the test, those before them
            validation. None: official where the data have parts, else stratified.
        equal_samples: Whether equal samples stay ``together`` in one part, or are ``spread`` as if they were different
            (for inputs of so few values that equal ones are no repeats).
        encode: How inputs become what a network reads.
    """

    root: Annotated[str, law("a path may not be empty", str.strip)] | None = None
    train_size: Count | None = None
    validation: Fraction = 0.2
    test: Fraction = Field(default=0.2, validate_default=True)
    split_seed: Seed = 0
    input_bits: InputBits | None = None
    split: Literal["official", "stratified", "time"] | None = None
    equal_samples: Literal["together", "spread"] = "together"
    encode: EncodeKey = DIRECT

    @check("test")
    @classmethod
    def _leave_something_to_train_on(cls, value: float, info: ValidationInfo) -> float:
        validation = info.data.get("validation", 0.0)
        if validation + value >= 1:
            law = "validation and test together must leave something to train on (a sum below 1)"
            raise broken(law, f"{validation} + {value}", "lower one of them")
        return value
