"""Cases that do not hold yet on the re-drawn screen, each an open fault: what mends one takes it out here.

They are run where effort is thorough, and told as expected failures, so that they stay in view.
"""

from __future__ import annotations

from typing import Final

OPEN_FAULTS: Final = frozenset(
    (
        "tests/engine/scenario/test_format.py::test_what_is_valid_loads_and_comes_back",
        "tests/tui/panels/test_graph_density.py::test_names_stand_above_dots_where_nothing_else_is[dot_product]",
        "tests/tui/panels/test_graph_density.py::test_names_stand_above_dots_where_nothing_else_is[staged_quotient]",
        "tests/tui/panels/test_graph_density.py::test_names_stand_above_dots_where_nothing_else_is[update_too_early]",
        "tests/tui/panels/test_panels.py::test_the_footer_follows_what_one_does[120-chosen-named5-left_out5]",
        "tests/tui/panels/test_panels.py::test_the_footer_follows_what_one_does[80-chosen-named5-left_out5]",
        "tests/tui/panels/test_panels.py::test_the_table_shows_what_is_known[linear_regression]",
        "tests/tui/panels/test_panels.py::test_the_table_shows_what_is_known[weight_decay]",
        "tests/tui/panels/test_panels.py::test_the_table_shows_what_is_known[wrong_learning_rate]",
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
        "tests/tui/panels/test_plots.py::test_no_plot_overflows[hello_rnn]",
        "tests/tui/panels/test_step_marks.py::test_the_number_in_reverse_is_the_one_that_changed[gru]",
        "tests/tui/panels/test_step_marks.py::test_the_number_in_reverse_is_the_one_that_changed[hello_rnn]",
        "tests/tui/panels/test_step_marks.py::test_the_number_in_reverse_is_the_one_that_changed[relu_three_ways]",
        "tests/tui/panels/test_step_panel.py::test_a_local_gradient_of_ones_is_said_and_not_painted[iris_mlp]",
        "tests/tui/panels/test_step_panel.py::test_of_ones_it_is_said_in_any_room[leaky_relu_rescue-en]",
        "tests/tui/panels/test_step_panel.py::test_of_ones_it_is_said_in_any_room[xor-en]",
        "tests/tui/screens/test_app.py::test_the_panels_of_a_roomy_screen_fill_it_whichever_stands_in_front[size2]",
        "tests/tui/screens/test_commands.py::test_by_its_key[previous_panel]",
        "tests/tui/screens/test_commands.py::test_from_the_palette[previous_panel]",
        "tests/tui/screens/test_commands.py::test_typed_at_the_prompt[previous_panel]",
        "tests/tui/screens/test_slices.py::test_at_the_prompt_too",
        "tests/tui/screens/test_slices.py::test_keys_meanwhile",
        "tests/tui/test_snapshots.py::test_the_gallery_shows_every_way[xor]",
        "tests/tui/screens/test_stage.py::test_for_a_note_no_number_on_the_stage_becomes_a_picture[6]",
        "tests/tui/screens/test_terminal.py::test_stepping_to_the_end_and_quitting",
    )
)
"""By the name of the case."""
