"""Graph convolution: who sided with whom when a karate club fell out, learned from its two leaders.

    H1 = tanh(A W1) [34, 8]  ->  H2 = tanh(A H1 W2) [34, 8]  ->  scores = A H2 W3 [34, 2]
    A = D^-1/2 (I + friendships) D^-1/2, a sparse matrix, where D is the number of a member's friends, himself counted

Zachary watched the 34 members of a club for two years and noted the 78 pairs who met outside it; then a quarrel about
the fees split it between instructor and administrator. The net is told only where these two stand: each layer hands
every member a mean of his friends' values, so that the two labels spread along the friendships. It places 31 of the
other 32 right, all but member 9, of whom Zachary's own analysis was wrong too: he stood with the administrator, but was
three weeks from his black belt and stayed with the instructor for it.
Kipf and Welling, "Semi-supervised classification with graph convolutional networks", ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress

# Zachary, "An information flow model for conflict and fission in small groups", 1977: member -> friends further on.
FRIENDS = {
    0: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31], 1: [2, 3, 7, 13, 17, 19, 21, 30],
    2: [3, 7, 8, 9, 13, 27, 28, 32], 3: [7, 12, 13], 4: [6, 10], 5: [6, 10, 16], 6: [16], 8: [30, 32, 33], 9: [33],
    13: [33], 14: [32, 33], 15: [32, 33], 18: [32, 33], 19: [33], 20: [32, 33], 22: [32, 33],
    23: [25, 27, 29, 32, 33], 24: [25, 27, 31], 25: [31], 26: [29, 33], 27: [33], 28: [31, 33], 29: [32, 33],
    30: [32, 33], 31: [32, 33], 32: [33],
}  # fmt: skip
INSTRUCTOR, ADMINISTRATOR = 0, 33
WITH_INSTRUCTOR = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]
EDGES = cr.tensor([[a, b] for a, friends in FRIENDS.items() for b in friends]).t()
MEMBERS = 34
FACTION = cr.tensor([int(member not in WITH_INSTRUCTOR) for member in range(MEMBERS)])


def normalized(edges: Tensor) -> Any:
    """D^-1/2 (I + friendships) D^-1/2 as a sparse matrix."""
    itself = cr.arange(MEMBERS).expand(2, MEMBERS)
    places = cr.cat([edges, edges.flip(0), itself], dim=1)
    size = (MEMBERS, MEMBERS)
    friends = cr.sparse.sum(cr.sparse_coo_tensor(places, cr.ones(places.shape[1]), size), 1).to_dense()
    return cr.sparse_coo_tensor(places, (friends[places[0]] * friends[places[1]]).rsqrt(), size).coalesce()


class GraphNet(nn.Module):
    def __init__(self, matrix: Any, hidden: int) -> None:
        super().__init__()
        self.matrix = matrix
        self.first = nn.Linear(MEMBERS, hidden, bias=False)  # member i is known by the i-th unit vector alone
        self.second = nn.Linear(hidden, hidden, bias=False)
        self.third = nn.Linear(hidden, 2, bias=False)

    def forward(self) -> Tensor:
        """The two scores of each member."""
        values = cr.tanh(self.matrix @ self.first.weight.t())
        values = cr.tanh(self.matrix @ self.second(values))
        return self.matrix @ self.third(values)


def layout(steps: int = 400) -> Tensor:
    """Places in the plane whose distances are those along the graph, as far as they can be (Kamada and Kawai, 1989)."""
    near = cr.zeros(MEMBERS, MEMBERS).index_put((EDGES[0], EDGES[1]), cr.ones(EDGES.shape[1]))
    near = near + near.t()
    apart, reached = cr.zeros(MEMBERS, MEMBERS), cr.eye(MEMBERS)
    for _ in range(5):  # the club's diameter
        apart, reached = apart + (reached == 0), ((reached @ near + reached) > 0).float()
    angle = 6.2832 * cr.arange(MEMBERS) / MEMBERS
    places = (2 * cr.stack([angle.cos(), angle.sin()], 1)).requires_grad_()
    optimizer: Any = cr.optim.Adam([places], lr=0.05)
    pairs = cr.triu(cr.ones(MEMBERS, MEMBERS), 1) > 0
    for _ in range(steps):
        difference = (places.unsqueeze(1) - places.unsqueeze(0))[pairs]
        stress = ((difference.square().sum(1).sqrt() / apart[pairs] - 1) ** 2).sum()
        optimizer.zero_grad()
        stress.backward()
        optimizer.step()
    return places.detach()


def draw(course: Tensor, path: str) -> None:
    """The club, coloured by what the net thinks; and how it came to think so."""
    figure = _plot.new_figure(14, 6.4, "A graph convolution net is told where two members of a club stand")
    club, way = figure.subplots(1, 2, width_ratios=[1.25, 1])
    places = layout()
    for pair in EDGES.t():
        club.plot(*places[pair].t().numpy(), color="0.8", lw=0.8, zorder=0)
    for member in range(MEMBERS):
        side = (_plot.BLUE, _plot.ORANGE)[int(FACTION[member])]
        leads = member in (INSTRUCTOR, ADMINISTRATOR)
        place, share = places[member].tolist(), float(course[-1, member])
        look = {"s": 420 if leads else 200, "marker": "s" if leads else "o", "edgecolors": side}
        club.scatter(
            *place, c=[2 * share - 1], cmap=_plot.blue_to_orange(), vmin=-1.4, vmax=1.4, linewidths=2.5, **look
        )
        club.annotate(str(member + 1), place, ha="center", va="center", fontsize=8)
        way.plot(range(1, len(course) + 1), course[:, member].numpy(), color=side, lw=2.5 if leads else 0.9)
        wrong = (share > 0.5) != bool(FACTION[member])
        if leads or wrong or abs(share - 0.5) < 0.3:
            way.annotate(f" {member + 1}", (len(course), share), va="center", fontsize=8)
    club.set_title("the club: squares were told, the fill is what the net says, the rim the side taken", fontsize=10)
    club.set_axis_off()
    way.set_title("each member while the net learns (blue stayed with the instructor)", fontsize=10)
    way.set(xlabel="training step", ylabel="probability of the administrator's side", ylim=(0, 1))
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "gcn",
        __doc__,
        argv,
        steps=(60, "training steps"),
        hidden=(8, "values of a member behind the first layer"),
        lr=(0.02, "Adam's learning rate"),
    )
    model = GraphNet(normalized(EDGES), args.hidden)
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)
    told = cr.tensor([INSTRUCTOR, ADMINISTRATOR])
    course = []
    bar = progress(range(args.steps))
    for _ in bar:
        loss = nn.functional.cross_entropy(model()[told], FACTION[told])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with cr.no_grad():
            course.append(model().softmax(1)[:, 1])
        bar.set_postfix_str(f"loss {loss.item():.4f}")
    right = (course[-1] > 0.5) == (FACTION == 1)
    others = int(right.sum()) - int(right[told].sum())
    wrong = ", ".join(str(member + 1) for member in range(MEMBERS) if not right[member])
    print(f"loss {loss.item():.1e} on the two leaders")
    print(f"{others} of 32 other members placed on the side that they took; wrong about: {wrong or 'nobody'}")
    if args.plot:
        draw(cr.stack(course), args.plot)


if __name__ == "__main__":
    main()
