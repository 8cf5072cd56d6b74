"""Serial or parallel, with equal numbers of parameters."""

from ..exercise import Experiment

exercise = Experiment(
    title="Serial or parallel, with equal numbers of parameters",
    spec=r"""In section 4.7 DeepFM had more parameters than NFM. Give both the same number: with $k = 16$
and five fields, an NFM with one hidden layer of 82 and a DeepFM with one of 18 both have 1,476 more than
FM. Which is better by the best validation AUC?""",
    scaffold='''# def best(model, seed, **rates):
#     config = TrainConfig(**rates, epochs=7, patience=1, batch_size=4096, seed=seed)
#     return fit(model, train, valid, config, progress=False).best_value
# def difference(seed):
#     serial = NFM(size, k=16, hidden=(82,), batch_norm=False, seed=seed)
#     parallel = DeepFM(size, slots, k=16, hidden=(18,), seed=seed)
#     return best(serial, seed, lr=0.02) - best(parallel, seed, lr=0.01, l2_embedding=0.003)
# a_minus_b = [difference(seed) for seed in range(3)]

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="NFM (82,)", b="DeepFM (18,)", differences=a_minus_b, seeds=range(3),
    metric="validation AUC", setting={"k": 16, "epochs": 7, "batch": 4096}, conclusion=TODO,
);''',
    metrics={"validation AUC": True},
    rubric=(
        """It checks the two numbers of parameters by counting, reports the interval of three seeds, and draws the
conclusion that the interval carries. With three seeds the interval is wide, so "no difference" is a
likely and a respectable result.""",
        """It also says what equal numbers do not make equal: V holds nearly all parameters of both, the learning
rates were searched for layers of 64, and the layer of 18 reads 80 inputs while the layer of 82 reads
16. It repeats the comparison with new rates, chosen for each model from the same grid.""",
        """It also says what the experiment can and cannot tell about serial and parallel. The two models differ in
more than the place of the network: NFM's network reads sums of crossings, DeepFM's reads the embeddings
of each field. It names a comparison that isolates one of them, and a result that would change its mind,
such as the same sign at three sizes of the layer.""",
    ),
)
