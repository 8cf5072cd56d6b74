"""One field less: who loses more."""

from ..exercise import Experiment

exercise = Experiment(
    title="One field less: who loses more",
    spec=r"""Leave out one field of MovieLens and train again: who loses more AUC, FM or NFM? The metric is
the AUC that a model loses, with all fields minus without the one, on the validation part; lower is better.
The cell leaves out the genres.""",
    scaffold='''# def lost(name, seed, left_out="genres"):
#     frames, found = [f[f["user"] % 3 == 0] for f in data.movielens(negatives="uniform", seed=seed)], []
#     for fields in (data.movielens_fields(), [f for f in data.movielens_fields() if f.name != left_out]):
#         own, (rate, l2, epochs) = Encoder(fields).fit(frames[0]), TUNED["uniform"][name]
#         config = TrainConfig(lr=rate, l2_embedding=l2, epochs=epochs, patience=None, batch_size=4096, seed=seed)
#         net = FM(own.n_features, seed=seed) if name == "FM" else NFM(own.n_features, batch_norm=False, seed=seed)
#         found.append(fit(net, *map(own.transform, frames[:2]), config, progress=False).best_value)
#     return found[0] - found[1]
# a_minus_b = [lost("FM", seed) - lost("NFM", seed) for seed in range(3)]

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="FM", b="NFM", differences=a_minus_b, seeds=range(3),
    metric="AUC lost", setting={"left out": "genres", "negatives": "uniform", "users": "every third"}, conclusion=TODO,
);''',
    metrics={"AUC lost": False},
    rubric=(
        """It says that each number is a difference of differences: what FM loses minus what NFM loses. It reports
the interval and the conclusion that it carries, and the two losses themselves, since "who loses more"
means little if neither loses anything.""",
        """It also tries a second field, and says that this makes two intervals, of which one may leave 0 by
chance. It says that both models kept the settings that were chosen with all fields, and that a model
whose best setting moves would look as if it lost more.""",
        """It also explains what it expects and why: other fields may stand for the one that is gone (a user nearly
fixes the year), and crossings of three features can need a field that pairs do not. It checks that on
the planted data of section 5.1, where the truth is known: leaving out f6 takes the third-order term
away, which FM never had. And it names the size of a difference that it would not care about.""",
    ),
)
