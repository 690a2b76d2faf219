"""Networks in snnTorch, Norse and SpikingJelly: built alike, run by their own loops, written by their own exports.

A case is a list of layers; each framework builds it with its own modules and its own habits (Norse and SpikingJelly
multiply a current by 1 - decay, so their weights are larger by that). Importing this module imports the frameworks.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import nir
import numpy as np
import torch
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # each of them warns of what torch deprecates
    import norse.torch as norse
    import snntorch
    from norse.torch.functional.reset import reset_subtract, reset_value
    from norse.torch.utils.export_nir import to_nir
    from snntorch import utils as snn_utils
    from snntorch.export_nir import export_to_nir as snntorch_to_nir
    from snntorch.import_nir import import_from_nir as snntorch_from_nir  # noqa: F401 for `nir_readers`
    from spikingjelly.activation_based import functional, layer, neuron, nir_exchange

from hwsearch.network.nir.importer import NirOptions

FRAMEWORKS = ("snntorch", "norse", "spikingjelly")


class Fc(NamedTuple):
    """Fully connected weights."""

    inputs: int
    outputs: int
    bias: bool = True


class Conv(NamedTuple):
    """Filters with padding kernel // 2."""

    inputs: int
    outputs: int
    kernel: tuple[int, int] = (3, 3)
    stride: int = 1
    groups: int = 1


class Conv1d(NamedTuple):
    """Filters of one dimension."""

    inputs: int
    outputs: int
    kernel: int = 3


class Neurons(NamedTuple):
    """A population."""

    shape: tuple[int, ...]


class Recurrent(NamedTuple):
    """A population that feeds itself through a matrix."""

    neurons: int


class Readout(NamedTuple):
    """A leaky integrator that does not fire."""

    classes: int


class Pool(NamedTuple):
    """The mean of windows."""

    window: tuple[int, int]


class Flatten(NamedTuple):
    """All axes become one."""


@dataclass(frozen=True)
class Case:
    """A network to build.

    Attributes:
        layers: In order; ``residual`` adds what the first population fires to the current of the second.
        shape: Of a frame.
        leak: a, what a membrane loses in a timestep; 0: an integrate-and-fire neuron.
        reset: ``zero``, ``subtract`` or ``subtract_next``.
        threshold: Of all neurons.
    """

    layers: tuple[Any, ...]
    shape: tuple[int, ...]
    leak: float = 0.5
    reset: str = "zero"
    threshold: float = 1.0
    residual: bool = False


@dataclass(frozen=True)
class Built:
    """A network in its framework.

    Attributes:
        run: From frames [T, N, ...] to outputs [T, N, classes].
        written: Returns the NIR graph that the framework writes.
        options: What a reader must be told besides.
    """

    run: Callable[[np.ndarray], np.ndarray]
    written: Callable[[], nir.NIRGraph]
    options: NirOptions = field(default_factory=NirOptions)


def build(framework: str, case: Case, seed: int = 0) -> Built:
    """Return a case's network in a framework; its weights are drawn so that about a third of the neurons fire.

    Raises:
        NotImplementedError: The framework has no such layer.
    """
    torch.manual_seed(seed)
    maker = {"snntorch": _Snntorch, "norse": _Norse, "spikingjelly": _SpikingJelly}[framework]
    return maker(case).built()


def frames(case: Case, n: int, timesteps: int, seed: int = 0) -> np.ndarray:
    """Return inputs [T, N, ...]: multiples of 1/16, another frame each timestep."""
    drawn = np.random.default_rng(seed).integers(0, 17, (timesteps, n, *case.shape))
    return (drawn / 16).astype(np.float32)


class Residual(nn.Module):
    """Two matrices with neurons; what the first population fires goes past the second matrix too."""

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__()
        self.first, self.fire, self.second, self.again, *rest = modules
        self.rest = nn.Sequential(*rest)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spikes = self.fire(self.first(x))
        return self.rest(self.again(self.second(spikes) + spikes))


