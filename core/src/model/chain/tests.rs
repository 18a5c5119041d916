use super::*;
use crate::dist::Markov;
use crate::numbers::dual::{Dual, Lanes};
use crate::testing::{Function, check_gradient};

/// Two states: the probabilities of the first, of a step from each, and three entries' ln p(D_t | k).
struct OfAll;

impl Function for OfAll {
    fn call<N: Number>(&self, x: &[Real<N>]) -> Real<N> {
        let dist = Markov([x[0], 1.0 - x[0]], [[x[1], 1.0 - x[1]], [x[2], 1.0 - x[2]]]);
        Chain { len: 3, dist }.ln_total(&x[3..])
    }
}

/// The same where probabilities are constants, one of them 0.
struct OfData;

impl Function for OfData {
    fn call<N: Number>(&self, x: &[Real<N>]) -> Real<N> {
        let dist = Markov([0.3, 0.7], [[0.0, 1.0], [0.4, 0.6]]);
        Chain { len: 3, dist }.ln_total(x)
    }
}

const LN_DENSITIES: [f64; 6] = [-1.2, -0.3, -2.0, -0.1, 0.4, -1.5];

#[test]
fn derivatives_agree_with_differences() {
    check_gradient("all", &OfAll, &[&[0.3, 0.8, 0.25][..], &LN_DENSITIES].concat());
    check_gradient("data", &OfData, &LN_DENSITIES);
}

/// By hand: no entry has nothing to say, and one is a mixture.
#[test]
fn short_chains_are_no_exception() {
    let dist = Markov([0.3, 0.7], [[0.5, 0.5], [0.5, 0.5]]);
    let empty: Real<Dual<1>> = Chain { len: 0, dist }.ln_total(&[]);
    assert_eq!(empty, Real::constant(0.0));
    let own = [Real(Dual::<1>::variable(-1.0, 0)), Real(Dual::constant(-2.0))];
    let one = Chain { len: 1, dist }.ln_total(&own);
    let terms = [0.3 * (-1.0_f64).exp(), 0.7 * (-2.0_f64).exp()];
    assert!((one.value() - (terms[0] + terms[1]).ln()).abs() < 1e-15);
    assert!((one.0.partials()[0] - terms[0] / (terms[0] + terms[1])).abs() < 1e-15);
}
