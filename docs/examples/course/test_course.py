import numpy as np

from backprop_engine.testing.assertions import assert_gradients


def test_the_last_step_of_the_chain(backprop_screen, snapshot):
    assert backprop_screen("scenarios/chain.yaml", at=7, size=(80, 24)).text == snapshot


def softplus(x):
    return np.log1p(np.exp(x))


def softplus_backward(g, x):
    return g / (1 + np.exp(-x))


def test_a_rule_of_ones_own():
    assert_gradients(softplus, softplus_backward, [np.array([-1.0, 0.5, 2.0])])
