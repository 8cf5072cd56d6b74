"""Where to put the dropout in NFM."""

from ..exercise import Experiment

exercise = Experiment(
    title="Where to put the dropout in NFM",
    spec=r"""On the planted data dropout of 0.3 earned nothing. MovieLens has rare features. Where does dropout do
more for NFM there: after Bi-Interaction (`dropout_bi`) or in the hidden layer (`dropout_hidden`)? Compare the same
share in either place by the best validation AUC, or by the log loss.""",
    scaffold='''# from nfm_tutorial.data import movielens, movielens_fields
# movie_tables = movielens(n_negatives=1, seed=0)
# movie_encoder = Encoder(movielens_fields()).fit(movie_tables.train)
# movie_train, movie_valid, _ = (movie_encoder.transform(part) for part in movie_tables)
# def auc_of(seed, **where):
#     model = NFM(movie_train.n_features, k=16, hidden=(64,), batch_norm=False, seed=seed, **where)
#     config = TrainConfig(lr=0.02, epochs=4, patience=1, batch_size=4096, seed=seed)  # monitor="logloss" for the other
#     return fit(model, movie_train, movie_valid, config, progress=False).best_value
# a_minus_b = [auc_of(seed, dropout_bi=0.3) - auc_of(seed, dropout_hidden=0.3) for seed in range(3)]

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="dropout_bi=0.3", b="dropout_hidden=0.3", differences=a_minus_b, seeds=range(3),
    metric="validation AUC", setting={"k": 16, "hidden": 64, "lr": 0.02, "epochs": 4}, conclusion=TODO,
);''',
    metrics={"validation AUC": True, "validation log loss": False},
    rubric=(
        """It reports the comparison with an interval and draws the conclusion that it carries. It also reports NFM
without any dropout: if neither place beats that, the question where to put it has lost its point on
this data.""",
        """It also says that the same share is not the same strength: one place has 16 entries, the other 64, and
dropping an entry of f_BI hides one coordinate of all crossings at once. So it tries two or three shares
in each place and compares the best of each, chosen on validation.""",
        """It also looks at the best epochs: dropout slows learning, so four epochs may be too few for one place,
and the result may be about the stop. It says that the split is the same in all runs, that a choice of
the best share on the same validation rows favours the place with more trials, and what would change its
mind: such as another sign with a new split.""",
    ),
)
