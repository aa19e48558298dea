"""Linear algebra: torch.linalg's names. Matrices are the last two axes; the axes before them are batches.

Every function is differentiable to any order where its result is. The formulas stand in the functions' docstrings.

Example:
    >>> A = chainrule.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> chainrule.linalg.solve(A, chainrule.tensor([1.0, 1.0]))
    tensor([0.5000, 0.2500])
"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import _core
from ._legacy import finfo

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

LinAlgError = _core._LinAlgError


class CholeskyEx(NamedTuple):
    """What cholesky_ex() returns."""

    L: _core.Tensor
    info: _core.Tensor


def cholesky_ex(A: _core.Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> CholeskyEx:
    """Cholesky decomposition that says which matrices are not positive definite, rather than raise.

    Args:
        A: [..., n, n], symmetric; one triangle is read.
        upper: A = U^T U rather than L L^T.
        check_errors: raise after all.
        out: a pair of tensors that take the results.

    Returns:
        L: the factors; NaN where there is none, which has no gradient.
        info: int32 of shape [...]: 0, or the order of the first leading minor that is not positive.

    Raises:
        RuntimeError: with check_errors, for a matrix that is not positive definite.

    Example:
        >>> chainrule.linalg.cholesky_ex(chainrule.tensor([[4.0, 2.0], [2.0, 1.0]])).info
        tensor(2, dtype=chainrule.int32)

    Source: PyTorch, torch.linalg.cholesky_ex.
    """
    try:
        L = cholesky(A, upper=upper)
        info = _core.zeros(A.shape[:-2], dtype=_core.int32)
    except LinAlgError:
        if check_errors:
            raise
        matrices = A.reshape(-1, *A.shape[-2:]).unbind()
        orders = [_minor_that_fails(matrix.detach(), upper) for matrix in matrices]
        factors = [
            _core.full_like(matrix, float("nan")) if order else cholesky(matrix, upper=upper)
            for matrix, order in zip(matrices, orders)
        ]
        L = _core.stack(factors).reshape(A.shape)
        info = _core.tensor(orders, dtype=_core.int32).reshape(A.shape[:-2])
    if out is None:
        return CholeskyEx(L, info)
    return CholeskyEx(_core.clone(L, out=out[0]), _core.clone(info, out=out[1]))


def matrix_rank(
    A: _core.Tensor, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False, out: Any = None
) -> _core.Tensor:
    tol = atol if tol is None else tol
    if not isinstance(tol, _core.Tensor) and not isinstance(rtol, _core.Tensor):
        rank = _core.linalg_matrix_rank(A, atol=tol, rtol=rtol, hermitian=hermitian)
        return rank if out is None else _core.clone(rank, out=out)
    # Bounds of their own for each matrix.
    values = eigvalsh(A).abs() if hermitian else svdvals(A)
    above = _core.as_tensor(0.0 if tol is None else tol, dtype=values.dtype)
    if rtol is None:
        rtol = _core.where(above > 0, 0.0, max(A.shape[-2:]) * finfo(A.dtype).eps)
    largest = values.amax(-1) if values.shape[-1] else values.sum(-1)
    bound = _core.maximum(above, _core.as_tensor(rtol, dtype=values.dtype) * largest)
    rank = (values > bound.unsqueeze(-1)).sum(-1)
    return rank if out is None else _core.clone(rank, out=out)


matrix_rank.__doc__ = _core.linalg_matrix_rank.__doc__


class InvEx(NamedTuple):
    """What inv_ex() returns."""

    inverse: _core.Tensor
    info: _core.Tensor


def inv_ex(A: _core.Tensor, *, check_errors: bool = False, out: Any = None) -> InvEx:
    """The inverse, and which matrices have none, rather than an error.

    Args:
        A: [..., n, n].
        check_errors: raise after all.
        out: a pair of tensors that take the results.

    Returns:
        inverse: NaN where there is none, which has no gradient.
        info: int32 of shape [...]: 0, or the number, from 1, of the first pivot of the LU decomposition that is 0.

    Raises:
        RuntimeError: with check_errors, for a matrix that has no inverse.

    Example:
        >>> chainrule.linalg.inv_ex(chainrule.zeros(2, 2)).info
        tensor(1, dtype=chainrule.int32)

    Source: PyTorch, torch.linalg.inv_ex.
    """
    try:
        inverse = inv(A)
        info = _core.zeros(A.shape[:-2], dtype=_core.int32)
    except LinAlgError:
        if check_errors:
            raise
        info = _first_zero_pivot(A.detach())
        identity = _core.eye(A.shape[-1], dtype=A.dtype)
        regular = (info == 0).unsqueeze(-1).unsqueeze(-1)
        inverse = inv(_core.where(regular, A, identity)).masked_fill(~regular, float("nan"))
    if out is None:
        return InvEx(inverse, info)
    return InvEx(_core.clone(inverse, out=out[0]), _core.clone(info, out=out[1]))


class SolveEx(NamedTuple):
    """What solve_ex() returns."""

    result: _core.Tensor
    info: _core.Tensor


def solve_ex(
    A: _core.Tensor, B: _core.Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None
) -> SolveEx:
    """The solution of A X = B, and which matrices have none, rather than an error.

    Args:
        A, B, left: as in solve().
        check_errors: raise after all.
        out: a pair of tensors that take the results.

    Returns:
        result: NaN where A has no inverse, which has no gradient.
        info: as in inv_ex().

    Example:
        >>> chainrule.linalg.solve_ex(chainrule.eye(2), chainrule.ones(2))
        SolveEx(result=tensor([1., 1.]), info=tensor(0, dtype=chainrule.int32))

    Source: PyTorch, torch.linalg.solve_ex.
    """
    try:
        result = solve(A, B, left=left)
        info = _core.zeros(A.shape[:-2], dtype=_core.int32)
    except LinAlgError:
        if check_errors:
            raise
        info = _first_zero_pivot(A.detach())
        regular = (info == 0).unsqueeze(-1).unsqueeze(-1)
        result = solve(_core.where(regular, A, _core.eye(A.shape[-1], dtype=A.dtype)), B, left=left)
        vectors = result.dim() == regular.dim() - 1
        result = result.masked_fill(~(regular.squeeze(-1) if vectors else regular), float("nan"))
    if out is None:
        return SolveEx(result, info)
    return SolveEx(_core.clone(result, out=out[0]), _core.clone(info, out=out[1]))


class LUFactorEx(NamedTuple):
    """What lu_factor_ex() returns."""

    LU: _core.Tensor
    pivots: _core.Tensor
    info: _core.Tensor


def lu_factor_ex(A: _core.Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> LUFactorEx:
    """lu_factor(), and which matrices have a 0 on the diagonal of U, rather than an error.

    Args:
        A: [..., m, n].
        pivot: True.
        check_errors: raise after all.
        out: three tensors that take the results.

    Returns:
        LU, pivots: as of lu_factor().
        info: int32 of shape [...]: 0, or the number, from 1, of the first pivot that is 0.

    Raises:
        RuntimeError: with check_errors, for a matrix with a pivot of 0.

    Example:
        >>> chainrule.linalg.lu_factor_ex(chainrule.zeros(2, 2)).info
        tensor(1, dtype=chainrule.int32)

    Source: PyTorch, torch.linalg.lu_factor_ex.
    """
    if check_errors:
        lu_factor(A, pivot=pivot)
    found = _core.lu(A, pivot, True)
    return LUFactorEx(*(found if out is None else [_core.clone(x, out=y) for x, y in zip(found, out, strict=True)]))


def _first_zero_pivot(A: _core.Tensor) -> _core.Tensor:
    """For each matrix the number, from 1, of the first 0 on the diagonal of U in A = P L U; 0 if there is none."""
    zero = lu(A)[2].diagonal(0, -2, -1) == 0
    return _core.where(zero.any(-1), zero.to(_core.uint8).argmax(-1) + 1, 0).to(_core.int32)


def _minor_that_fails(matrix: _core.Tensor, upper: bool) -> int:
    """The order of the first leading minor without a factor, by bisection; 0 if all have one."""
    low, high = 0, matrix.shape[0] + 1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            cholesky(matrix[:middle, :middle], upper=upper)
            low = middle
        except LinAlgError:
            high = middle
    return high if high <= matrix.shape[0] else 0
