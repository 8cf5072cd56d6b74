"""The hit rate HR@K, with ties counted against the model."""

from __future__ import annotations

from ..exercise import Exercise

exercise = Exercise(
    title="The hit rate, and ties",
    spec=r"""Write `hit_rate_at_k(scores, clicked, K)`: the share of users whose clicked candidate is among the first
$K$ when the candidates are sorted by score, the highest first. `scores` is `(U, C)`: one row per user, one column per
candidate. `clicked` is `(U,)` int64: the column of the one candidate that the user clicked. $K \ge 1$ may be larger
than $C$. **A tie counts against the model**: a candidate with the same score as the clicked one stands before it. So a
model that gives every candidate the same score has no hits while $K < C$.

Example: `scores = [[3, 1, 2], [1, 1, 0]]`, `clicked = [2, 0]` and `K = 1` give 0: the first user clicked the second of
the list, the second user's click has a tie. `K = 2` gives 1.""",
    stub='''def hit_rate_at_k(scores: Tensor, clicked: Tensor, K: int):
    """(U, C), (U,) -> a number"""
    return TODO''',
    hints=(
        "Do not sort. Count, for each user, how many other candidates have a score at least as high as the click's.",
        "own = scores.gather(1, clicked[:, None]); above = (scores >= own).sum(1) - 1; a hit is above < K.",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield draw.nonzero(1, 1), draw.whole(0, 1, 1), 1
    yield draw.rough(1, 3), draw.whole(1, 2, 1), 1
    yield draw.rough(4, 3), draw.whole(0, 3, 4), 2
    yield draw.whole(0, 2, 5, 4).double(), draw.whole(0, 4, 5), 2  # many ties
    yield draw.whole(0, 2, 8, 6).double(), draw.whole(0, 6, 8), 3
    yield draw.whole(0, 1, 4, 5).double(), draw.whole(0, 5, 4), 2  # nothing but ties
    for users, candidates, k in ((6, 5, 1), (7, 5, 3), (20, 10, 4), (16, 10, 12), (40, 20, 5)):
        yield draw.rough(users, candidates), draw.whole(0, candidates, users), k
    yield draw.real(30, 12), draw.whole(0, 12, 30), 3
    close = 7.0 + draw.rough(25, 6) / 5000  # that clipping to 5 and rounding to two decimals make ties
    yield close, draw.whole(0, 6, 25), 2


@exercise.oracle
def by_sorting(scores, clicked, K):
    hits = 0
    for row, own in zip(scores.tolist(), clicked.tolist()):
        order = sorted(range(len(row)), key=lambda c: (-row[c], c == own))  # the clicked one is the last of a tie
        hits += order.index(own) < K
    return hits / len(scores)


@exercise.example
def example():
    return ([[3, 1, 2], [1, 1, 0]], [2, 0], 2), 1


@exercise.right
def hit_rate_at_k(scores, clicked, K):
    own = scores.gather(1, clicked[:, None])  # (U, 1): the clicked candidate's score
    above = (scores >= own).sum(1) - 1  # (U,): others at least as high
    return (above < K).double().mean()


@exercise.right
def hit_rate_with_a_loop(scores, clicked, K):
    hits = 0
    for row, own in zip(scores.tolist(), clicked.tolist()):
        others = row[:own] + row[own + 1 :]
        hits += sum(score >= row[own] for score in others) < K
    return hits / len(scores)


exercise.slips("""
>= own).sum(1) - 1 -> > own).sum(1)
    You count a tie for the model: a candidate with the same score as the clicked one must stand before it.
    hint: Give all candidates the same score: how many hits should that model have?
>= own).sum(1) - 1 -> >= own).sum(1)
    You count the clicked candidate among those that stand before it.
>= own).sum(1) - 1 -> > own).sum(1) + 1
    Your rank counts from 1, and ties are missing: compare a rank that counts from 1 with <= K.
>= own).sum(1) - 1 -> <= own).sum(1) - 1
    You sort from the lowest score; the highest score comes first.
>= own).sum(1) - 1 -> < own).sum(1)
    You sort from the lowest score; the highest score comes first, and a tie counts against the model.
above < K -> above <= K
    You take one place too many: the clicked candidate is a hit if fewer than K others stand before it.
above < K -> above >= K
    You return the share of users without a hit.
above < K -> above == K - 1
    You count only clicks exactly at place K; every place up to K is a hit.
above < K -> above == 0
    You count only clicks at the first place, whatever K is.
.double().mean() -> .double().sum()
    You return the number of hits; the share of users is asked.
.double().mean() -> .double().mean() / K
    You divided by K as well: that is precision. HR@K is the share of users with a hit.
.double().mean() -> .double().sum() / scores.numel()
    You divided by the number of scores; divide by the number of users.
""")


@exercise.wrong
def first_of_a_tie(scores, clicked, K):
    """Of equal scores, your sort puts the candidate with the smaller column first. A tie must count against the model:
    otherwise a model that says nothing gets hits by the order of the table."""
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :K]
    return (order == clicked[:, None]).any(1).double().mean()


@exercise.wrong
def last_of_a_tie(scores, clicked, K):
    """Of equal scores, your sort puts the candidate with the larger column first. A tie must count against the model:
    otherwise a model that says nothing gets hits by the order of the table."""
    order = scores.argsort(dim=1, stable=True).flip(1)[:, :K]
    return (order == clicked[:, None]).any(1).double().mean()


@exercise.wrong
def some_of_a_tie(scores, clicked, K):
    """Of equal scores, topk takes some in an order of its own. A tie must count against the model: otherwise a model
    that says nothing gets hits by chance."""
    order = scores.topk(min(K, scores.shape[1]), dim=1).indices
    return (order == clicked[:, None]).any(1).double().mean()


@exercise.wrong
def first_column(scores, clicked, K):
    """You take the first column for the clicked one; `clicked` says which column it is."""
    return ((scores >= scores[:, :1]).sum(1) - 1 < K).double().mean()


@exercise.wrong
def clicked_as_a_place(scores, clicked, K):
    """You ask whether the column number of the click is below K; the place in the sorted list is asked."""
    return (clicked < K).double().mean()


@exercise.wrong
def discounted(scores, clicked, K):
    """You discount a hit by its rank: that is NDCG@K. For HR@K every hit counts 1."""
    above = (scores >= scores.gather(1, clicked[:, None])).sum(1) - 1
    return ((above < K) / (above + 2).double().log2()).mean()


@exercise.wrong
def reciprocal(scores, clicked, K):
    """You add 1 / rank: that is the mean reciprocal rank. For HR@K every hit counts 1."""
    above = (scores >= scores.gather(1, clicked[:, None])).sum(1) - 1
    return ((above < K) / (above + 1).double()).mean()
