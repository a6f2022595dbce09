"""One step of training on several cores: each works on a part of the batch of its own, on one thread.

Splitting each operation over the cores instead, as torch does by itself, has them wait for each other hundreds of times
a step, which costs two thirds of the speed where other programs run on the same cores. The parts do not depend on the
number of cores, so the result does not either.
"""

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]  # net, pictures, targets -> loss


class Parts:
    """Copies of a net that share its weights, each with its own gradients and running statistics. Close them."""

    def __init__(self, net: nn.Module, loss: Loss, parts: int, threads: int) -> None:
        self._net, self._loss = net, loss
        self._copies = [copy.deepcopy(net) for _ in range(parts)]
        for part in self._copies:
            for mine, whole in zip(part.parameters(), net.parameters(), strict=True):
                mine.data = whole.data
        self._pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def gradients(self, pictures: Tensor, targets: Tensor) -> float:
        """Put the gradient of the mean loss into the net, with its running statistics; gives the mean loss."""
        count = len(self._copies)
        chunks = zip(self._copies, pictures.chunk(count), targets.chunk(count), strict=False)
        used = [(part, self._pool.submit(self._work, part, x, target)) for part, x, target in chunks]
        losses = [future.result() for _, future in used]
        copies = [part for part, _ in used]
        for whole, *mine in zip(self._net.parameters(), *(part.parameters() for part in copies), strict=True):
            whole.grad = mean([weight.grad for weight in mine])
        for whole, *mine in zip(self._net.buffers(), *(part.buffers() for part in copies), strict=True):
            whole.copy_(mean(mine) if whole.is_floating_point() else mine[0])
        return sum(losses) / len(losses)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _work(self, part: nn.Module, pictures: Tensor, targets: Tensor) -> float:
        for mine, whole in zip(part.buffers(), self._net.buffers(), strict=True):
            mine.copy_(whole)
        part.train()
        part.zero_grad(set_to_none=True)
        loss = self._loss(part, pictures, targets)
        torch.autograd.backward(loss)
        return float(loss.detach())


def mean(tensors: Sequence[Tensor]) -> Tensor:
    """Summed from first to last, so that the rounding is always the same."""
    total = tensors[0].clone()
    for tensor in tensors[1:]:
        total += tensor
    return total / len(tensors)