class _Maker:
    """What the frameworks share: torch's weights, drawn alike."""

    gain = 1.0

    def __init__(self, case: Case) -> None:
        self.case = case

    def modules(self) -> list[nn.Module]:
        return [self.weights(spec) or self.special(spec) for spec in self.case.layers]

    def weights(self, spec: Any) -> nn.Module | None:
        if isinstance(spec, Fc):
            return self.drawn(nn.Linear(spec.inputs, spec.outputs, spec.bias))
        if isinstance(spec, Conv):
            padding = (spec.kernel[0] // 2, spec.kernel[1] // 2)
            return self.drawn(
                nn.Conv2d(spec.inputs, spec.outputs, spec.kernel, spec.stride, padding, groups=spec.groups)
            )
        if isinstance(spec, Conv1d):
            return self.drawn(nn.Conv1d(spec.inputs, spec.outputs, spec.kernel, padding=spec.kernel // 2))
        return None

    def drawn(self, module: nn.Module) -> nn.Module:
        """Draw weights that make neurons fire; the last matrix is drawn likewise."""
        fan = module.weight[0].numel()
        with torch.no_grad():
            module.weight.copy_(torch.randn_like(module.weight) * 2.0 / fan**0.5 * self.gain)
            if module.bias is not None:
                module.bias.copy_(torch.randn_like(module.bias) * 0.2 * self.gain)
        return module

    def special(self, spec: Any) -> nn.Module:
        if isinstance(spec, Pool):
            return nn.AvgPool2d(spec.window, spec.window)
        if isinstance(spec, Flatten):
            return nn.Flatten()
        raise NotImplementedError(f"no {type(spec).__name__}")


class _Snntorch(_Maker):
    def special(self, spec: Any) -> nn.Module:
        mechanism = {"mechanism": self.case.reset.partition("_")[0]}["mechanism"]
        late = self.case.reset == "subtract_next"
        settings = {"init_hidden": True, "reset_mechanism": mechanism, "reset_delay": late}
        if isinstance(spec, Neurons):
            beta = torch.full(spec.shape, 1.0 - self.case.leak)
            return snntorch.Leaky(
                beta=beta, threshold=torch.full(spec.shape, self.case.threshold), **settings
            )
        if isinstance(spec, Recurrent):
            n = spec.neurons
            module = snntorch.RLeaky(
                beta=1.0 - self.case.leak, linear_features=n, threshold=self.case.threshold, **settings
            )
            self.drawn(module.recurrent)
            return module
        return super().special(spec)

    def built(self) -> Built:
        made = self.modules()
        net = Residual(made) if self.case.residual else nn.Sequential(*made)

        def run(x: np.ndarray) -> np.ndarray:
            snn_utils.reset(net)
            with torch.no_grad():
                return torch.stack([net(frame) for frame in torch.from_numpy(x)]).numpy()

        def written() -> nir.NIRGraph:
            snn_utils.reset(net)
            return quiet(lambda: snntorch_to_nir(net, torch.rand(1, *self.case.shape), ignore_dims=[0]))

        return Built(run, written, NirOptions(reset=self.case.reset))


class _Norse(_Maker):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.gain = 1.0 / case.leak if case.leak else 1.0

    def special(self, spec: Any) -> nn.Module:
        if self.case.reset == "subtract_next" or isinstance(spec, Recurrent):
            raise NotImplementedError("no such cell without a synapse's state")
        rate = torch.as_tensor(self.case.leak / 1e-3)
        threshold = torch.as_tensor(self.case.threshold)
        if isinstance(spec, Neurons) and self.case.leak:
            method = reset_value if self.case.reset == "zero" else reset_subtract
            return norse.LIFBoxCell(
                norse.LIFBoxParameters(tau_mem_inv=rate, v_th=threshold, reset_method=method)
            )
        if isinstance(spec, Neurons):
            if self.case.reset != "zero":
                raise NotImplementedError("IAFCell resets to a value alone")
            return norse.IAFCell(norse.IAFParameters(v_th=threshold))
        if isinstance(spec, Readout):
            return norse.LIBoxCell(norse.LIBoxParameters(tau_mem_inv=rate))
        return super().special(spec)

    def built(self) -> Built:
        if self.case.residual:
            raise NotImplementedError("a SequentialState is a chain")
        net = norse.SequentialState(*self.modules())

        def run(x: np.ndarray) -> np.ndarray:
            state, outputs = None, []
            with torch.no_grad():
                for frame in torch.from_numpy(x):
                    output, state = net(frame, state)
                    outputs.append(output)
            return torch.stack(outputs).numpy()

        def written() -> nir.NIRGraph:
            sample = (
                torch.rand(self.case.shape) if len(self.case.shape) == 1 else torch.rand(1, *self.case.shape)
            )
            graph: nir.NIRGraph = quiet(lambda: to_nir(net, sample))
            return graph

        return Built(run, written, NirOptions(reset=self.case.reset))


class _SpikingJelly(_Maker):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.gain = 1.0 / case.leak if case.leak else 1.0
        self.nodes: list[Any] = []

    def special(self, spec: Any) -> nn.Module:
        if self.case.reset == "subtract_next":
            raise NotImplementedError("a node subtracts at once")
        if isinstance(spec, (Neurons, Recurrent)):
            reset = 0.0 if self.case.reset == "zero" else None
            settings = {"v_threshold": self.case.threshold, "v_reset": reset}
            node = (
                neuron.LIFNode(1.0 / self.case.leak, **settings)
                if self.case.leak
                else neuron.IFNode(**settings)
            )
            self.nodes.append(node)
            if isinstance(spec, Neurons):
                return node
            return layer.LinearRecurrentContainer(node, spec.neurons, spec.neurons)
        if isinstance(spec, Readout):
            return neuron.NonSpikingLIFNode(1.0 / self.case.leak)
        return super().special(spec)

    def built(self) -> Built:
        made = self.modules()
        net = Residual(made) if self.case.residual else nn.Sequential(*made)

        def run(x: np.ndarray) -> np.ndarray:
            functional.reset_net(net)
            with torch.no_grad():
                outputs = torch.stack([net(frame) for frame in torch.from_numpy(x)]).numpy()
            functional.reset_net(net)
            return outputs

        def written() -> nir.NIRGraph:
            # it refuses to write a reset by subtraction: written as one to 0, whoever reads must be told
            for node in self.nodes:
                node.v_reset = 0.0
            try:
                return quiet(lambda: nir_exchange.export_to_nir(net.eval(), torch.rand(1, *self.case.shape)))
            finally:
                for node in self.nodes:
                    node.v_reset = 0.0 if self.case.reset == "zero" else None
                functional.reset_net(net)

        return Built(run, written, NirOptions(reset=self.case.reset))


def quiet(call: Callable[[], Any]) -> Any:
    """Return what a call returns; frameworks print, log and warn of their own names while they write and read."""
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            return call()
    finally:
        logging.disable(logging.NOTSET)


def mlp(*, last: bool = True, recurrent: bool = False, bias: bool = True, **settings: Any) -> Case:
    """Return 12 inputs, 20 neurons, 4 classes; ``last``: which fire."""
    hidden = Recurrent(20) if recurrent else Neurons((20,))
    layers = (Fc(12, 20, bias), hidden, Fc(20, 4, bias), *((Neurons((4,)),) if last else ()))
    return Case(layers, (12,), **settings)


CASES = {
    "LIF, reset to zero": mlp(),
    "LIF, reset by subtraction": mlp(reset="subtract"),
    "LIF, subtracted in the next timestep": mlp(reset="subtract_next"),
    "IF, reset to zero": mlp(leak=0.0),
    "IF, reset by subtraction": mlp(leak=0.0, reset="subtract"),
    "threshold of 0.75, leak of 1/4": mlp(leak=0.25, threshold=0.75),
    "Linear without bias": mlp(bias=False),
    "ends in a matrix": mlp(last=False),
    "ends in a leaky integrator": Case((Fc(12, 20), Neurons((20,)), Fc(20, 4), Readout(4)), (12,)),
    "recurrent": mlp(recurrent=True),
    "residual": Case(
        (Fc(12, 20), Neurons((20,)), Fc(20, 20), Neurons((20,)), Fc(20, 4), Neurons((4,))),
        (12,),
        threshold=0.5,
        residual=True,
    ),
    "Conv2d, stride 2": Case(
        (
            Conv(2, 6),
            Neurons((6, 6, 6)),
            Conv(6, 8, stride=2),
            Neurons((8, 3, 3)),
            Flatten(),
            Fc(72, 4),
            Neurons((4,)),
        ),
        (2, 6, 6),
    ),
    "Conv2d, 3 by 1": Case(
        (Conv(2, 6, (3, 1)), Neurons((6, 6, 6)), Flatten(), Fc(216, 4), Neurons((4,))), (2, 6, 6)
    ),
    "Conv2d, depthwise": Case(
        (
            Conv(2, 6),
            Neurons((6, 6, 6)),
            Conv(6, 6, groups=6),
            Neurons((6, 6, 6)),
            Flatten(),
            Fc(216, 4),
            Neurons((4,)),
        ),
        (2, 6, 6),
    ),
    "Conv1d": Case((Conv1d(2, 6), Neurons((6, 10)), Flatten(), Fc(60, 4), Neurons((4,))), (2, 10)),
    "AvgPool2d": Case(
        (Conv(2, 6), Neurons((6, 6, 6)), Pool((2, 2)), Flatten(), Fc(54, 4), Neurons((4,))), (2, 6, 6)
    ),
}
