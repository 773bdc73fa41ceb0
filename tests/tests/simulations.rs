//! The results that the simulations must show, with the figures of the literature or of the formulas beside
//! them. They run the engine, with policies, budgets and breakers as users have them: a jitter that
//! does not spread, a budget that lets too much through or a breaker that does not close fails here.

mod simulations {
    mod contention;
    mod layers;
    mod load;
    mod overload;
}
