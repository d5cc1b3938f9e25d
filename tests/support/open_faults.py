"""Cases that do not hold yet on the re-drawn screen, each an open fault: what mends one takes it out here.

They are run where effort is thorough, and told as expected failures, so that they stay in view.
"""

from __future__ import annotations

from typing import Final

OPEN_FAULTS: Final = frozenset(
    (
        "tests/engine/scenario/test_format.py::test_what_is_valid_loads_and_comes_back",
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
        "tests/tui/screens/test_app.py::test_the_panels_of_a_roomy_screen_fill_it_whichever_stands_in_front[size2]",
        "tests/tui/screens/test_commands.py::test_by_its_key[previous_panel]",
        "tests/tui/screens/test_commands.py::test_from_the_palette[previous_panel]",
        "tests/tui/screens/test_commands.py::test_typed_at_the_prompt[previous_panel]",
        "tests/tui/screens/test_slices.py::test_at_the_prompt_too",
        "tests/tui/screens/test_slices.py::test_keys_meanwhile",
        "tests/tui/test_snapshots.py::test_the_gallery_shows_every_way[xor]",
        "tests/tui/screens/test_terminal.py::test_stepping_to_the_end_and_quitting",
    )
)
"""By the name of the case."""
