"""Linear algebra: torch.linalg's names. Matrices are the last two axes; the axes before them are batches.

Every function is differentiable to any order where its result is. The formulas stand in the functions' docstrings.

Example:
    >>> A = chainrule.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> chainrule.linalg.solve(A, chainrule.tensor([1.0, 1.0]))
    tensor([0.5000, 0.2500])
"""

from __future__ import annotations

from . import _core

cholesky = _core.linalg_cholesky
cond = _core.linalg_cond
cross = _core.linalg_cross
det = _core.linalg_det
diagonal = _core.diagonal
eigh = _core.linalg_eigh
eigvalsh = _core.linalg_eigvalsh
householder_product = _core.linalg_householder_product
inv = _core.linalg_inv
lstsq = _core.linalg_lstsq
lu = _core.linalg_lu
lu_factor = _core.linalg_lu_factor
lu_solve = _core.linalg_lu_solve
matmul = _core.matmul
matrix_exp = _core.linalg_matrix_exp
matrix_norm = _core.linalg_matrix_norm
matrix_power = _core.linalg_matrix_power
matrix_rank = _core.linalg_matrix_rank
multi_dot = _core.linalg_multi_dot
norm = _core.linalg_norm
pinv = _core.linalg_pinv
qr = _core.linalg_qr
slogdet = _core.linalg_slogdet
solve = _core.linalg_solve
solve_triangular = _core.linalg_solve_triangular
svd = _core.linalg_svd
svdvals = _core.linalg_svdvals
tensorinv = _core.linalg_tensorinv
tensorsolve = _core.linalg_tensorsolve
vander = _core.linalg_vander
vecdot = _core.linalg_vecdot
vector_norm = _core.linalg_vector_norm

LinAlgError = RuntimeError
