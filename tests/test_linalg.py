"""Linear algebra at the edges: what the rows of the table, compared with PyTorch, do not show."""

import chainrule as cr


def test_condition_of_a_matrix_whose_determinant_underflows():
    a = cr.eye(120) * 1e-3
    assert cr.linalg.det(a).item() == 0
    assert abs(cr.linalg.cond(a, 1).item() - 1) < 1e-5
    assert abs(cr.linalg.cond(a, "fro").item() - 120) < 1e-3
    assert cr.linalg.cond(cr.ones(2, 2), 1).item() == float("inf")
