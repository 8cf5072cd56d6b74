"""How fast FM fits: k or init_std."""

from ..exercise import Experiment

exercise = Experiment(
    title="How fast FM fits: k or init_std",
    spec=r"""What matters more for how fast FM learns XOR in section 1.10: the length $k$ of its vectors, or
`init_std`, the standard deviation of $V$ at the start (`MyFM` takes 0.05)? Compare two settings by the log
loss after 50 steps. The cell varies `init_std`; vary $k$ next, and compare the two rows of the table.
The report prints a 95 % interval for the mean difference, where the true mean plausibly lies: if it contains 0, these
seeds show no difference. Chapter 2 says more.""",
    scaffold='''# def loss_after(steps, k, init_std, seed):
#     model = MyFM(n_features=3, k=k, seed=seed).double()
#     model.V.data *= init_std / 0.05
#     for _ in range(steps + 1):
#         loss = F.binary_cross_entropy_with_logits(model(xor_ids, X), xor)
#         for p, gradient in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters()))):
#             p.data -= 2 * gradient
#     return loss.item()
# a_minus_b = [loss_after(50, 1, 0.05, seed) - loss_after(50, 1, 0.5, seed) for seed in range(10)]

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="init_std=0.05", b="init_std=0.5", differences=a_minus_b, seeds=range(10),
    metric="log loss", setting={"k": 1, "steps": 50, "rate": 2}, conclusion=TODO,
);''',
    metrics={"log loss": False},
    rubric=(
        """It reports both comparisons with the same seeds, and says for each what its interval allows: one setting
is better, or these seeds show no difference. It does not call a setting better because its mean is.""",
        """It also says why: while V is near 0 its gradient is (section 1.7), so both a larger start and more
coordinates give the pair term more to begin with. It asks whether the result depends on the 50 steps,
and looks at one smaller and one larger number.""",
        """It also makes the comparison fair. A factor of ten in init_std and a factor of ten in k are not the same
amount; the pair weight at the start has a standard deviation of init_std^2 times the root of k, so one
can compare settings in which that number is equal. And it names a result that would change its mind:
such as another learning rate at which the order turns around.""",
    ),
)
