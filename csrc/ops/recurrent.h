// Recurrent layers in one direction, each one operation over the whole sequence.
#pragma once

#include <vector>

#include "autograd/op_def.h"
#include "kernels/kernels.h"

namespace chainrule {

using kernels::Recurrent;

struct RecurrentWeights {
    Tensor w_ih, w_hh, b_ih, b_hh, w_hr;  // the last three may be undefined
};

// x: [T, N, F], or packed [rows, F] with batch_sizes (int64, not rising; else undefined). h0 [N, P] and c0 [N, H] may be
// undefined: zeros. Returns the h of all steps, x's leading axes with P, and for the LSTM the c of all steps [rows, H].
struct RecurrentResult {
    Tensor h, c;
};
RecurrentResult recurrent_layer(Recurrent kind, const Tensor& x, const Tensor& batch_sizes, const Tensor& h0,
                                const Tensor& c0, const RecurrentWeights& weights, bool reverse);
// One step: x [N, F] to h [N, P] and, for the LSTM, c [N, H].
RecurrentResult recurrent_cell(Recurrent kind, const Tensor& x, const Tensor& h0, const Tensor& c0,
                               const RecurrentWeights& weights);

int64_t gate_count(Recurrent kind);  // rows of the weights for each hidden unit

}  // namespace chainrule
