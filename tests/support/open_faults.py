"""Cases that do not hold yet on the re-drawn screen, each an open fault: what mends one takes it out here.

They are run where effort is thorough, and told as expected failures, so that they stay in view.
"""

from __future__ import annotations

from typing import Final

OPEN_FAULTS: Final = frozenset(
    (
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[conv_3x3-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[conv_stride-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[lstm-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[nan_from_log_zero-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[nan_from_sqrt_zero-size0]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[nan_from_sqrt_zero-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[small_convnet-size0]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[small_convnet-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[softmax_classifier-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[softmax_overflow-size1]",
        "tests/tui/panels/test_panels.py::test_what_the_author_says_is_not_cut_off[transformer_block-size1]",
    )
)
"""By the name of the case."""
