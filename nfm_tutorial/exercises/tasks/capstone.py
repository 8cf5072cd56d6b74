"""The capstone: a fair comparison of FM, DeepFM and NFM on data of your own."""

from ..exercise import Experiment

exercise = Experiment(
    title="Capstone: a fair comparison of your own",
    spec=r"""Compare FM, DeepFM and NFM on a CSV of yours, or on the shipped ratings with another question, and write a
page of findings. Change the template of section 6.9 and fill in the page below it. Every model gets the same
search, on validation rows only. Use several seeds, report paired intervals, and open the test rows once. Report one row
for each pair of models; the cell has the first. It takes half a day.""",
    scaffold="""# a_minus_b = [test_scores["NFM"][seed] - test_scores["FM"][seed] for seed in range(3)]  # of 6.9

a_minus_b = TODO  # the metric of A minus that of B, one number per seed
report(
    "{id}", a="NFM", b="FM", differences=a_minus_b, seeds=range(3), metric="test AUC",
    setting={"data": "shipped ratings, a tenth of the users per seed", "rates searched": 5}, conclusion=TODO,
);""",
    metrics={"test AUC": True, "test log loss": False, "test RMSE": False, "test NDCG@10": True, "test HR@10": True},
    rubric=(
        """The page names the question, the data and the metric before the result. It has the constant prediction as
first row, FM, DeepFM and NFM with an equal search on validation rows, three seeds or more, a paired interval for each
pair of models, and conclusions that the intervals carry. "No difference" is a full result. It says that the test rows
were opened once, after everything was chosen.""",
        """It also says what a row is, what was known when it was logged, and how the rows were split and why (by time,
unless there is a reason). It checks for leaks: a column that is known only after the label, negatives that could not
have been shown, rows of the same moment in two parts. It says what the seed changes and what it leaves
alone, so of what the intervals speak. No chosen rate lies on an edge of the search; where one did, the search was
widened for all models alike. It shows the share of unknown values and the metric on them apart from the
rest. It reports calibration where probabilities are used.""",
        """It also explains the result by what the models can and cannot represent, and tests the explanation: a field
less, a crossing that is planted, known users against new ones. It counts its intervals and says how many would leave
zero by chance. It names beforehand the smallest difference that would change a decision, and compares the interval
with that and not only with zero. It compares with a strong simple rival (popularity, or last month's mean), gives the
cost of each model, and ends with what would change its mind. Somebody else can run it again from the page.""",
    ),
)
