"""How large a k does MovieLens need."""

from ..exercise import Experiment

exercise = Experiment(
    title="How large a k does MovieLens need",
    spec=r"""Does FM with $k = 16$ beat FM with $k = 4$ on MovieLens with popularity-matched negatives?
Compare them by the best validation AUC; the test part stays unseen. You may vary the number of negatives
per positive instead (`n_negatives`).""",
    scaffold='''# def auc_of(k, seed):
#     tables = movielens("popularity", seed=seed)
#     encoder = Encoder(movielens_fields()).fit(tables.train)
#     train, valid = encoder.transform(tables.train), encoder.transform(tables.valid)
#     config = TrainConfig(lr=1e-2, l2_embedding=1e-3, epochs=4, batch_size=4096, seed=seed)
#     return fit(FM(encoder.n_features, k, seed=seed), train, valid, config, progress=False).best_value
# a_minus_b = [auc_of(4, seed) - auc_of(16, seed) for seed in range(3)]

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="FM k=4", b="FM k=16", differences=a_minus_b, seeds=range(3),
    metric="validation AUC", setting={"negatives": "popularity", "lr": 0.01, "l2": 0.001, "epochs": 4}, conclusion=TODO,
);''',
    metrics={"validation AUC": True},
    rubric=(
        """It reports one comparison, three seeds or more, the interval, and a conclusion that the interval
carries. It says the size of the difference in AUC, and that it holds for this setting.""",
        """It also says what the seed changes here (negatives, split, start, order of the rows), so the interval
speaks about all of these, but not about other users or movies. It says that learning rate and L2 were
chosen for k = 16, and gives k = 4 a small search of its own on the validation part.""",
        """It also separates the causes: a larger k may need fewer epochs or more L2, so it looks at the learning
curves of both. If it varies the negatives, it notes that the validation rows change with them, so that
two AUCs on different negatives are answers to different questions; a fair comparison scores both models
on the same validation rows. It names beforehand how small a difference it would not care about.""",
    ),
)
