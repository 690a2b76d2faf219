"""Fresh parameters: their bounds, and that they depend on the seed alone."""

import numpy as np
from builders.graphs import spec

from hwsearch.network.params import initial_params


def test_fresh_parameters():
    shape = spec("8c3-fc30", norm=True)
    params = initial_params(shape, 0)
    for connection, weight in zip(shape.connections, params.weights, strict=True):
        bound = 1 / np.sqrt(np.prod(connection.weight_shape[1:]))
        assert weight.shape == connection.weight_shape
        assert 0.8 * bound < np.abs(weight).max() <= bound
    assert [row.tolist() for row in params.norms[0]] == [[1.0] * 8, [0.0] * 8, [0.0] * 8, [1.0] * 8]
    assert not params.biases[0].any()  # its normalisation has a shift
    assert params.norms[-1] is None
    assert params.biases[-1].any()
    assert np.array_equal(initial_params(shape, 0).weights[1], params.weights[1])
    assert not np.array_equal(initial_params(shape, 1).weights[1], params.weights[1])


def test_connections_into_one_population_share_its_fan_in():
    # 36 inputs and 20 neurons that come back: 1 / sqrt(56)
    params = initial_params(spec("r20"), 0)
    largest = [np.abs(weight).max() for weight in params.weights]
    assert all(0.9 / np.sqrt(56) < value <= 1 / np.sqrt(56) for value in largest[:2])


def test_a_residual_identity_starts_at_one():
    shape = spec("4c3-res(4c3)")
    params = initial_params(shape, 0)
    (place,) = (i for i, connection in enumerate(shape.connections) if not connection.prunable)
    assert params.weights[place].shape == (4, 1, 1, 1)
    assert (params.weights[place] == 1).all()
