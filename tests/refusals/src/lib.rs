//! No code: the cases are in `tests/compile_fail`.
